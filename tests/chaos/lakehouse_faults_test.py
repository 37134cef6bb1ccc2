"""A catalog that loses answers, delays and refuses: when it is well again, each record is there once."""

import json
import os
import time
import unittest

from catalog_server import CatalogServer
from fault_proxy import COMMIT_FAULTS, LOAD_FAULTS, FaultProxy
from flow import FlowTest
from lake import RestLake, assert_each_once, lake_sink
from workers import Millrace, file_source

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
FAULTS_S = float(os.environ.get("MILLRACE_FAULT_SECONDS", "45"))  # at most; each must have come once
PARTITIONS = 4
TIMEOUT_MS = 1_000  # of the client: to connect, and the same again for the answer
STEP_S = 0.05


class CatalogFaultsTest(FlowTest):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.worker = Millrace.embedded({"offset.flush.interval.ms": "200"})
        self.addCleanup(self.worker.close)
        self.server = CatalogServer(os.environ["MILLRACE_ICEBERG_JARS"], self.worker.folder)
        self.addCleanup(self.server.stop)
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
        self.wait(lambda: self.check_states() or self.lake.count() >= self.written, 90, what)

    def test_each_fault_of_commits_and_loads(self):
        settings = {"topic.creation.default.partitions": str(PARTITIONS),
                    "topic.creation.default.replication.factor": "1", "batch.size": "61"}
        self.worker.start(file_source("src", self.source, "orders", **settings))
        self.append(10 * PARTITIONS)
        self.worker.wait_running("src")
        made = self.worker.rest.call("POST", "/connectors", {"name": "dst", "config": lake_sink(
            "dst", self.lake, "orders", **{
                "tasks.max": "2", "iceberg.control.commit.interval-ms": "200"})})
        self.assertEqual(made.status, 201, made.body)
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
        self.check_states()
        self.assertEqual(self.worker.stop(), 143)
        count = assert_each_once(self, self.lake, self.log, "orders")
        self.assertEqual(count, self.written)
        print(f"{count} rows in {len(self.lake.table().metadata.snapshots)} snapshots", flush=True)

    def test_a_worker_that_starts_while_the_catalog_fails(self):
        """Opening tables is tried again as commits are."""
        self.worker.start(file_source("src", self.source, "orders"))
        self.append(100)
        self.worker.wait_running("src")
        self.wait(lambda: self.worker.offsets("src"), what="the source's offsets")
        first = lake_sink("dst", self.lake, "orders")
        self.worker.rest.call("POST", "/connectors", {"name": "dst", "config": first})
        self.wait_all("the first rows")
        self.assertEqual(self.worker.stop(), 143)
        self.append(100)
        self.proxy.decks = {"load": ("500 before", "503 before", "no answer before"), "commit": ("502 before",)}
        self.proxy.counts = {kind: dict.fromkeys(deck, 0) for kind, deck in self.proxy.decks.items()}
        self.proxy.fail()
        self.worker.start(file_source("src", self.source, "orders"), first)
        self.wait(lambda: self.check_states() or sum(self.proxy.counts["load"].values()) > 5, 60,
                  "more tries")
        self.proxy.calm()
        self.wait_all("all rows")
        self.check_states()
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual(assert_each_once(self, self.lake, self.log, "orders"), 200)


if __name__ == "__main__":
    unittest.main()
