"""Records that are no rows: each reason with its code, in the dead letter topic or as the task's end."""

import json
import unittest

from lake import lake_sink
from lakehouse_flow_test import LakeTest
from log_tool import read_records, write_records
from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, LongType, NestedField, StringType

# Value of a record, and how the message of its letter begins.
BAD = [(b'"a bare string"', "NOT_OBJECT"), (b"17", "NOT_OBJECT"), (b"[1, 2]", "NOT_OBJECT"),
       (b"true", "NOT_OBJECT"), (None, "NULL_VALUE"),
       (b'{"id": 1, "place": {"x": 1}}', "NESTED_FIELD(place)"),
       (b'{"id": 1, "name": ["a"]}', "NESTED_FIELD(name)"),
       (b'{"id": "one"}', "TYPE_MISMATCH(id)"), (b'{"id": 1, "name": "\xff"}', None), (b'{"id": 1, "name": 2.5e}', None),
       (b'{"name": "x"}', "MISSING_REQUIRED(id)"), (b'{"id": null}', "MISSING_REQUIRED(id)"),
       (b'{"id": 1, "small": 2147483648}', "NUMBER_RANGE(small)"),
       (b'{"id": 1, "small": 1.5}', "NUMBER_RANGE(small)"),
       (b'{"id": 1, "odd": 2}', "UNKNOWN_FIELD(odd)")]
PREFIX = "__connect.errors."


def good(i):
    return json.dumps({"id": 100 + i, "small": i, "name": f"n{i}"}).encode()


class RejectTest(LakeTest):
    def setUp(self):
        super().setUp()
        catalog = self.lake.new_catalog()
        catalog.create_table("db.orders", Schema(
            NestedField(1, "id", LongType(), required=True), NestedField(2, "small", IntegerType()),
            NestedField(3, "name", StringType())))

    def sink(self, **more):
        return lake_sink("lake", self.lake, "orders", **{
            "iceberg.tables.auto-create-enabled": "false",
            "iceberg.tables.evolve-schema-enabled": "false", "lakehouse.unknown.fields": "reject",
            "lakehouse.null.values": "reject", "lakehouse.broker.columns": "", **more})

    def test_every_reason_is_in_the_dead_letters(self):
        values = [value for i, (bad, _) in enumerate(BAD) for value in (good(i), bad)]
        write_records("orders", [(None, value) for value in values], self.log)
        self.run_until(len(BAD), self.sink(**{
            "errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dlq",
            "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true"}))
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()),
                         [100 + i for i in range(len(BAD))])
        self.assertEqual(self.lake.offsets(), {("orders", 0): len(values)})
        letters = sorted((read_records("dlq", self.log)),
                         key=lambda r: int(dict(r.headers)[PREFIX + "offset"]))
        self.assertEqual([letter.value for letter in letters], [bad for bad, _ in BAD])
        for i, (letter, (_, code)) in enumerate(zip(letters, BAD)):
            headers = {key.removeprefix(PREFIX): value.decode() for key, value in letter.headers}
            with self.subTest(value=letter.value, headers=headers):
                self.assertEqual((headers["topic"], headers["partition"], headers["offset"],
                                  headers["connector.name"], headers["task.id"]),
                                 ("orders", "0", str(2 * i + 1), "lake", "0"))
                self.assertEqual(headers["exception.class.name"],
                                 "org.apache.kafka.connect.errors.DataException")
                if code is None:  # not JSON: the converter says so
                    self.assertEqual(headers["stage"], "VALUE_CONVERTER")
                    self.assertTrue(headers["exception.message"].startswith(
                        "Converting byte[] to Kafka Connect data failed due to serialization error: "))
                    continue
                self.assertEqual(headers["stage"], "TASK_PUT")
                message = headers["exception.message"]
                self.assertTrue(message.startswith(code), message)
                self.assertIn(f"(orders-0, offset {2 * i + 1}, table db.orders)", message)

    def test_without_tolerance_the_rows_before_are_committed_and_no_other(self):
        values = [good(i) for i in range(30)] + [b'{"id": "x"}'] + [good(i) for i in range(30, 40)]
        write_records("orders", [(None, value) for value in values], self.log)
        self.worker.start(self.sink())
        self.wait(lambda: self.worker.state("lake")[1] == ["FAILED"])
        trace = self.worker.rest.get("/connectors/lake/status").json()["tasks"][0]["trace"]
        self.assertIn("TYPE_MISMATCH(id)", trace)
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()),
                         [100 + i for i in range(30)])
        self.assertEqual(self.lake.offsets(), {("orders", 0): 30})

    def test_nested_values_as_text(self):
        write_records("orders", [(None, b'{"id": 1, "name": {"a": [1, 2]}}')], self.log)
        self.run_until(1, self.sink(**{"lakehouse.nested.handling": "stringify"}))
        (row,) = self.lake.rows()
        self.assertEqual(json.loads(row["name"]), {"a": [1, 2]})


if __name__ == "__main__":
    unittest.main()
