"""Where reading begins, and what REST says and changes of it: the table's own offsets."""

import json
import unittest

from lake import lake_sink
from lakehouse_flow_test import LakeTest, by_id, order


class StartTest(LakeTest):
    def pinned(self, **more):
        """Offsets that a life without a record leaves in the table, for partitions of 10 records."""
        self.produce("orders", [order(i) for i in range(20)], partitions=2)
        self.worker.start(lake_sink("lake", self.lake, "orders", **more))
        self.wait(lambda: len(self.lake.offsets()) == 2, what="offsets in the table")
        # Killed, so that nothing but the pin itself can have written them.
        first = self.lake.table().metadata.snapshots[0]
        self.worker.process.kill()
        stored = json.loads(first.summary["millrace.kafka.offsets"])
        (topics,) = stored["c"].values()
        return first, topics["orders"]

    def test_earliest_is_pinned_before_the_first_record(self):
        snapshot, offsets = self.pinned()
        self.assertEqual(offsets, {"0": 0, "1": 0})
        self.assertEqual(snapshot.summary.additional_properties.get("total-records", "0"), "0")

    def test_latest_holds_over_a_kill(self):
        _, offsets = self.pinned(**{"lakehouse.start.policy": "latest"})
        self.assertEqual(offsets, {"0": 10, "1": 10})
        self.produce("orders", [order(i) for i in range(20, 40)], partitions=2)
        self.run_until(20, lake_sink("lake", self.lake, "orders",
                                     **{"lakehouse.start.policy": "latest"}))
        self.assertEqual([row["id"] for row in by_id(self.lake.rows())], list(range(20, 40)))

    def test_a_policy_of_the_topic_stands_over_the_common_one(self):
        _, offsets = self.pinned(**{"lakehouse.start.policies": "orders:latest,other:earliest"})
        self.assertEqual(offsets, {"0": 10, "1": 10})

    def test_custom_offsets_stand_over_policies(self):
        _, offsets = self.pinned(**{"lakehouse.start.policy": "latest",
                                    "lakehouse.start.offsets": "orders:3,orders:1:7"})
        self.assertEqual(offsets, {"0": 3, "1": 7})

    def test_custom_offsets_do_not_stand_over_the_tables(self):
        self.pinned(**{"lakehouse.start.policy": "latest"})
        self.produce("orders", [order(20)])
        self.run_until(1, lake_sink("other", self.lake, "orders",
                                    **{"lakehouse.start.offsets": "orders:0"}))


class RestOffsetsTest(LakeTest):
    def request(self, method, body=None):
        return self.worker.rest.call(method, "/connectors/lake/offsets", body)

    def entry(self, offset):
        return {"partition": {"kafka_topic": "orders", "kafka_partition": 0}, "offset": offset}

    def test_they_are_read_moved_and_forgotten(self):
        self.produce("orders", [order(i) for i in range(100)])
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        self.wait_count(100)
        self.assertEqual(self.request("GET").json(), {"offsets": [self.entry({"kafka_offset": 100})]})
        refused = self.request("PATCH", {"offsets": [self.entry({"kafka_offset": 90})]})
        self.assertEqual(refused.status, 400)
        self.assertIn("must be in the STOPPED state", refused.json()["message"])

        self.worker.rest.call("PUT", "/connectors/lake/stop")
        self.wait(lambda: self.worker.state("lake") == ("STOPPED", []))
        moved = self.request("PATCH", {"offsets": [self.entry({"kafka_offset": 90})]})
        self.assertEqual(moved.status, 200, moved.body)
        self.assertEqual(self.lake.offsets(), {("orders", 0): 90})
        self.assertEqual(self.request("GET").json(), {"offsets": [self.entry({"kafka_offset": 90})]})
        self.worker.rest.call("PUT", "/connectors/lake/resume")
        self.wait_count(110)
        self.wait(lambda: self.lake.offsets() == {("orders", 0): 100}, what="the end again")

        self.worker.rest.call("PUT", "/connectors/lake/stop")
        self.wait(lambda: self.worker.state("lake") == ("STOPPED", []))
        reset = self.request("DELETE")
        self.assertEqual(reset.status, 200, reset.body)
        self.assertEqual(self.request("GET").json(), {"offsets": []})
        self.worker.rest.call("PUT", "/connectors/lake/resume")
        self.wait_count(210)


if __name__ == "__main__":
    unittest.main()
