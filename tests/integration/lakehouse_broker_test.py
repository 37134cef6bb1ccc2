"""The lakehouse sink on a real Kafka broker: two tasks, a resume, a rebalance, keys of the cluster."""

import json
import unittest

from flow import FlowTest, bootstrap, unique
from lake import Lake, lake_sink
from log_tool import write_records
from workers import Millrace

PARTITIONS = 4


class BrokerTest(FlowTest):
    def setUp(self):
        self.log = {"bootstrap.servers": bootstrap(), "partitions": str(PARTITIONS)}
        self.worker = Millrace({"bootstrap.servers": bootstrap()})
        self.addCleanup(self.worker.close)
        self.lake = Lake(self.worker.folder / "lake")
        self.topic, self.name = unique("orders"), unique("lake")

    def produce(self, first, end):
        write_records(self.topic, [(None, json.dumps({"id": i, "text": f"t{i}"}).encode())
                                   for i in range(first, end)], self.log)

    def wait_count(self, count):
        self.wait(lambda: self.lake.count() >= count, 60, f"{count} rows")
        places = self.lake.places()
        self.assertEqual((sum(places.values()), len(places)), (count, count))

    def test_two_tasks_another_number_and_another_name(self):
        self.produce(0, 4000)
        sink = lake_sink(self.name, self.lake, self.topic,
                         **{"tasks.max": "2", "lakehouse.flush.rows": "300"})
        self.worker.start(sink)
        self.wait_count(4000)
        self.assertEqual(self.worker.rest.call("PATCH", f"/connectors/{self.name}/config",
                                               {"tasks.max": "3"}).status, 200)
        self.produce(4000, 8000)
        self.wait_count(8000)
        self.worker.wait_running(self.name, 3)
        self.assertEqual(self.worker.stop(), 143)
        self.produce(8000, 9000)
        self.worker.start({**sink, "name": unique("other"), "lakehouse.start.policy": "latest"})
        self.wait_count(9000)
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), list(range(9000)))
        self.assertEqual(self.lake.offsets(), {(self.topic, p): 2250 for p in range(PARTITIONS)})

    def test_latest_is_the_same_place_after_a_kill(self):
        self.produce(0, 400)
        sink = lake_sink(self.name, self.lake, self.topic,
                         **{"lakehouse.start.policy": "latest",
                            "consumer.override.session.timeout.ms": "6000"})
        self.worker.start(sink)
        self.wait(lambda: len(self.lake.offsets()) == PARTITIONS, what="the pin")
        self.worker.process.kill()
        self.produce(400, 800)
        self.worker.start(sink)
        self.wait_count(400)
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), list(range(400, 800)))

    def dynamic_counts(self):
        return {table: self.lake.count(table) for table in ("db.t0", "db.t1", "db.t2")}

    def test_tables_that_records_name(self):
        """Latest is committed for the group before the first record is read, by two tasks."""
        def produce(first, end):
            write_records(self.topic, [(None, json.dumps({"id": i, "kind": f"db.t{i % 3}"}).encode())
                                       for i in range(first, end)], self.log)

        produce(0, 400)
        sink = lake_sink(self.name, self.lake, self.topic, **{
            "iceberg.tables.dynamic-enabled": "true", "iceberg.tables.route-field": "kind",
            "tasks.max": "2", "lakehouse.start.policy": "latest", "lakehouse.flush.rows": "200",
            "consumer.override.session.timeout.ms": "6000"})
        del sink["iceberg.tables"]
        self.worker.start(sink)
        self.wait(lambda: len(self.worker.offsets(self.name)) == PARTITIONS, 60, "the group's offsets")
        self.worker.process.kill()
        produce(400, 1000)
        self.worker.start(sink)
        self.wait(lambda: sum(self.dynamic_counts().values()) >= 600, 60, "600 rows")
        self.worker.rest.call("PATCH", f"/connectors/{self.name}/config", {"tasks.max": "3"})
        produce(1000, 4000)
        self.wait(lambda: sum(self.dynamic_counts().values()) >= 3600, 60, "3600 rows")
        ends = {p: 4000 // PARTITIONS for p in range(PARTITIONS)}
        self.wait(lambda: {entry["partition"]["kafka_partition"]: entry["offset"]["kafka_offset"]
                           for entry in self.worker.offsets(self.name)} == ends, 60, "the ends")
        self.assertEqual(self.worker.stop(), 143)
        for table in range(3):
            self.assertEqual(sorted(row["id"] for row in self.lake.rows(f"db.t{table}")),
                             [i for i in range(400, 4000) if i % 3 == table])


if __name__ == "__main__":
    unittest.main()
