"""Topics that are compacted, have transactions that were aborted, lose records, are made anew or get more
partitions, on a real broker: the table's offsets go past what is not there, and nothing else is missed."""

import json
import unittest

from flow import FlowTest, unique
from json_program import JsonProgram
from kafka_broker import Broker, class_path
from lake import Lake, lake_sink
from workers import Millrace


class TopicCase(FlowTest):
    """A broker of its own: one that compacts at once."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(settings={"log.cleaner.backoff.ms": "100",
                                      "log.initial.task.delay.ms": "100",
                                      "auto.create.topics.enable": "false"}).start()
        cls.addClassCleanup(cls.broker.close)
        cls.tool = JsonProgram("TopicTool.java", class_path(), cls.broker.bootstrap)
        cls.addClassCleanup(cls.tool.close)

    def setUp(self):
        self.worker = Millrace({"bootstrap.servers": self.broker.bootstrap})
        self.addCleanup(self.worker.close)
        self.lake = Lake(self.worker.folder / "lake")
        self.topic, self.name = unique("orders"), unique("lake")
        self.written = 0

    def create(self, partitions=1, **configs):
        self.tool.call("create", topic=self.topic, partitions=partitions, configs=configs)

    def write(self, count, partitions=(0,), keys=None, **more):
        """Returns the ids; over the partitions in turn."""
        ids = range(self.written, self.written + count)
        self.written += count
        self.tool.call("write", topic=self.topic, records=[
            [partitions[i % len(partitions)], f"k{i % keys}" if keys else None,
             json.dumps({"id": i})] for i in ids], **more)
        return set(ids)

    def sink(self, **more):
        return lake_sink(self.name, self.lake, self.topic, **{
            "consumer.override.metadata.max.age.ms": "500",
            "iceberg.control.commit.interval-ms": "100", **more})

    def run_until(self, ids, **more):
        self.worker.start(self.sink(**more))
        self.wait_ids(ids)
        self.stop()

    def wait_ids(self, ids):
        self.wait(lambda: self.lake.ids() >= ids, 60, f"{len(ids)} rows")

    def stop(self):
        self.assertEqual(self.worker.stop(), 143)

    def failure(self):
        self.wait(lambda: self.worker.state(self.name)[1] == ["FAILED"], 60, "the end of the task")
        return self.worker.rest.get(f"/connectors/{self.name}/status").json()["tasks"][0]["trace"]

    def check(self, ids):
        """Each once; where it is in the topic, once."""
        rows = self.lake.rows()
        self.assertEqual(sorted(row["id"] for row in rows), sorted(ids))
        self.assertEqual(len(self.lake.places()), len(rows))

    def check_against_a_reader(self, more=()):
        """The rows are the records that Java reads, and those of `more`, which it does not any more."""
        records = self.tool.call("read", topic=self.topic)["records"]
        self.check({json.loads(value)["id"] for _, _, _, value in records if value} | set(more))
        places = {(partition, offset) for partition, offset, _, value in records if value}
        self.assertLessEqual(places, set(self.lake.places()))


class TopicsTest(TopicCase):
    def test_a_compacted_topic_has_holes(self):
        keys = 50
        self.create(**{"cleanup.policy": "compact", "segment.ms": "50", "min.compaction.lag.ms": "0",
                       "min.cleanable.dirty.ratio": "0.001"})

        def compact(kept):
            """New segments, until of those before only the last record of each key is there."""
            def done():
                self.write(1, keys=1)
                return len(self.tool.call("read", topic=self.topic)["records"]) <= kept
            self.tool.call("set", topic=self.topic, key="cleanup.policy", value="compact")
            self.wait(done, 60, "a compaction")
            self.tool.call("set", topic=self.topic, key="cleanup.policy", value="delete")

        self.write(500, keys=keys)
        compact(keys + 10)
        first = self.tool.call("read", topic=self.topic)
        ids = {json.loads(value)["id"] for _, _, _, value in first["records"]}
        self.assertLess(len(ids), 100)
        self.run_until(ids)
        self.check_against_a_reader()
        self.assertEqual(self.lake.offsets(), {(self.topic, 0): first["ends"]["0"]})
        # What the table's offset says is a hole itself in the next life.
        self.write(500, keys=keys)
        compact(keys + 10)
        second = self.tool.call("read", topic=self.topic)
        self.assertNotIn(first["ends"]["0"], {offset for _, offset, _, _ in second["records"]})
        later = {json.loads(value)["id"] for _, _, _, value in second["records"]}
        self.run_until(later | ids)
        self.check_against_a_reader(ids)
        self.assertEqual(self.lake.offsets(), {(self.topic, 0): second["ends"]["0"]})

    def test_aborted_transactions_are_no_rows(self):
        self.create()
        committed = self.write(50, end="commit")
        self.write(50, end="abort")
        committed |= self.write(30, end="commit")
        self.write(20, end="abort")
        more = {"consumer.override.isolation.level": "read_committed"}
        self.run_until(committed, **more)
        self.check_against_a_reader()
        self.check(committed)
        # 50 + marker + 50 + marker + 30, then what nobody reads.
        self.assertGreaterEqual(self.lake.offsets()[self.topic, 0], 132)
        self.write(20, end="abort")
        committed |= self.write(10, end="commit")
        self.run_until(committed, **more)
        self.check(committed)
        self.check_against_a_reader()

    def test_tombstones_alone_move_the_offsets_by_an_empty_snapshot(self):
        self.create()
        ids = self.write(10)
        self.run_until(ids)
        self.tool.call("write", topic=self.topic, records=[[0, f"k{i}", None] for i in range(500)])
        self.worker.start(self.sink())
        self.wait(lambda: self.lake.offsets() == {(self.topic, 0): 510}, what="the offset")
        self.stop()
        head = self.lake.table().current_snapshot().summary.additional_properties
        self.assertNotIn("added-data-files", head)
        self.assertEqual(head["total-records"], "10")
        ids |= self.write(5)
        self.run_until(ids)
        self.check(ids)
        self.check_against_a_reader()

    def test_new_partitions_are_read_from_their_beginning(self):
        """Whatever the policy: what they have is new. While the sink runs, and while it does not."""
        self.create(partitions=2)
        self.write(100, (0, 1))
        more = {"lakehouse.start.policy": "latest", "tasks.max": "2"}
        self.worker.start(self.sink(**more))
        self.wait(lambda: len(self.lake.offsets()) == 2, what="the pin")
        ids = self.write(20, (0, 1))
        self.wait_ids(ids)
        self.tool.call("grow", topic=self.topic, partitions=4)
        ids |= self.write(200, (0, 1, 2, 3))  # before the sink knows of them
        self.wait_ids(ids)
        self.stop()
        self.tool.call("grow", topic=self.topic, partitions=6)
        ids |= self.write(60, (0, 1, 2, 3, 4, 5))
        self.run_until(ids, **more)
        self.check(ids)
        self.assertEqual(self.lake.offsets(), {(self.topic, 0): 120, (self.topic, 1): 120,
                                               (self.topic, 2): 60, (self.topic, 3): 60,
                                               (self.topic, 4): 10, (self.topic, 5): 10})


class LostRecordsTest(TopicCase):
    """The log does not have the table's offset any more."""

    def make_anew(self, **configs):
        self.tool.call("delete", topic=self.topic)
        self.create(**configs)

    def test_a_topic_made_anew_while_stopped(self):
        self.create()
        ids = self.write(100)
        self.run_until(ids)
        self.make_anew()
        self.write(20)
        self.worker.start(self.sink())
        self.assertIn(f"opening {self.topic}-0: the table has offset 100, and the log has 0 to 20: "
                      "records are gone, or the topic was made anew; set the connector's offsets, or "
                      "lakehouse.offset.out.of.range to earliest or latest", self.failure())
        self.stop()
        self.assertEqual(self.lake.ids(), ids)
        self.worker.start(self.sink(**{"lakehouse.offset.out.of.range": "latest"}))
        self.wait(lambda: self.lake.offsets() == {(self.topic, 0): 20}, what="the pin")
        ids |= self.write(10)
        self.wait_ids(ids)
        self.stop()
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), sorted(ids))
        self.make_anew()
        ids |= self.write(5)
        self.run_until(ids, **{"lakehouse.offset.out.of.range": "earliest"})
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), sorted(ids))
        self.assertEqual(self.lake.offsets(), {(self.topic, 0): 5})

    def test_records_that_went_before_they_were_read(self):
        self.create()
        ids = self.write(10)
        self.run_until(ids)
        self.write(50)
        self.tool.call("cut", topic=self.topic, before=40)
        self.worker.start(self.sink())
        self.assertIn("the table has offset 10, and the log has 40 to 60", self.failure())
        self.stop()
        ids |= set(range(40, 60))
        self.run_until(ids, **{"lakehouse.offset.out.of.range": "earliest"})
        self.check(ids)

    def went_while_paused(self, **more):
        """The consumer's place is not in the log any more when it goes on."""
        self.create()
        ids = self.write(10)
        self.worker.start(self.sink(**more))
        self.wait_ids(ids)
        self.worker.rest.call("PUT", f"/connectors/{self.name}/pause")
        self.wait(lambda: self.worker.state(self.name) == ("PAUSED", ["PAUSED"]), what="the pause")
        self.write(50)
        self.tool.call("cut", topic=self.topic, before=40)
        self.worker.rest.call("PUT", f"/connectors/{self.name}/resume")
        return ids

    def test_records_that_went_while_it_was_paused_fail_the_task(self):
        ids = self.went_while_paused()
        self.assertIn("the table has offset 10, and the log has 40 to 60", self.failure())
        self.check(ids)

    def test_records_that_went_while_it_was_paused_are_passed_over_when_asked(self):
        ids = self.went_while_paused(**{"lakehouse.offset.out.of.range": "earliest"})
        self.wait_ids(ids | set(range(40, 60)))
        self.check(ids | set(range(40, 60)))

    def made_anew_while_running(self, **more):
        self.create()
        ids = self.write(100)
        self.worker.start(self.sink(**more))
        self.wait_ids(ids)
        self.make_anew()
        return ids, self.write(20)

    def test_a_topic_made_anew_while_running_fails_the_task(self):
        ids, _ = self.made_anew_while_running()
        self.assertIn("the table has offset 100, and the log has 0 to ", self.failure())
        self.assertEqual(self.lake.ids(), ids)

    def test_a_topic_made_anew_while_running_is_read_from_its_beginning(self):
        ids, new = self.made_anew_while_running(**{"lakehouse.offset.out.of.range": "earliest"})
        self.wait_ids(ids | new)
        self.stop()
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), sorted(ids | new))


if __name__ == "__main__":
    unittest.main()
