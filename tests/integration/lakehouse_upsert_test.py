"""Rows replaced and deleted by key: the table is what a model of the changes says, after every life,
for readers that know equality deletes: icebird and DuckDB."""

import json
import os
import random
import sqlite3
import time
import unittest

from crashes import crash_at
from flow import FlowTest
from lake import JSON, Lake, lake_sink
from log_tool import write_records
from workers import Millrace

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
UPSERT = {"iceberg.tables.upsert-mode-enabled": "true"}
KEY = {"key.converter": JSON, "key.converter.schemas.enable": "false"}
CRASH_POINTS = ("file.write", "file.finish", "manifest.write", "list.write", "commit.before",
                "commit.after", "offsets.before", "offsets.after", "evolve", "pin", "create")


class ChangesTest(FlowTest):
    kind = "jdbc"

    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.rng = random.Random(SEED)
        self.worker = Millrace.embedded()
        self.addCleanup(self.worker.close)
        self.lake = Lake(self.worker.folder / "lake", self.kind)
        self.ends = {}

    def produce(self, topic, records, partitions=1):
        """Pairs of key and value, in turn to the partitions; while no worker runs."""
        def text(value):
            return None if value is None else json.dumps(value).encode()
        write_records(topic, [(text(k), text(v)) for k, v in records],
                      {"embedded.log.dir": str(self.worker.folder / "log"),
                       "partitions": str(partitions)})
        for i in range(len(records)):
            at = (topic, i % partitions)
            self.ends[at] = self.ends.get(at, 0) + 1

    def sink(self, topic="orders", ids="id", name="lake", **more):
        return lake_sink(name, self.lake, topic, **{
            "iceberg.tables.default-id-columns": ids, "lakehouse.broker.columns": "",
            "iceberg.control.commit.interval-ms": "100", **more})

    def run_to_the_end(self, *connectors):
        self.worker.start(*connectors)
        self.wait(lambda: self.lake.offsets() == self.ends or self.failed(connectors[0]), 60,
                  f"the table at {self.ends}")
        self.assertEqual(self.failed(connectors[0]), "")
        self.assertEqual(self.worker.stop(), 143)

    def failed(self, connector):
        status = self.worker.rest.get(f"/connectors/{connector['name']}/status")
        tasks = status.json().get("tasks", []) if status.status == 200 else []
        return "".join(task.get("trace", "") for task in tasks)

    def check(self, model, key=("id",)):
        def by_key(row):
            return [str(row[name]) for name in key]
        want = sorted(model.values(), key=by_key)
        for rows in (self.lake.icebird_rows(), self.lake.duckdb_rows()):
            found = [{k: v for k, v in row.items() if v is not None} for row in rows]
            self.assertEqual(sorted(found, key=by_key), want)

    def random_records(self, count, model, partitions=1, keys=97):
        """Upserts and deletions by field `op`; the same key always in one partition."""
        records = []
        for i in range(count):
            id = self.rng.randrange(keys) * partitions + i % partitions
            kind = self.rng.choice("UUUD")
            row = {"id": id, "name": f"n{self.rng.randrange(10**6)}", "op": kind}
            if self.rng.random() < 0.3:
                row["list"] = [self.rng.randrange(9) for _ in range(self.rng.randrange(1, 4))]
            records.append((None, row))
            model.pop(id, None)
            if kind == "U":
                model[id] = row
        return records


