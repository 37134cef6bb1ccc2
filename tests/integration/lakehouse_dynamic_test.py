"""Tables that records name: what is in them, what REST says, and SIGKILL at every step."""

import json
import os
import random
import time
import unittest
from collections import Counter

from crashes import crash_at
from flow import FlowTest
from lake import Lake, lake_sink
from lakehouse_flow_test import LakeTest, by_id, order
from log_tool import read_records, write_records
from workers import Millrace, file_source

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
ROUNDS = int(os.environ.get("MILLRACE_KILL_ROUNDS", "16"))
POINTS = ("create", "evolve", "file.write", "file.finish", "manifest.write", "commit.before",
          "commit.after", "offsets.before", "offsets.after")
PARTITIONS = 4
TABLES = 5


def dynamic_sink(lake, **more):
    config = lake_sink("dst", lake, "orders", **{
        "iceberg.tables.dynamic-enabled": "true", "iceberg.tables.route-field": "kind", **more})
    del config["iceberg.tables"]
    return config


class DynamicFlowTest(LakeTest):
    def test_rows_go_to_the_tables_they_name(self):
        self.produce("orders", [order(i, kind=f"db.T{i % 3}") for i in range(300)])
        self.worker.start(dynamic_sink(self.lake))
        for table in range(3):
            self.wait_count(100, f"db.t{table}")
            rows = by_id(self.lake.rows(f"db.t{table}"))
            self.assertEqual([row["id"] for row in rows], list(range(table, 300, 3)))
        end = [{"partition": {"kafka_topic": "orders", "kafka_partition": 0},
                "offset": {"kafka_offset": 300}}]
        self.wait(lambda: self.worker.offsets("dst") == end, what="the group at the end")
        metrics = self.worker.rest.get("/metrics").body
        metrics = metrics.decode() if isinstance(metrics, bytes) else metrics
        self.assertIn('millrace_lakehouse_lag_records{connector="dst",task="0",table="db.t0"}', metrics)
        self.assertIn("millrace_lakehouse_open_tables", metrics)
        self.assertEqual(self.worker.stop(), 143)

    def test_offsets_that_are_moved_back_double_nothing(self):
        self.produce("orders", [order(i, kind=f"db.t{i % 2}") for i in range(100)])
        self.worker.start(dynamic_sink(self.lake))
        for table in ("db.t0", "db.t1"):
            self.wait_count(50, table)
        self.worker.rest.call("PUT", "/connectors/dst/stop")
        self.wait(lambda: self.worker.state("dst") == ("STOPPED", []))
        place = {"kafka_topic": "orders", "kafka_partition": 0}
        moved = self.worker.rest.call("PATCH", "/connectors/dst/offsets", {
            "offsets": [{"partition": place, "offset": {"kafka_offset": 10}}]})
        self.assertEqual(moved.status, 200, moved.body)
        self.assertEqual(self.worker.offsets("dst"),
                         [{"partition": place, "offset": {"kafka_offset": 10}}])
        self.worker.rest.call("PUT", "/connectors/dst/resume")
        self.wait(lambda: self.worker.offsets("dst") == [
            {"partition": place, "offset": {"kafka_offset": 100}}], what="the end again")
        self.assertEqual(self.worker.stop(), 143)
        for table in ("db.t0", "db.t1"):
            self.assertEqual(self.lake.count(table), 50)


