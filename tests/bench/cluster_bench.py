"""Benchmarks of workers in a group: joining, many connectors, fail-over, leaving."""

import http.client
import json
import signal
import statistics
import tempfile
import time
from pathlib import Path

from process import wait_until
from workers import Cluster, file_source

JOIN_ROUNDS = 5
MANY = 1000
READS = 300
TASKS = 20
CONNECTORS_PER_HANDOVER = TASKS  # FileStream connectors have one task each
HANDOVER_ROUNDS = {"failover": 2, "leave": 3}
TIMEOUT = 240
SETTLE = 1.0  # for statuses of before to be the only ones


class Connection:
    """Calls over one kept connection, as an operator's tool would."""

    def __init__(self, worker):
        self.http = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=100)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.http.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def statuses(connection):
    status, body = connection.call("GET", "/connectors?expand=status")
    return body if status == 200 else {}


def tasks_in(connection, state, worker=None):
    """Tasks in a state, of one worker if given."""
    return sum(1 for entry in statuses(connection).values() for task in entry["status"]["tasks"]
               if task["state"] == state and worker in (None, task["worker_id"]))


class ClusterBench:
    """`kinds` make a worker of a cluster: ours and Java's."""

    names = ["join", "many", "failover", "leave"]

    def __init__(self, broker, report):
        self.broker = broker
        self.report = report
        self.kinds = {"millrace": lambda c: c.millrace(), "java": lambda c: c.java()}

    def run(self, names):
        for name in self.names:
            if name in names:
                getattr(self, name)()

    def each_kind(self, measure):
        """{kind: measure(cluster, make)}, each in a group of its own."""
        return {kind: measure(Cluster(self.broker), make) for kind, make in self.kinds.items()}

    def join(self):
        """From exec until the worker has joined and lists its connectors; the topics exist."""
        def measure(cluster, make):
            times = []
            for _ in range(JOIN_ROUNDS + 1):  # the first one makes the topics
                with make(cluster) as worker:
                    worker.join()
                    wait_until(lambda: worker.rest.get("/connectors").status == 200, TIMEOUT,
                               "the list of connectors", 0.005)
                    times.append(time.monotonic() - worker.process.started)
                    worker.stop()
            return statistics.median(times[1:])
        times = self.each_kind(measure)
        self.report("join", times["millrace"], times["java"], "s", rounds=JOIN_ROUNDS)

    def many(self):
        """1,000 paused connectors: creating them, reading all of them, memory."""
        def measure(cluster, make):
            with make(cluster) as worker, tempfile.TemporaryDirectory() as folder:
                worker.join()
                connection = Connection(worker)
                begun = time.monotonic()
                for i in range(MANY):
                    config = file_source(f"many-{i}", Path(folder) / "none.txt", "many")
                    status, body = connection.call("POST", "/connectors", {
                        "name": config["name"], "config": config, "initial_state": "PAUSED"})
                    if status != 201:
                        raise RuntimeError(f"creating {config['name']}: {status} {body}")
                wait_until(lambda: sum(entry["status"]["connector"]["state"] == "PAUSED"
                                       for entry in statuses(connection).values()) == MANY,
                           TIMEOUT, "all connectors to be paused", 0.1)
                created = time.monotonic() - begun
                reads = []
                for _ in range(READS):
                    start = time.monotonic()
                    status, _ = connection.call("GET", "/connectors?expand=status&expand=info")
                    reads.append((time.monotonic() - start) * 1000)
                    assert status == 200
                memory = worker.process.memory_bytes() / 2**20
                worker.process.kill()
                reads.sort()
                return created, reads[int(READS * 0.99)], reads[READS // 2], memory
        found = self.each_kind(measure)
        ours, java = found["millrace"], found["java"]
        self.report("many_create", ours[0], java[0], "s", connectors=MANY)
        self.report("many_read_p99", ours[1], java[1], "ms", median=f"{ours[2]:.1f}",
                    java_median=f"{java[2]:.1f}", reads=READS)
        self.report("many_memory", ours[3], java[3], "MiB")

    def failover(self):
        """kill -9 of one of two workers until the other runs all tasks."""
        self.hand_over("failover", signal.SIGKILL)

    def leave(self):
        """The same for SIGTERM."""
        self.hand_over("leave", signal.SIGTERM)

    def hand_over(self, name, how):
        def measure(cluster, make):
            times = []
            for _ in range(HANDOVER_ROUNDS[name]):
                with make(cluster) as stays, make(cluster) as goes, \
                        tempfile.TemporaryDirectory() as folder:
                    stays.join()
                    goes.join()
                    connection = Connection(stays)
                    for i in range(CONNECTORS_PER_HANDOVER):
                        path = Path(folder) / f"{i}.txt"
                        path.write_text("line\n")
                        connector = f"over-{i}"
                        connection.call("PUT", f"/connectors/{connector}/config",
                                        file_source(connector, path, "over"))
                    wait_until(lambda: tasks_in(connection, "RUNNING") == TASKS and
                               tasks_in(connection, "RUNNING", goes.id) == TASKS // 2, TIMEOUT,
                               "both workers to run half of the tasks", 0.1)
                    time.sleep(SETTLE)
                    begun = time.monotonic()
                    goes.process.signal(how)
                    wait_until(lambda: tasks_in(connection, "RUNNING", stays.id) == TASKS, TIMEOUT,
                               "all tasks to run again", 0.01)
                    times.append(time.monotonic() - begun)
                    stays.process.kill()
                    goes.process.kill()
            return times
        times = self.each_kind(measure)
        self.report(name, statistics.median(times["millrace"]), statistics.median(times["java"]),
                    "s", worst=f"{max(times['millrace']):.2f}",
                    java_worst=f"{max(times['java']):.2f}", tasks=TASKS,
                    rounds=HANDOVER_ROUNDS[name])
