"""The three topics of a cluster after the same life of connectors: what Kafka's worker leaves there, and ours.

The workers live one after the other, with the same names and files. Keys, values, headers, tombstones and
partitions are compared, in order; masked are ids of workers, generations, times, the session key, and the
order of a configuration's properties. README.md says what else may differ.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from collections import defaultdict, namedtuple
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

from flow import FlowTest, bootstrap, unique
from kafka_broker import class_path
from process import wait_until
from workers import Cluster, JavaMember, MillraceMember, file_sink, file_source

LIMIT = 60.0
SOURCE = Path(__file__).with_name("TopicDump.java")
KINDS = ("config", "offset", "status")
Record = namedtuple("Record", "partition offset key value headers")

UNASSIGNED = '"state":"UNASSIGNED"'
MASKS = [
    # Java's worker looks the version up after the work has ended, mostly too late.
    (re.compile(r'(' + UNASSIGNED + r'.*"version":)(null|"[^"]*")'), r'\1null'),
    (re.compile(r'"worker_id":"[^"]*"'), '"worker_id":"W"'),
    (re.compile(r'"generation":\d+'), '"generation":0'),
    (re.compile(r'"discoverTimestamp":\d+'), '"discoverTimestamp":0'),
    (re.compile(r'"creation-timestamp":\d+'), '"creation-timestamp":0'),
    # The frames of a stack differ; the failure is the same.
    (re.compile(r'("trace":"[^"\\]*)(?:\\.[^"\\]*)*"'), r'\1"'),
]


class Dump:
    """TopicDump.java, asked as often as needed."""

    def __init__(self):
        self.child = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
             "-cp", class_path(), str(SOURCE), bootstrap()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def ask(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        rows = []
        while True:
            line = self.child.stdout.readline()
            if not line:
                raise RuntimeError(f"TopicDump ended at {command}")
            if line == ".\n":
                return rows
            rows.append(line.rstrip("\n").split("\t"))

    def records(self, topic):
        def data(text):
            return None if text == "-" else bytes.fromhex(text[1:]).decode()
        return [Record(int(row[0]), int(row[1]), data(row[2]), data(row[3]), tuple(row[4:]))
                for row in self.ask(f"records {topic}")]

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait(LIMIT)


def sorted_properties(value):
    """Compact JSON as it was, but for the order of a configuration's properties."""
    content = json.loads(value)
    if not isinstance(content, dict) or "properties" not in content:
        return value
    if json.dumps(content, separators=(",", ":"), ensure_ascii=False) != value:
        raise AssertionError(f"not as Jackson writes it: {value}")
    content["properties"] = dict(sorted(content["properties"].items()))
    return json.dumps(content)


def masked(record):
    value = record.value
    if value is not None:
        value = sorted_properties(value)
        if record.key == "session-key":
            value = re.sub(r'"key":"([^"]*)"', lambda key: f'"key":"{len(key[1])} characters"',
                           value)
        for pattern, instead in MASKS:
            value = pattern.sub(instead, value)
    return record.partition, value, record.headers


def same_meaning(records):
    """Without what Java's worker says more than once: a status or topic that is there already, and the
    end of what is being removed (UNASSIGNED before a tombstone, further tombstones)."""
    kept = []
    for record in records:
        if kept and record[1] is None and UNASSIGNED in (kept[-1][1] or ""):
            kept.pop()
        if not kept or kept[-1] != record:
            kept.append(record)
    return kept


def by_key(records):
    keys = defaultdict(list)
    for record in records:
        keys[record.key].append(masked(record))
    return dict(keys)


