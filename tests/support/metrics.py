"""Reading metrics: Prometheus' text of GET /metrics, and the beans of a Java worker."""

import re
import subprocess
from pathlib import Path

from kafka_broker import class_path

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(,|$)')
JMX_DUMP = Path(__file__).resolve().parents[1] / "oracle" / "JmxDump.java"


def parse_labels(text):
    labels = {}
    at = 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match:
            raise ValueError(f"labels {text!r} at {at}")
        value = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match[2])
        labels[match[1]] = value
        at = match.end()
    return frozenset(labels.items())


class Page:
    """One scrape; refuses what Prometheus would refuse."""

    def __init__(self, text):
        self.types = {}
        self.samples = {}  # (name, labels) -> value
        if not text.endswith("\n"):
            raise ValueError("the last line is not ended")
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                if name in self.types:
                    raise ValueError(f"{name} has two parts")
                self.types[name] = kind
            elif not line.startswith("#"):
                self.add(line)

    def add(self, line):
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        name, labels, value = match.groups()
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        if name not in self.types and self.types.get(family) != "histogram":
            raise ValueError(f"{name} has no type")
        key = (name, parse_labels(labels or ""))
        if key in self.samples:
            raise ValueError(f"twice: {line}")
        self.samples[key] = float(value)

    def get(self, name, **labels):
        """The value, or None."""
        return self.samples.get((name, frozenset((k, str(v)) for k, v in labels.items())))

    def of(self, name):
        """Values by labels."""
        return {labels: value for (one, labels), value in self.samples.items() if one == name}

    def find(self, name, **labels):
        """Labels of the samples that have all of these."""
        wanted = {(k, str(v)) for k, v in labels.items()}
        return [dict(found) for found in self.of(name) if wanted <= found]


def scrape(worker):
    reply = worker.rest.get("/metrics")
    if reply.status != 200:
        raise RuntimeError(f"{reply.status}: {reply.body}")
    return Page(reply.body)


def jmx_options(port):
    """For JAVA_TOOL_OPTIONS: open JMX on the loopback interface."""
    prefix = "-Dcom.sun.management.jmxremote"
    return " ".join([f"{prefix}.port={port}", f"{prefix}.rmi.port={port}",
                     f"{prefix}.authenticate=false", f"{prefix}.ssl=false",
                     f"{prefix}.host=127.0.0.1", "-Djava.rmi.server.hostname=127.0.0.1"])


def jmx_attributes(port, domain="kafka.connect"):
    """(type, labels, attribute) -> number or text."""
    out = subprocess.run(["java", "-cp", class_path(), str(JMX_DUMP), str(port), domain],
                         capture_output=True, text=True, timeout=60)
    if out.returncode != 0:
        raise RuntimeError("reading JMX: " + out.stderr)
    found = {}
    for line in out.stdout.splitlines():
        bean, attribute, kind, value = line.split("\t")
        tags = dict(tag.split("=", 1) for tag in bean.split(":", 1)[1].split(","))
        labels = frozenset((k, v.strip('"')) for k, v in tags.items() if k != "type")
        numeric = kind in ("Double", "Long", "Integer", "Float")
        found[(tags["type"], labels, attribute)] = float(value) if numeric else value
    return found