class DynamicKillTest(FlowTest):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.rng = random.Random(SEED)

    def kind(self, i):
        """Some tables get rows all the time, one now and then, and one seldom."""
        return f"db.t{i % 3}" if i % 40 else f"db.t{3 + (i // 40) % 7 // 6}"

    def check(self, lake, log):
        """Of each table: count = distinct (partition, offset) = produced."""
        records = read_records("orders", log)
        wanted = {f"db.t{table}": Counter() for table in range(TABLES)}
        for r in records:
            wanted[json.loads(r.value)["kind"]][r.partition, r.offset] += 1
        for table, produced in wanted.items():
            places = lake.places(table)
            self.assertEqual(sum(places.values()), len(places), f"{table}: rows are there twice")
            self.assertEqual(places, produced, table)
            self.assertEqual(lake.count(table), len(produced), table)
            self.assertGreater(len(produced), 0, table)
        return len(records)

    def test_every_point(self):
        """Two tasks on four partitions, restarted and changed in number, more tables than may be open."""
        with Millrace.embedded({"offset.flush.interval.ms": "100"}) as worker:
            lake = Lake(worker.folder / "lake")
            source = worker.folder / "in.json"
            source.write_text("")
            settings = {"topic.creation.default.partitions": str(PARTITIONS),
                        "topic.creation.default.replication.factor": "1", "batch.size": "61"}
            connectors = [file_source("src", source, "orders", **settings),
                          dynamic_sink(lake, **{"tasks.max": "2", "lakehouse.flush.rows": "150",
                                                "lakehouse.tables.max": "3",
                                                "iceberg.control.commit.interval-ms": "200"})]
            written, hits = 0, Counter()
            points = [POINTS[i % len(POINTS)] for i in range(ROUNDS)]
            self.rng.shuffle(points)
            for round_, point in enumerate(points):
                fields = [f"f{at}" for at in range(round_)]

                def append():
                    nonlocal written
                    with open(source, "a") as out:
                        for _ in range(self.rng.randrange(1, 100)):
                            more = {f: written for f in fields[-2:]}
                            out.write(json.dumps({"id": written, "kind": self.kind(written), **more})
                                      + "\n")
                            written += 1

                def disturb():
                    append()
                    if self.rng.random() < 0.05:
                        worker.rest.call("POST", f"/connectors/dst/tasks/{self.rng.randrange(2)}"
                                                 "/restart")
                    if self.rng.random() < 0.05:
                        worker.rest.call("PATCH", "/connectors/dst/config",
                                         {"tasks.max": str(self.rng.randrange(1, 4))})

                nth = 1 if point in ("evolve", "create") else self.rng.randrange(1, 9)
                hits[point] += crash_at(self, worker, point, nth, connectors, disturb)
            worker.start(*connectors)
            self.wait(lambda: worker.offsets("src") == [{
                "partition": {"filename": str(source)},
                "offset": {"position": source.stat().st_size}}], 60, "the source to end")

            def all_there():
                places = [entry["offset"]["kafka_offset"] for entry in worker.offsets("dst")]
                rows = sum(lake.count(f"db.t{table}") for table in range(TABLES))
                return len(places) == PARTITIONS and sum(places) == rows >= written
            self.wait(all_there, 60, f"{written} orders in the tables")
            self.assertEqual(worker.stop(), 143)
            log = {"embedded.log.dir": worker.settings["embedded.log.dir"]}
            count = self.check(lake, log)
            print(f"{ROUNDS} kills, {written} orders, {count} records; died at {dict(hits)}",
                  flush=True)
            self.assertGreater(sum(hits.values()), ROUNDS // 2, hits)

    def test_latest_holds_over_a_kill(self):
        with Millrace.embedded() as worker:
            lake = Lake(worker.folder / "lake")
            log = {"embedded.log.dir": worker.settings["embedded.log.dir"],
                   "partitions": str(PARTITIONS)}
            records = [(None, json.dumps({"id": i, "kind": f"db.t{i % 2}"}).encode())
                       for i in range(200)]
            write_records("orders", records[:80], log)
            connectors = [dynamic_sink(lake, **{"lakehouse.start.policy": "latest", "tasks.max": "2"})]
            worker.start(*connectors)
            # Both tasks have begun: the owner of the first partition is the last to.
            self.wait(lambda: len(worker.offsets("dst")) == PARTITIONS, what="the group's offsets")
            worker.process.kill()
            write_records("orders", records[80:], log)
            worker.start(*connectors)
            self.wait(lambda: lake.count("db.t0") + lake.count("db.t1") >= 120, 60, "120 rows")
            self.assertEqual(worker.stop(), 143)
            for table in range(2):
                self.assertEqual(sorted(row["id"] for row in lake.rows(f"db.t{table}")),
                                 list(range(80 + table, 200, 2)))


if __name__ == "__main__":
    unittest.main()