class Life:
    """One worker's cluster and what happens in it; each step waits for the records it must bring."""

    def __init__(self, member, dump, folder, names):
        self.dump = dump
        self.folder = folder
        self.names = names
        self.cluster = Cluster(SimpleNamespace(bootstrap=bootstrap()),
                               {f"{kind}.storage.partitions": count
                                for kind, count in (("offset", "7"), ("status", "3"))})
        self.worker = member({**self.cluster.settings, "heartbeat.interval.ms": "300"})
        self.since = {}

    def records(self, kind):
        return self.dump.records(self.cluster.topic(kind))

    def call(self, method, path, body=None):
        """What comes into the topics from now on is the call's doing."""
        self.since = {kind: {(r.partition, r.offset) for r in self.records(kind)}
                      for kind in KINDS}
        reply = None

        def done():
            nonlocal reply
            reply = self.worker.rest.call(method, quote(path, safe="/?&="), body)
            return reply.status != 409
        wait_until(done, LIMIT, f"an answer to {method} {path}")
        if reply.status >= 300:
            raise AssertionError(f"{method} {path}: {reply.status} {reply.body}")
        return reply

    def wait(self, kind, key, content):
        """For a new record of the key with `content` in its value; None is a tombstone."""
        def come():
            return any(r.key == key and (r.partition, r.offset) not in self.since[kind] and
                       (r.value is None if content is None else content in (r.value or ""))
                       for r in self.records(kind))
        wait_until(come, LIMIT, f"{content} of {key} from {type(self.worker).__name__}; "
                                f"now {[r for r in self.records(kind) if r.key == key]}")

    def states(self, connector, state, *tasks):
        if state != "same":
            self.wait("status", f"status-connector-{connector}",
                      state and f'"state":"{state}"')
        for task, each in enumerate(tasks):
            if each != "same":
                self.wait("status", f"status-task-{connector}-{task}",
                          each and f'"state":"{each}"')

    def offset(self, connector, file, content):
        key = json.dumps([connector, {"filename": str(file)}], separators=(",", ":"),
                         ensure_ascii=False)
        self.wait("offset", key, content and json.dumps(content, separators=(",", ":")))

    def live(self):
        self.worker.join()
        self.create()
        self.change()
        self.pause_and_restart()
        self.stop()
        self.initial_states()
        self.fail()
        self.group = self.dump.ask(f"group {self.cluster.group}")
        self.remove()
        self.worker.stop()

    def create(self):
        n = self.names
        self.input = self.folder / "in"
        self.input.write_text("".join(f"line {i}\n" for i in range(10)))
        self.size = self.input.stat().st_size
        self.call("POST", "/connectors", {"name": n.src, "config": file_source(
            n.src, self.input, n.topic)})
        self.states(n.src, "RUNNING", "RUNNING")
        self.offset(n.src, self.input, {"position": self.size})
        self.wait("status", f"status-topic-{n.topic}:connector-{n.src}", n.topic)
        self.call("POST", "/connectors", {"name": n.snk, "config": file_sink(
            n.snk, self.folder / "out", n.topic)})
        self.states(n.snk, "RUNNING", "RUNNING")
        self.wait("status", f"status-topic-{n.topic}:connector-{n.snk}", n.topic)

    def change(self):
        n = self.names
        self.config = {**file_source(n.src, self.input, n.topic), "batch.size": "100",
                       "errors.log.enable": "true", "transforms": ""}
        self.call("PUT", f"/connectors/{n.src}/config", self.config)
        self.states(n.src, "RUNNING", "RUNNING")
        self.call("PUT", f"/connectors/{n.src}/config", self.config)
        self.states(n.src, "RUNNING")
        self.call("PATCH", f"/connectors/{n.snk}/config", {"tasks.max": "3"})
        self.states(n.snk, "RUNNING", "RUNNING", "RUNNING", "RUNNING")
        self.call("PATCH", f"/connectors/{n.snk}/config", {"tasks.max": "1"})
        self.states(n.snk, "RUNNING", "RUNNING", None, None)
        self.call("PUT", "/admin/loggers/org.example?scope=cluster", {"level": "debug"})
        self.wait("config", "logger-cluster-org.example", '"level"')

    def pause_and_restart(self):
        n = self.names
        self.call("PUT", f"/connectors/{n.src}/pause")
        self.states(n.src, "PAUSED", "PAUSED")
        self.call("PUT", f"/connectors/{n.src}/resume")
        self.states(n.src, "RUNNING", "RUNNING")
        self.call("POST", f"/connectors/{n.src}/restart")
        self.states(n.src, "RUNNING")
        self.call("POST", f"/connectors/{n.src}/tasks/0/restart")
        self.states(n.src, "same", "RUNNING")
        for tasks in ("false", "true"):
            for failed in ("true", "false") if tasks == "true" else ("true",):
                self.call("POST", f"/connectors/{n.src}/restart?includeTasks={tasks}"
                                  f"&onlyFailed={failed}")
                self.wait("config", f"restart-connector-{n.src}",
                          f'"include-tasks":{tasks},"only-failed":{failed}')
        self.states(n.src, "RUNNING", "RUNNING")

    def stop(self):
        n = self.names
        self.call("PUT", f"/connectors/{n.src}/stop")
        self.states(n.src, "STOPPED", None)
        for position in (self.size // 2, None):
            self.call("PATCH", f"/connectors/{n.src}/offsets", {"offsets": [
                {"partition": {"filename": str(self.input)},
                 "offset": position and {"position": position}}]})
            self.offset(n.src, self.input, position and {"position": position})
        self.call("DELETE", f"/connectors/{n.src}/offsets")
        self.call("PUT", f"/connectors/{n.src}/resume")
        self.states(n.src, "RUNNING", "RUNNING")
        self.offset(n.src, self.input, {"position": self.size})
        self.call("PUT", f"/connectors/{n.src}/stop")
        self.states(n.src, "STOPPED", None)
        self.call("DELETE", f"/connectors/{n.src}/offsets")
        self.offset(n.src, self.input, None)
        self.call("PUT", f"/connectors/{n.snk}/stop")
        self.states(n.snk, "STOPPED", None)
        self.call("DELETE", f"/connectors/{n.snk}/offsets")
        self.call("PUT", f"/connectors/{n.src}/topics/reset")
        self.wait("status", f"status-topic-{n.topic}:connector-{n.src}", None)

    def initial_states(self):
        n = self.names
        for name, state, task in ((n.held, "PAUSED", "same"), (n.idle, "STOPPED", "same"),
                                  (n.begun, "RUNNING", "RUNNING")):
            config = file_source(name, self.folder / "none", n.topic)
            self.call("POST", "/connectors",
                      {"name": name, "config": config, "initial_state": state})
            self.states(name, state, task)
        self.call("PUT", f"/connectors/{n.held}/resume")
        self.states(n.held, "RUNNING", "RUNNING")
        self.call("PUT", f"/connectors/{n.idle}/resume")
        self.states(n.idle, "RUNNING", "RUNNING")

    def fail(self):
        n = self.names
        later = self.folder / "later"
        self.call("POST", "/connectors", {"name": n.bad, "config": file_sink(
            n.bad, later / "out", n.topic)})
        self.states(n.bad, "RUNNING", "FAILED")
        later.mkdir()
        self.call("POST", f"/connectors/{n.bad}/restart?includeTasks=true&onlyFailed=true")
        self.states(n.bad, "same", "RUNNING")

    def remove(self):
        n = self.names
        for name in (n.src, n.snk, n.held, n.bad):
            self.call("DELETE", f"/connectors/{name}")
            self.states(name, None, "same" if name in (n.src, n.snk) else None)
        # Again, with what the first one has left in the topics.
        self.call("PUT", f"/connectors/{n.src}/config", self.config)
        self.states(n.src, "RUNNING", "RUNNING")
        self.offset(n.src, self.input, {"position": self.size})


class InternalTopicsTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        dump = Dump()
        cls.addClassCleanup(dump.close)
        folder = Path(tempfile.mkdtemp(prefix="millrace-oracle-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        end = unique("")
        names = SimpleNamespace(topic=f"topic{end}", **{
            name: f"{name}{end}" for name in ("src", "snk", "idle", "begun", "bad")},
            held=f"h\u00e9ld 1{end}-0")
        cls.lives = []
        for member in (JavaMember, MillraceMember):
            files = folder / "files"
            files.mkdir()
            life = Life(member, dump, files, names)
            cls.addClassCleanup(life.worker.close)
            life.live()
            life.topics = {kind: life.records(kind) for kind in KINDS}
            life.settings = {kind: dump.ask(f"topic {life.cluster.topic(kind)}") for kind in KINDS}
            cls.lives.append(life)
            shutil.rmtree(files)

    def test_records_of_the_config_topic(self):
        java, ours = (by_key(life.topics["config"]) for life in self.lives)
        self.assertEqual(ours, java)

    def test_order_of_the_config_topic(self):
        java, ours = ([r.key for r in life.topics["config"]] for life in self.lives)
        self.assertEqual(ours, java)

    def test_records_of_the_offset_topic(self):
        java, ours = (by_key(life.topics["offset"]) for life in self.lives)
        self.assertTrue(java)
        self.assertEqual(ours, java)

    def test_records_of_the_status_topic(self):
        java, ours = ({key: same_meaning(records) for key, records in
                       by_key(life.topics["status"]).items()} for life in self.lives)
        self.assertEqual(set(ours), set(java))
        for key, records in java.items():
            with self.subTest(key=key):
                self.assertEqual(ours[key], records)

    def test_settings_of_the_topics(self):
        java, ours = (life.settings for life in self.lives)
        self.assertEqual(java["config"], [["1"], ["cleanup.policy", "compact"]])
        self.assertEqual(ours, java)

    def test_the_group(self):
        def rows(life):
            return [[re.sub(r":\d+", ":PORT", re.sub(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                                                     "-UUID", field)) for field in row]
                    for row in life.group]
        java, ours = map(rows, self.lives)
        self.assertEqual(java, [["connect", "Stable", "sessioned"],
                                ["connect-127.0.0.1:PORT", "connect-127.0.0.1:PORT-UUID"]])
        self.assertEqual(ours, java)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    unittest.main()