class ChangesOfRowsTest(ChangesTest):
    def test_random_changes_in_many_commits(self):
        model = {}
        sink = self.sink(**{"iceberg.tables.cdc-field": "op", "tasks.max": "2",
                            "lakehouse.nested.handling": "struct", "lakehouse.flush.rows": "40"})
        for _ in range(3):
            self.produce("orders", self.random_records(1500, model, 4), 4)
            self.run_to_the_end(sink)
            self.check(model)
        operations = {s.summary.operation.value for s in self.lake.table().snapshots()}
        self.assertIn("overwrite", operations)

    def test_partitions_of_the_key(self):
        model = {}
        sink = self.sink(**{"iceberg.tables.cdc-field": "op", "lakehouse.nested.handling": "struct",
                            "iceberg.tables.default-partition-by": "bucket(id, 4)"})
        for _ in range(2):
            self.produce("orders", self.random_records(800, model))
            self.run_to_the_end(sink)
            self.check(model)
        self.assertEqual([str(f.transform) for f in self.lake.table().spec().fields], ["bucket[4]"])

    def test_keys_of_two_columns_are_identifier_fields(self):
        for step in range(3):
            self.produce("orders", [(None, {"shop": f"s{i % 3}", "id": i % 7, "amount": i + step})
                                    for i in range(100)])
            self.run_to_the_end(self.sink(ids="shop,id", **UPSERT))
        model = {(f"s{i % 3}", i % 7): {"shop": f"s{i % 3}", "id": i % 7, "amount": i + 2}
                 for i in range(100)}
        self.check(model, ("shop", "id"))
        schema = self.lake.table().schema()
        self.assertEqual(schema.identifier_field_names(), {"shop", "id"})
        self.assertTrue(schema.find_field("id").required)

    def test_a_table_with_identifier_fields_needs_no_names(self):
        self.produce("orders", [(None, {"id": i, "amount": 1}) for i in range(10)])
        self.run_to_the_end(self.sink(**UPSERT))
        self.produce("orders", [(None, {"id": i, "amount": 2}) for i in range(5, 15)])
        self.run_to_the_end(self.sink(ids="", **UPSERT))
        self.check({i: {"id": i, "amount": 1 if i < 5 else 2} for i in range(15)})

    def test_envelopes_of_debezium(self):
        def row(id, name):
            return {"id": id, "name": name}
        changes = [{"op": "r", "before": None, "after": row(i, "snapshot")} for i in range(6)]
        changes += [{"op": "c", "before": None, "after": row(6, "new")},
                    {"op": "u", "before": row(1, "snapshot"), "after": row(1, "changed")},
                    {"op": "d", "before": row(2, "snapshot"), "after": None},
                    {"op": "r", "before": None, "after": row(3, "snapshot, again")}]
        self.produce("orders", [({"id": (c["after"] or c["before"])["id"]}, c) for c in changes])
        self.produce("orders", [({"id": 2}, None), ({"id": 4}, {"op": "d", "before": None})])
        self.run_to_the_end(self.sink(**{"lakehouse.cdc.envelope": "debezium", **KEY}))
        self.check({0: row(0, "snapshot"), 1: row(1, "changed"), 3: row(3, "snapshot, again"),
                    5: row(5, "snapshot"), 6: row(6, "new")})

    def test_null_values_delete_by_the_records_key(self):
        self.produce("orders", [(i, {"id": i, "amount": 1}) for i in range(10)])
        sink = self.sink(**UPSERT, **KEY, **{"lakehouse.null.values": "delete"})
        self.run_to_the_end(sink)
        self.produce("orders", [(3, None), ({"id": 4}, None), (5, None), (5, {"id": 5, "amount": 2}),
                                (99, None)])
        self.run_to_the_end(sink)
        self.check({i: {"id": i, "amount": 2 if i == 5 else 1} for i in range(10) if i not in (3, 4)})

    def test_the_schema_grows_between_changes_of_a_key(self):
        self.produce("orders", [(None, {"id": i % 5, "amount": i, **({"note": f"n{i}"} if i > 50 else {})})
                                for i in range(100)])
        self.run_to_the_end(self.sink(**UPSERT))
        self.check({i % 5: {"id": i % 5, "amount": i, "note": f"n{i}"} for i in range(95, 100)})

    def test_a_hot_key_takes_no_room(self):
        """Far more rows than may wait, of few keys."""
        self.produce("orders", [(None, {"id": i % 10, "amount": i, "text": "x" * 500})
                                for i in range(60_000)])
        self.run_to_the_end(self.sink(**UPSERT, **{
            "lakehouse.memory.bytes": str(32 << 20), "iceberg.control.commit.interval-ms": "2000"}))
        self.check({i % 10: {"id": i % 10, "amount": i, "text": "x" * 500}
                    for i in range(59_990, 60_000)})

    def test_reading_pauses_while_the_catalog_is_away(self):
        """Rows wait in memory for their commit, so there must be an end to them."""
        self.produce("orders", [(None, {"id": 0, "text": ""})])
        sink = self.sink(**UPSERT, **{"lakehouse.memory.bytes": str(16 << 20),
                                      "iceberg.control.commit.interval-ms": "1000"})
        self.run_to_the_end(sink)
        self.produce("orders", [(None, {"id": i, "text": "x" * 2000}) for i in range(45_000)])
        catalog = sqlite3.connect(self.lake.database, isolation_level=None)
        self.addCleanup(catalog.close)
        self.worker.start(sink)
        self.wait(lambda: "lake" in self.worker.rest.get("/connectors").body, 20, "the connector")
        catalog.execute("BEGIN IMMEDIATE")  # others read, and nobody writes
        self.wait(lambda: "Reading pauses" in self.worker.process.output(), 60, "reading to pause")
        self.assertLess(self.worker.process.memory_bytes(), 200 << 20)
        catalog.execute("ROLLBACK")
        self.wait(lambda: self.lake.offsets() == self.ends, 60, f"the table at {self.ends}")
        self.assertEqual(self.worker.stop(), 143)
        summary = self.lake.table().current_snapshot().summary
        self.assertEqual(summary["total-records"], "45001")
        self.assertEqual(summary["total-equality-deletes"], "45001")

    def test_rows_without_a_key_are_rejected(self):
        self.produce("orders", [(None, {"id": 1, "amount": 1}), (None, {"amount": 2}),
                                (None, {"id": None, "amount": 3}), (None, {"id": 4, "amount": 4})])
        self.run_to_the_end(self.sink(**UPSERT, **{"errors.tolerance": "all"}))
        self.check({i: {"id": i, "amount": i} for i in (1, 4)})


