"""Other writers on the sink's tables: Iceberg's Java library appends, compacts, expires and checks what is
there, PyIceberg appends; and the sink appends to tables of theirs."""

import json
import logging
import unittest
from collections import Counter

import pyarrow
from java_tables import JavaTables
from lake import lake_sink
from lakehouse_flow_test import LakeTest, order
from pyiceberg.exceptions import CommitFailedException
from workers import file_source

FOREIGN = 1_000_000  # first id of rows that are not ours


class InteropCase(LakeTest):
    def setUp(self):
        super().setUp()
        # Java makes the database of version 0, and PyIceberg says so each time.
        logging.getLogger("pyiceberg.catalog.sql").setLevel(logging.ERROR)
        self.java = JavaTables(self.lake)
        self.addCleanup(self.java.close)
        self.foreign = []

    def foreign_rows(self, count):
        first = FOREIGN + len(self.foreign)
        self.foreign += range(first, first + count)
        return [{"id": i, "item": "theirs"} for i in range(first, first + count)]

    def check(self, produced, table="db.orders"):
        """Ours and theirs, each once, for all readers; Java finds nothing wrong."""
        rows = self.check_readers(table)
        self.assertEqual([row["id"] for row in rows], list(range(produced)) + self.foreign)
        ours = [(row["_kafka_partition"], row["_kafka_offset"]) for row in rows[:produced]]
        self.assertEqual(len(set(ours)), produced)
        valid = self.java.call("validate", table)
        self.assertEqual(valid["rows"], produced + len(self.foreign))
        self.assertEqual(Counter(valid["files"]), Counter(self.lake.files(table)))
        return valid


class BetweenTest(InteropCase):
    def step(self, first, end, produced=None, **more):
        self.produce("orders", [order(i) for i in range(first, end)], partitions=2)
        self.run_until(end + len(self.foreign), lake_sink("lake", self.lake, "orders", **more))
        self.check(end)

    def test_java_between_our_batches(self):
        """Java appends, compacts and expires while the sink is stopped; it goes on behind its last row."""
        self.step(0, 300, **{"lakehouse.flush.rows": "50"})
        self.java.append(self.foreign_rows(10))
        self.step(300, 400)
        before = self.java.compact()
        self.assertGreater(before, 2)
        self.assertEqual(len(self.lake.files()), 1)
        self.step(400, 500)
        self.java.append(self.foreign_rows(5))
        self.java.call("expire")  # all that knew offsets but the property
        self.assertEqual(self.lake.offsets(), {})
        self.assertEqual(len(self.lake.table().metadata.snapshots), 1)
        self.step(500, 600, **{"lakehouse.start.policy": "latest"})
        self.java.compact()
        self.java.call("expire")
        self.step(600, 700, **{"lakehouse.start.policy": "latest"})


class BetweenInAFolderTest(BetweenTest):
    """The same without a catalog, where Java's HadoopCatalog finds the table by its files."""

    kind = "hadoop"


class InteropTest(InteropCase):
    def test_a_table_of_javas(self):
        """Its field ids, partition and required columns are as Java made them."""
        fields = [{"id": 7, "name": "id", "required": True, "type": "long"},
                  {"id": 3, "name": "item", "required": False, "type": "string"},
                  {"id": 9, "name": "_kafka_partition", "required": False, "type": "int"},
                  {"id": 12, "name": "_kafka_offset", "required": False, "type": "long"}]
        self.java.call("create", schema={"type": "struct", "schema-id": 0, "fields": fields})
        self.java.append(self.foreign_rows(20))
        self.produce("orders", [order(i) for i in range(200)], partitions=2)
        more = {"iceberg.tables.auto-create-enabled": "false",
                "lakehouse.broker.columns": "partition,offset"}
        self.run_until(220, lake_sink("lake", self.lake, "orders", **more))
        self.check(200)
        self.java.append(self.foreign_rows(20))
        self.java.compact()
        self.produce("orders", [order(i) for i in range(200, 300)], partitions=2)
        self.run_until(340, lake_sink("lake", self.lake, "orders", **more))
        self.check(300)
        self.assertEqual({f.name for f in self.lake.table().schema().fields} - {"_kafka_offset"},
                         {"id", "item", "_kafka_partition", "amount", "paid", "code"})

    def test_java_prunes_by_our_bounds_and_partitions(self):
        for first in (0, 100, 200):
            self.produce("orders", [order(i, country=["de", "fr"][i % 2])
                                    for i in range(first, first + 100)])
            self.run_until(first + 100, lake_sink("lake", self.lake, "orders", **{
                "iceberg.tables.default-partition-by": "country,bucket(id, 2)"}))
        self.check(300)
        table = self.lake.table()
        for column, value, literal in (("id", 150, "150"), ("country", "de", "'de'"),
                                       ("id", 1000, "1000"), ("_kafka_offset", 299, "299")):
            by_python = len(list(table.scan(row_filter=f"{column} == {literal}").plan_files()))
            by_java = self.java.call("plan", column=column, value=value)["files"]
            self.assertEqual(by_java, by_python, column)
            self.assertLess(by_java, len(self.lake.files()))


class RunningTest(InteropCase):
    """While the sink commits all the time. In the SQL catalog: a folder has no safe rename of Java's."""

    def test_others_write_while_the_sink_does(self):
        source = self.worker.folder / "in.json"
        source.write_text("")
        self.written = 0

        def append():
            with open(source, "a") as out:
                for _ in range(40):
                    out.write(json.dumps({"id": self.written, "item": "ours"}) + "\n")
                    self.written += 1

        append()
        self.worker.start(
            file_source("src", source, "orders", **{"topic.creation.default.partitions": "2",
                                                    "topic.creation.default.replication.factor": "1"}),
            lake_sink("lake", self.lake, "orders", **{
                "tasks.max": "2", "iceberg.control.commit.interval-ms": "50"}))
        self.wait_rows()
        ours = self.lake.table()
        actions = [lambda: self.java.append(self.foreign_rows(3)), self.by_pyiceberg,
                   self.java.compact, lambda: self.java.call("expire")]
        for action in actions * 3:
            before = len(self.lake.ids())
            append()
            action()
            append()
            self.wait(lambda: len(self.lake.ids()) > before, what="more rows")
        self.wait_rows()
        self.assertEqual(self.worker.state("lake"), ("RUNNING", ["RUNNING"] * 2))
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual(self.lake.table().metadata.table_uuid, ours.metadata.table_uuid)
        self.check(self.written)

    def wait_rows(self):
        self.wait(lambda: self.lake.count() >= self.written + len(self.foreign), 60,
                  f"{self.written} rows")

    def by_pyiceberg(self):
        """Its commits are not tried again; and those of the sink come all the time."""
        rows = self.foreign_rows(3)

        data = pyarrow.Table.from_pylist(rows)

        def append():
            try:
                self.lake.table().append(data)
                return True
            except CommitFailedException:
                return False

        self.wait(append, 60, "a commit of PyIceberg")


if __name__ == "__main__":
    unittest.main()
