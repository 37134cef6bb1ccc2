"""Tables that are dropped, made anew, rolled back or moved by another, while the sink is stopped and while
it runs: what is in the table and what it says of offsets belong together, so each record is there once."""

import json
import unittest

import pyarrow
from java_tables import JavaTables
from lake import assert_each_once, lake_sink
from lakehouse_flow_test import LakeTest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, LongType, NestedField
from workers import file_source

COLUMNS = Schema(NestedField(1, "id", LongType()), NestedField(2, "_kafka_partition", IntegerType()),
                 NestedField(3, "_kafka_offset", LongType()))


class ChangeCase(LakeTest):
    """Lines of a file are records; the sink is `lake`."""

    def setUp(self):
        super().setUp()
        self.source = self.worker.folder / "in.json"
        self.source.write_text("")
        self.written = 0

    def append(self, count=50):
        with open(self.source, "a") as out:
            for _ in range(count):
                out.write(json.dumps({"id": self.written}) + "\n")
                self.written += 1

    def launch(self, partitions=2, **more):
        self.worker.start(
            file_source("src", self.source, "orders", **{
                "topic.creation.default.partitions": str(partitions),
                "topic.creation.default.replication.factor": "1"}),
            {**lake_sink("lake", self.lake, "orders"),
             "iceberg.control.commit.interval-ms": "100",
             "lakehouse.broker.columns": "partition,offset", **more})

    def stop(self):
        """After all that was written has reached the topic."""
        self.wait(lambda: self.worker.offsets("src") == [{
            "partition": {"filename": str(self.source)},
            "offset": {"position": self.source.stat().st_size}}], what="the source's end")
        self.assertEqual(self.worker.stop(), 143)

    def run_all(self, count=50, **more):
        """A life that brings `count` more rows."""
        self.append(count)
        self.launch(**more)
        self.wait_ids(self.written)
        self.stop()

    def wait_ids(self, count):
        self.wait(lambda: len(self.lake.ids()) >= count, 60, f"{count} rows")

    def check(self):
        self.assertEqual(assert_each_once(self, self.lake, self.log, "orders"), self.written)

    def running(self):
        self.assertEqual(self.worker.state("lake"), ("RUNNING", ["RUNNING"]),
                         self.worker.process.output()[-3000:])

    def failure(self):
        """What the task says that fails."""
        self.wait(lambda: self.worker.state("lake")[1] == ["FAILED"], 60, "the end of the task")
        return self.worker.rest.get("/connectors/lake/status").json()["tasks"][0]["trace"]

    def head(self):
        return self.lake.table().metadata.current_snapshot_id

    def roll_back(self, snapshot):
        """By PyIceberg, whatever the sink does meanwhile."""
        def attempt():
            try:
                self.lake.table().manage_snapshots().rollback_to_snapshot(snapshot).commit()
                return True
            except CommitFailedException:
                return False
        return self.wait(attempt, what="a rollback")

    def drop(self):
        self.lake.catalog().drop_table("db.orders")

    def make(self):
        """A table of somebody else's."""
        return self.lake.catalog().create_table("db.orders", COLUMNS)


