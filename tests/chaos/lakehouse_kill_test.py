"""SIGKILL at every step between a record and its table: each record is there once, whatever died."""

import json
import os
import random
import time
import unittest
from collections import Counter

from crashes import crash_at
from flow import FlowTest, bootstrap, unique
from lake import Lake, assert_each_once, lake_sink
from log_tool import write_records
from workers import Millrace, file_source

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
ROUNDS = int(os.environ.get("MILLRACE_KILL_ROUNDS", "22"))
STEADY = ("file.write", "file.finish", "manifest.write", "merge.write", "list.write", "commit.before",
          "commit.after", "offsets.before", "offsets.after", "evolve")
FIRST = ("create", "pin", "evolve")  # of a table's first life
PARTITIONS = 4
ROWS = 2000  # at most, for a round


class LakeKillTest(FlowTest):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.rng = random.Random(SEED)

    def finish(self, worker, lake, connectors, source, count):
        """A life without a crash, until every line of the source is in the table."""
        worker.start(*connectors)
        self.wait(lambda: worker.offsets("src") == [{
            "partition": {"filename": str(source)},
            "offset": {"position": source.stat().st_size}}], 60, "the source to end")
        self.wait(lambda: len(lake.ids()) == count, 60,
                  f"{count} orders in the table")
        self.assertEqual(worker.stop(), 143)

    def test_every_point(self):
        """Two tasks on four partitions, tasks restarted and their number changed in between."""
        with Millrace.embedded({"offset.flush.interval.ms": "100"}) as worker:
            lake = Lake(worker.folder / "lake")
            source = worker.folder / "in.json"
            source.write_text("")
            settings = {"topic.creation.default.partitions": str(PARTITIONS),
                        "topic.creation.default.replication.factor": "1", "batch.size": "61"}
            connectors = [file_source("src", source, "orders", **settings),
                          lake_sink("dst", lake, "orders",
                                    **{"tasks.max": "2", "lakehouse.flush.rows": "150",
                                       "iceberg.control.commit.interval-ms": "100",
                                       "iceberg.tables.auto-create-props."
                                       "commit.manifest.min-count-to-merge": "3"})]
            written, hits, rebalances = 0, Counter(), Counter()
            points = [STEADY[i % len(STEADY)] for i in range(ROUNDS)]
            self.rng.shuffle(points)
            # A late pass may not come within a round's life; the first does.
            rounds = [(point, None) for point in points] + [(point, 1) for point in STEADY]
            for round_, (point, nth) in enumerate(rounds):
                if nth and (hits[point] or point not in points):
                    continue
                fields = [f"f{at}" for at in range(round_)]
                most = written + ROWS

                def append():
                    nonlocal written
                    if written >= most:
                        return
                    with open(source, "a") as out:
                        for _ in range(self.rng.randrange(1, 200)):
                            more = {f: written for f in fields[-2:]}
                            out.write(json.dumps({"id": written, "text": "x" * 20, **more}) + "\n")
                            written += 1

                def disturb():
                    append()
                    if self.rng.random() < 0.05:
                        at = self.rng.randrange(2)
                        rebalance("restart", "POST", f"/connectors/dst/tasks/{at}/restart")
                    if self.rng.random() < 0.05:
                        rebalance("tasks.max", "PATCH", "/connectors/dst/config",
                                  {"tasks.max": str(self.rng.randrange(1, 4))})

                def rebalance(what, *request):
                    rebalances[what] += worker.rest.call(*request).status < 300

                # Late ones leave time for a rebalance before; these are seldom.
                seldom = point in ("evolve", "merge.write")
                nth = nth or (1 if seldom else self.rng.randrange(1, self.rng.choice((7, 20))))
                hits[point] += crash_at(self, worker, point, nth, connectors, disturb)
            self.finish(worker, lake, connectors, source, written)
            log = {"embedded.log.dir": worker.settings["embedded.log.dir"]}
            count = assert_each_once(self, lake, log, "orders")
            print(f"{ROUNDS} kills, {written} orders, {count} records; died at {dict(hits)}; "
                  f"rebalanced by {dict(rebalances)}", flush=True)
            self.assertGreater(min(rebalances["restart"], rebalances["tasks.max"]), 0)
            for point in set(points):
                self.assertGreater(hits[point], 0, f"{point} was never passed")

    def test_the_first_life_of_a_table(self):
        """With policy latest: what was pinned before the first record holds in the next life."""
        for point in FIRST:
            with self.subTest(point=point):
                with Millrace.embedded() as worker:
                    lake = Lake(worker.folder / "lake")
                    log = {"embedded.log.dir": worker.settings["embedded.log.dir"]}
                    connectors = [lake_sink("dst", lake, "orders",
                                            **{"lakehouse.start.policy": "latest",
                                               "lakehouse.flush.rows": "100"})]
                    old = [(None, json.dumps({"id": i}).encode()) for i in range(50)]
                    new = [(None, json.dumps({"id": 50 + i, **({"late": i} if i > 300 else {})})
                            .encode()) for i in range(600)]
                    settings = {**log, "partitions": str(PARTITIONS)}
                    write_records("orders", old, settings)
                    if point == "evolve":  # a life that pins and reads nothing
                        worker.start(*connectors)
                        self.wait(lambda: len(lake.offsets()) == PARTITIONS, what="the pin")
                        worker.stop()
                        write_records("orders", new, settings)
                    died = crash_at(self, worker, point, 1, connectors)
                    self.assertTrue(died, worker.process.output()[-3000:])
                    if point != "evolve":
                        write_records("orders", new, settings)
                    # Killed between creation and pin, the policy still decides, at the next open.
                    want = 0 if point == "create" else len(new)
                    worker.start(*connectors)
                    if want:
                        self.wait(lambda: lake.count() >= want, 60, f"{want} rows")
                    else:
                        self.wait(lambda: len(lake.offsets()) == PARTITIONS, what="the pin")
                    self.assertEqual(worker.stop(), 143)
                    self.assertEqual(lake.count(), want)
                    if want:
                        self.assertEqual(sorted(row["id"] for row in lake.rows()),
                                         list(range(50, 650)))

    def test_two_workers_own_the_same_topic_and_table(self):
        """Each batch of the one fences the other; nothing is doubled or lost."""
        topic = unique("orders")
        log = {"bootstrap.servers": bootstrap()}
        count = 20_000
        settings = {**log, "partitions": str(PARTITIONS)}
        write_records(topic, [], settings)
        with Millrace(log) as one, Millrace(log) as two:
            lake = Lake(one.folder / "lake")
            more = {"lakehouse.flush.rows": "400", "consumer.override.max.poll.records": "200"}
            names = unique("one"), unique("two")
            for worker, name in zip((one, two), names):
                worker.start(lake_sink(name, lake, topic, **more))
            for worker in (one, two):
                self.wait(lambda w=worker: "newly assigned" in w.process.output(),
                          what="partitions of each worker")
            self.wait(lambda: len(lake.offsets()) == PARTITIONS, what="the pin")
            for first in range(0, count, 4000):
                write_records(topic, [(None, json.dumps({"id": i}).encode())
                                      for i in range(first, first + 4000)], settings)
            self.wait(lambda: lake.count() >= count, 90, f"{count} rows")
            outputs = one.process.output() + two.process.output()
            one.process.kill()
            two.process.kill()
            assert_each_once(self, lake, log, topic)
            fenced = outputs.count("was fenced")
            print(f"{fenced} batches fenced", flush=True)
            self.assertGreater(fenced, 0, outputs)


if __name__ == "__main__":
    unittest.main()
