"""Three workers of one group on a broker, what loads them, and what must hold whatever happens."""

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flow import FlowTest, unique
from kafka_broker import Broker
from log_tool import read_records
from process import wait_until
from rest import Rest
from workers import Cluster, file_sink, file_source

SESSION_MS = 4_000
FLUSH_MS = 300
WORKERS = 3
JSON = "org.apache.kafka.connect.json.JsonConverter"
# Longest time a read may take while the machine is busy; no read waits for a rebalance, which takes
# longer than that in these tests.
READ_LIMIT = 2.0

BROKER = {"group.min.session.timeout.ms": "1000"}
SETTINGS = {
    "session.timeout.ms": SESSION_MS,
    "heartbeat.interval.ms": "500",
    "offset.flush.interval.ms": FLUSH_MS,
    "offset.storage.partitions": "1",
    "status.storage.partitions": "1",
    "consumer.session.timeout.ms": SESSION_MS,
    "consumer.heartbeat.interval.ms": "500",
}


def datagen(name, topic, **more):
    return {"name": name, "connector.class": "org.millrace.DatagenSourceConnector",
            "topic": topic, "fields": "id:sequence", "value.converter": JSON,
            "value.converter.schemas.enable": "false", **more}


class Reader:
    """Reads REST of all workers all the time; every answer must be there, soon, and be good."""

    PATHS = ("/connectors", "/connectors?expand=status&expand=info", "/")

    def __init__(self, workers):
        self.workers = set(workers)  # those that must answer
        self.worst = 0.0
        self.count = 0
        self.problems = []
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def without(self, worker):
        """`worker` may be away from now on."""
        with self.lock:
            self.workers.discard(worker)

    def again(self, worker):
        with self.lock:
            self.workers.add(worker)

    def _read(self, worker, path):
        began = time.monotonic()
        try:
            status = Rest(worker.rest.base, timeout=30).get(path).status
        except OSError as error:
            status = error
        took = time.monotonic() - began
        with self.lock:
            if worker not in self.workers:
                return
            self.count += 1
            self.worst = max(self.worst, took)
            if status != 200:
                self.problems.append(f"GET {path} of {worker.id}: {status}")

    def _run(self):
        while not self.ended.wait(0.01):
            for path in self.PATHS:
                with self.lock:
                    workers = list(self.workers)
                for worker in workers:
                    self._read(worker, path)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Writer:
    """Appends numbered lines to a file until it is ended."""

    def __init__(self, path, pause=0.02, lines=20):
        self.path, self.pause, self.lines = path, pause, lines
        self.written = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        with open(self.path, "a") as out:
            while not self.ended.wait(self.pause):
                begin = self.written
                out.write("".join(f"line {begin + i}\n" for i in range(self.lines)))
                out.flush()
                self.written = begin + self.lines

    def end(self):
        self.ended.set()
        self.thread.join()
        return self.written

    def __enter__(self):
        self.path.touch()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end()


def new_cluster(broker, add_cleanup, settings=None, workers=WORKERS):
    """A new group with workers that have joined it."""
    group = Cluster(broker, {**SETTINGS, **(settings or {})})
    members = [group.millrace() for _ in range(workers)]
    for member in members:
        add_cleanup(member.close)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda worker: worker.join(), members))
    return group, members