class RollbackTest(ChangeCase):
    def test_while_stopped_rows_that_went_are_read_again(self):
        self.run_all()
        kept = self.head()
        self.run_all()
        self.run_all()
        self.roll_back(kept)
        self.assertEqual(self.lake.count(), 50)
        self.run_all()
        self.check()

    def test_while_running_the_next_batch_is_fenced(self):
        self.append()
        self.launch(partitions=1)
        self.wait_ids(50)
        kept = self.head()
        self.append()
        self.wait_ids(100)
        self.roll_back(kept)
        self.append()
        self.wait_ids(150)
        self.assertIn("was fenced", self.worker.process.output())
        self.running()
        self.stop()
        self.check()

    def test_while_idle_it_is_seen_at_the_next_look(self):
        self.append()
        self.launch()
        self.wait_ids(50)
        kept = self.head()
        self.append()
        self.wait_ids(100)
        self.roll_back(kept)
        self.wait_ids(100)
        self.running()
        self.stop()
        self.check()

    def test_while_another_topic_goes_on_it_is_seen_too(self):
        """No batch of the topic that went is fenced: it gets no more records."""
        self.append()
        self.launch(partitions=1, topics="orders,others", **{
            "consumer.override.metadata.max.age.ms": "500"})
        self.wait_ids(50)
        kept = self.head()
        other = self.worker.folder / "other.json"
        other.write_text("".join(json.dumps({"id": 1000 + i}) + "\n" for i in range(50)))
        made = self.worker.rest.call("POST", "/connectors", {
            "name": "src2", "config": file_source("src2", other, "others")})
        self.assertEqual(made.status, 201, made.body)
        self.wait_ids(100)
        self.roll_back(kept)

        def back():
            self.append(5)
            return self.lake.ids() >= set(range(1000, 1050))

        self.wait(back, 60, "the rows that went")
        self.wait_ids(self.written + 50)
        self.running()
        self.stop()
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()),
                         [*range(self.written), *range(1000, 1050)])

    def before_all_offsets(self, **more):
        """Rolled back to a snapshot of somebody else's."""
        self.lake.catalog().create_tables()
        self.lake.catalog().create_namespace("db")
        self.make().append(pyarrow.Table.from_pylist([], COLUMNS.as_arrow()))
        first = self.head()
        self.run_all(**more)
        self.roll_back(first)
        self.assertEqual(self.lake.count(), 0)

    def test_before_all_offsets_the_policy_holds(self):
        self.before_all_offsets()
        self.run_all()
        self.check()

    def test_before_all_offsets_it_fails_when_asked(self):
        more = {"lakehouse.on.rollback": "fail"}
        self.before_all_offsets(**more)
        self.append()
        self.launch(**more)
        self.assertIn("the table was rolled back to before all offsets it had; set the connector's "
                      "offsets, or lakehouse.on.rollback=policy", self.failure())


class DropTest(ChangeCase):
    def test_while_stopped_it_is_a_new_table(self):
        self.run_all()
        self.drop()
        self.run_all()
        self.check()
        self.drop()
        self.append()
        self.launch(**{"lakehouse.start.policy": "latest"})
        self.wait(lambda: len(self.lake.offsets()) == 2, what="the pin")
        self.append()
        self.wait(lambda: self.written - 1 in self.lake.ids(), what="the newest row")
        self.stop()
        # The records of the first 100 lines were in the topic before the table was made.
        self.assertFalse(self.lake.ids() & set(range(100)))
        self.assertTrue(self.lake.ids() >= set(range(150, 200)))

    def test_while_running_it_is_made_anew(self):
        self.append()
        self.launch()
        self.wait_ids(50)
        self.drop()
        self.append()
        self.wait_ids(100)
        self.running()
        self.stop()
        self.check()

    def test_while_running_another_one_takes_its_place(self):
        self.append()
        self.launch()
        self.wait_ids(50)
        old = self.lake.table().metadata.table_uuid
        self.drop()
        self.make()
        self.append()
        self.wait_ids(100)
        self.assertNotEqual(self.lake.table().metadata.table_uuid, old)
        self.running()
        self.stop()
        self.check()

    def test_while_running_and_it_must_not_be_made(self):
        self.run_all()
        more = {"iceberg.tables.auto-create-enabled": "false"}
        self.append()
        self.launch(**more)
        self.wait_ids(100)
        self.drop()
        self.append()
        self.assertIn("opening table db.orders: there is none; create it, or set "
                      "iceberg.tables.auto-create-enabled=true", self.failure())
        self.make()
        self.worker.rest.call("POST", "/connectors/lake/tasks/0/restart")
        self.wait_ids(150)
        self.running()
        self.stop()
        self.check()


class FolderTest(ChangeCase):
    """Without a catalog; Java changes the table by its files."""

    kind = "hadoop"

    def setUp(self):
        super().setUp()
        self.java = JavaTables(self.lake)
        self.addCleanup(self.java.close)

    def test_while_running_it_is_rolled_back_and_dropped(self):
        self.append()
        self.launch()
        self.wait_ids(50)
        kept = self.head()
        self.append()
        self.wait_ids(100)
        self.java.call("rollback", snapshot=kept)
        self.append()
        self.wait_ids(150)
        self.assertEqual(self.lake.count(), 150)
        self.java.call("drop")
        self.assertIsNone(self.lake.table())
        self.append()
        self.wait_ids(200)
        self.running()
        self.stop()
        self.check()


if __name__ == "__main__":
    unittest.main()