class RefusedTest(ChangesTest):
    def check_failure(self, records, message, **more):
        self.produce("orders", [(None, record) for record in records])
        sink = self.sink(**UPSERT, **more)
        self.worker.start(sink)
        self.wait(lambda: message in self.failed(sink), 30, message)
        self.assertEqual(self.lake.count(), 0)

    def test_partitions_outside_the_key(self):
        self.check_failure([{"id": 1, "day": "x"}], "partition day is of a column outside the key",
                           **{"iceberg.tables.default-partition-by": "day"})

    def test_floating_point_keys(self):
        self.check_failure([{"id": 1.5}], "column id cannot be part of the key; it is double")

    def test_no_key(self):
        self.check_failure([{"id": 1}], "the table has no identifier fields", ids="")


class KilledTest(ChangesTest):
    def test_kills_at_every_point(self):
        model, point, died = {}, 0, 0
        sink = self.sink(**{"iceberg.tables.cdc-field": "op", "tasks.max": "2",
                            "lakehouse.nested.handling": "struct", "lakehouse.flush.rows": "60"})
        for _ in range(2):
            for _ in range(len(CRASH_POINTS)):
                self.produce("orders", self.random_records(200, model, 2), 2)
                died += crash_at(self, self.worker, CRASH_POINTS[point % len(CRASH_POINTS)],
                                 self.rng.randrange(1, 4), [sink],
                                 lambda: self.lake.offsets() == self.ends)
                point += 1
            self.run_to_the_end(sink)
            self.check(model)
        self.assertGreater(died, len(CRASH_POINTS), "most points kill")


if __name__ == "__main__":
    unittest.main()
