"""Records of any bytes on either log, through tests/integration/log_tool.cc."""

import os
import struct
import subprocess
from collections import namedtuple
from pathlib import Path

TIMEOUT = 180
LogRecord = namedtuple("LogRecord", "partition offset key value headers")


def _run(action, topic, settings, stdin=b""):
    program = Path(os.environ["MILLRACE_BUILD"]) / "tests" / "log_tool"
    done = subprocess.run([str(program), action, topic, *(f"{k}={v}" for k, v in settings.items())],
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT)
    if done.returncode != 0:
        raise RuntimeError(f"log_tool {action} {topic}: {done.stderr.decode()[-2000:]}")
    return done.stdout


def _text(data):
    return struct.pack("<i", -1) if data is None else struct.pack("<i", len(data)) + data


def write_records(topic, records, settings):
    """`records` are pairs of key and value, bytes or None. Makes the topic, with `partitions` of
    settings (1); records go there in turn."""
    _run("write", topic, settings, b"".join(_text(k) + _text(v) for k, v in records))


def read_records(topic, settings):
    data = _run("read", topic, settings)
    at = 0

    def number(form):
        nonlocal at
        (value,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return value

    def text():
        nonlocal at
        size = number("<i")
        if size < 0:
            return None
        at += size
        return data[at - size:at]

    records = []
    while at < len(data):
        records.append(LogRecord(number("<i"), number("<q"), text(), text(),
                                 [(text().decode(), text()) for _ in range(number("<i"))]))
    return records
