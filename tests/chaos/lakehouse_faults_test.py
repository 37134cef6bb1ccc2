"""A catalog that loses answers, delays and refuses: when it is well again, each record is there once."""

import json
import os
import tempfile
import time
import unittest
from collections import Counter

import pyarrow
from catalog_server import CatalogServer
from fault_proxy import COMMIT_FAULTS, LOAD_FAULTS, FaultProxy
from flow import FlowTest, unique
from lake import OFFSETS, RestLake, assert_each_once, lake_sink
from workers import Millrace, file_source

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
FAULTS_S = float(os.environ.get("MILLRACE_FAULT_SECONDS", "90"))  # at most; each must have come once
PARTITIONS = 4
TIMEOUT_MS = 1_000  # of the client: to connect, and the same again for the answer


class CatalogFaultsTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED}", flush=True)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = CatalogServer(os.environ["MILLRACE_ICEBERG_JARS"], folder.name)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.worker = Millrace.embedded({"offset.flush.interval.ms": "200"})
        self.addCleanup(self.worker.close)
        self.proxy = FaultProxy(self.server.uri, SEED, late_s=2.5 * TIMEOUT_MS / 1000)
        self.addCleanup(self.proxy.close)
        self.lake = RestLake(self.server.uri, self.proxy.uri, **{
            "credential": "user:secret",  # 401 once: a new token
            "rest.client.connection-timeout-ms": TIMEOUT_MS,
            "rest.client.socket-timeout-ms": TIMEOUT_MS})
        self.log = {"embedded.log.dir": str(self.worker.folder / "log")}
        self.source = self.worker.folder / "in.json"
        self.source.write_text("")
        self.written = 0
        self.table = unique("db").replace("-", "_") + ".orders"

    def source_and_sink(self, **more):
        source = file_source("src", self.source, "orders", **{
            "topic.creation.default.partitions": str(PARTITIONS),
            "topic.creation.default.replication.factor": "1", "batch.size": "61"})
        sink = lake_sink("dst", self.lake, "orders", self.table, **more)
        return source, sink

    def append(self, count):
        with open(self.source, "a") as out:
            for _ in range(count):
                out.write(json.dumps({"id": self.written}) + "\n")
                self.written += 1

    def check_states(self):
        for name in ("src", "dst"):
            state, tasks = self.worker.state(name)
            self.assertNotIn("FAILED", [state, *tasks], self.worker.process.output()[-4000:])

    def wait_all(self, what):
        self.wait(lambda: self.check_states() or len(self.lake.ids(self.table)) >= self.written, 90, what)

    def test_each_fault_of_commits_and_loads(self):
        self.append(10 * PARTITIONS)
        self.worker.start(*self.source_and_sink(**{"tasks.max": "2"}))
        self.wait_all("the first rows")
        self.proxy.fail()
        began = time.monotonic()

        def disturbed():
            self.append(17)
            self.check_states()
            return self.proxy.all_dealt() or time.monotonic() - began > FAULTS_S

        self.wait(disturbed, FAULTS_S + 10, "the faults")
        self.proxy.calm()
        print(f"{time.monotonic() - began:.1f} s: {self.proxy.counts}", flush=True)
        for kind, faults in (("commit", COMMIT_FAULTS), ("load", LOAD_FAULTS)):
            for fault in faults:
                self.assertGreater(self.proxy.counts[kind][fault], 0, f"{fault} at a {kind}")
        self.append(10)
        self.wait_all(f"{self.written} rows after the faults")
        self.finish()

    def finish(self):
        self.check_states()
        self.assertEqual(self.worker.stop(), 143)
        count = assert_each_once(self, self.lake, self.log, "orders", self.table)
        self.assertEqual(count, self.written)
        print(f"{count} rows in {len(self.lake.table(self.table).metadata.snapshots)} snapshots",
              flush=True)

    def test_a_worker_that_starts_while_the_catalog_fails(self):
        """Opening tables is tried again as commits are."""
        connectors = self.source_and_sink()
        self.append(100)
        self.worker.start(*connectors)
        self.wait_all("the first rows")
        self.assertEqual(self.worker.stop(), 143)
        self.append(100)
        loads, commits = ("500 before", "503 before", "no answer before"), ("502 before",)
        self.proxy.decks = {"load": loads, "commit": commits}
        self.proxy.counts = {"load": Counter(), "commit": Counter()}
        self.proxy.fail()
        self.worker.start(*connectors)
        self.wait(lambda: self.check_states() or self.proxy.all_dealt(2, ("load",)), 60, "more tries")
        self.proxy.calm()
        self.wait_all("all rows")
        self.finish()

    def test_ten_fences_in_a_row_end_the_task(self):
        """Somebody else moves the offsets while each commit is on its way."""
        source, sink = self.source_and_sink()
        self.append(400)
        self.worker.start(source, sink)
        self.wait_all("the first rows")
        (cluster, topics), = json.loads(self.summary())["c"].items()
        ends = dict(topics["orders"])
        moves = 0
        nothing = pyarrow.Table.from_pylist([], pyarrow.schema([("id", pyarrow.int64())]))

        def move(to):
            text = json.dumps({"v": 1, "c": {cluster: {"orders": to}}})
            self.lake.table(self.table).append(nothing, snapshot_properties={OFFSETS: text})

        def move_back():
            nonlocal moves
            moves += 1
            move({partition: end - moves for partition, end in ends.items()})

        self.proxy.before_commit = move_back
        self.append(1)
        self.wait(lambda: self.worker.state("dst")[1] == ["FAILED"], 60, "the end of the task")
        trace = self.worker.rest.get("/connectors/dst/status").json()["tasks"][0]["trace"]
        self.assertIn(f"committing to {self.table}: 10 batches in a row were fenced; another "
                      "connector or worker group writes the same topic into this table", trace)
        self.assertEqual(moves, 10)  # a batch that waits behind one goes with it
        self.proxy.before_commit = None
        move(ends)
        self.worker.rest.call("POST", "/connectors/dst/tasks/0/restart")
        self.wait(lambda: self.worker.state("dst")[1] == ["RUNNING"], what="the task again")
        self.wait_all("the last row")
        self.finish()

    def summary(self):
        return self.lake.table(self.table).current_snapshot().summary[OFFSETS]


if __name__ == "__main__":
    unittest.main()