class ClusterTest(FlowTest):
    """One broker for all tests of a class."""

    broker_settings = BROKER

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(settings=cls.broker_settings)
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def cluster(self, settings=None, workers=WORKERS):
        """Workers that have joined one new group."""
        self.group, members = new_cluster(self.broker, self.addCleanup, settings, workers)
        return members

    def member(self, settings=None):
        worker = self.group.millrace(settings)
        self.addCleanup(worker.close)
        return worker

    # REST.

    def call(self, worker, method, path, body=None, expect=(200, 201, 202, 204)):
        """As its users must, tries again while the cluster says that it is rebalancing."""
        def attempt():
            reply = worker.rest.call(method, path, body)
            return reply if reply.status != 409 else None
        reply = wait_until(attempt, 60, f"an answer to {method} {path} other than 409")
        self.assertIn(reply.status, expect, f"{method} {path}: {reply.body}")
        return reply

    def create(self, worker, config, tasks=1):
        self.call(worker, "POST", "/connectors", {"name": config["name"], "config": config})
        self.await_tasks([worker], config["name"], tasks)

    def status(self, worker, name):
        reply = worker.rest.get(f"/connectors/{name}/status")
        return reply.json() if reply.status == 200 else {"connector": {}, "tasks": []}

    def owners(self, worker, name, state="RUNNING"):
        """By number of the task, its worker; only tasks in `state`."""
        return {task["id"]: task["worker_id"] for task in self.status(worker, name)["tasks"]
                if task["state"] == state}

    def await_tasks(self, workers, name, tasks, state="RUNNING", among=None):
        """Until all of `workers` show so many tasks, all in `state`, on workers of `among`."""
        allowed = {worker.id for worker in among} if among else None

        def there(worker):
            status = self.status(worker, name)
            everything = [status["connector"], *status["tasks"]]
            return (len(status["tasks"]) == tasks and
                    all(one.get("state") == state for one in everything) and
                    (allowed is None or
                     all(one["worker_id"] in allowed for one in everything)))
        for worker in workers:
            self.wait(lambda: there(worker), 60,
                      f"{name} {state} with {tasks} tasks; now {self.status(worker, name)}")

    def committed(self, worker, name):
        offsets = self.call(worker, "GET", f"/connectors/{name}/offsets").json()["offsets"]
        return offsets

    def position(self, worker, name):
        """Bytes of its file that a FileStreamSource has committed."""
        offsets = self.committed(worker, name)
        return offsets[0]["offset"]["position"] if offsets else 0

    # Load.

    def file_flow(self, worker, lines=None):
        """A file through a topic into another file; names of the parts."""
        flow = FileFlow(self, worker)
        flow.input.touch()
        self.create(worker, file_source(flow.source, flow.input, flow.topic))
        self.create(worker, file_sink(flow.sink, flow.output, flow.topic))
        return flow

    def records(self, topic):
        return read_records(topic, {"bootstrap.servers": self.broker.bootstrap})

    def check_offsets_only_grow(self, name):
        """No worker has written over what a later owner had committed."""
        last = {}
        for record in self.records(self.group.topic("offset")):
            key = json.loads(record.key)
            if key[0] != name or record.value is None:
                continue
            (value,) = json.loads(record.value).values()
            self.assertGreaterEqual(value, last.get(record.key, 0),
                                    f"an older offset of {record.key} was written at "
                                    f"{record.offset} of the offset topic")
            last[record.key] = value
        self.assertTrue(last, f"no offsets of {name}")

    def check_reads(self, reader):
        print(f"{self.id()}: {reader.count} reads, the slowest took {reader.worst * 1000:.0f} ms",
              flush=True)
        self.assertEqual(reader.problems, [])
        self.assertGreater(reader.count, 0)
        self.assertLess(reader.worst, READ_LIMIT)


class FileFlow:
    def __init__(self, test, worker):
        self.test = test
        self.source, self.sink, self.topic = unique("src"), unique("dst"), unique("flow")
        self.input, self.output = worker.folder / self.source, worker.folder / self.sink

    def lines_before(self, position):
        """How many lines are in the first `position` bytes of the input."""
        with open(self.input, "rb") as source:
            return source.read(position).count(b"\n")

    def await_all(self, worker, written, timeout=60):
        """Until every line has come out and its offset is committed."""
        expected = {f"line {i}" for i in range(written)}
        self.test.wait(lambda: self.output.exists() and
                       set(self.output.read_text().splitlines()) >= expected, timeout,
                       f"{written} lines of {self.source} to arrive")
        size = self.input.stat().st_size
        self.test.wait(lambda: self.test.position(worker, self.source) == size, timeout,
                       f"the last offset of {self.source}, {size}")

    def counts(self):
        """How often each line is in the topic."""
        return Counter(record.value.decode() for record in self.test.records(self.topic))

    def check(self, written, once=()):
        """Nothing is lost; lines whose numbers are in one of the ranges `once` came once."""
        counts = self.counts()
        self.test.assertEqual(set(counts), {f"line {i}" for i in range(written)})
        repeated = {line for line, count in counts.items() if count > 1}
        for numbers in once:
            wrong = [i for i in numbers if i < written and f"line {i}" in repeated]
            self.test.assertEqual(wrong, [], f"lines repeated though they must not be, in {numbers}")
        print(f"{self.test.id()}: {written} lines, {len(repeated)} repeated", flush=True)
