"""Schemas that change under a running sink, and what becomes of hostile rows."""

import json
import os
import random
import unittest
from decimal import Decimal

from lake import lake_sink
from lakehouse_flow_test import LakeTest, by_id
from log_tool import read_records, write_records
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (FloatType, IntegerType, ListType, NestedField, StringType, StructType)

DLQ = {"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dlq",
       "errors.deadletterqueue.topic.replication.factor": "1",
       "errors.deadletterqueue.context.headers.enable": "true"}
MESSAGE = "__connect.errors.exception.message"


def without_nulls(value):
    """What is null, or has nothing in it, may be a column or none."""
    if isinstance(value, dict):
        kept = {name: without_nulls(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one is not None} or None
    if isinstance(value, list):
        return [without_nulls(one) for one in value] or None
    return value


class EvolvingTest(LakeTest):
    def create(self, schema, **more):
        catalog = self.lake.new_catalog()
        catalog.create_table("db.orders", schema, **more)

    def types(self):
        return {field.name: str(field.field_type) for field in self.lake.table().schema().fields}

    def by_offset(self):
        return {row["_kafka_offset"]: row for row in self.lake.rows()}

    def letters(self):
        return {int(dict(letter.headers)["__connect.errors.offset"]):
                dict(letter.headers)[MESSAGE].decode() for letter in read_records("dlq", self.log)}


class EvolutionTest(EvolvingTest):
    def test_columns_become_wider_and_optional(self):
        """Files and partitions that were begun before stay readable with those after."""
        self.create(Schema(
            NestedField(1, "i", IntegerType(), required=True),
            NestedField(2, "f", FloatType(), required=False),
            NestedField(3, "place", StructType(NestedField(4, "x", IntegerType(), required=True)),
                        required=False),
            NestedField(5, "items", ListType(6, StructType(
                NestedField(7, "n", IntegerType(), required=False)), element_required=True),
                required=False)),
            partition_spec=PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "i")))
        records = [{"i": 1, "f": 0.5, "place": {"x": 1}, "items": [{"n": 1}]},
                   {"i": 2, "f": 1.5},
                   {"i": 1 << 40, "f": 1e300, "place": {"x": 1 << 33, "y": "new"}},
                   {"f": 2.5, "place": {"y": "no x"}, "items": [{"n": 1 << 34, "m": True}, {}]},
                   {"i": 1, "items": [{"n": 5}, {"m": False}]}]
        self.produce("orders", records)
        self.run_until(len(records), lake_sink("lake", self.lake, "orders", **{
            "lakehouse.nested.handling": "struct", "lakehouse.broker.columns": ""}))
        self.assertEqual({name: self.types()[name] for name in ("i", "f")},
                         {"i": "long", "f": "double"})
        self.assertFalse(self.lake.table().schema().find_field("i").required)
        key = lambda row: json.dumps(without_nulls(row), sort_keys=True)
        self.assertEqual(sorted(map(key, self.lake.rows())), sorted(map(key, records)))
        (row,) = self.lake.table().scan(row_filter=f"i == {1 << 40}").to_arrow().to_pylist()
        self.assertEqual(row["place"], {"x": 1 << 33, "y": "new"})
        self.assertEqual(self.lake.table().scan(row_filter="i == 1").to_arrow().num_rows, 2)

    def test_hostile_rows_leave_the_table_usable(self):
        wide = {f"w{i}": i for i in range(10_000)}
        deep = 1
        for _ in range(900):
            deep = {"o": deep}
        good = [{"id": i, "at": "2026-01-02T03:04:05Z"} for i in range(3)]
        values = [good[0], wide, {"id": 1, "deep": deep}, good[1], {"id": 1, "": 2},
                  {"id": 1, "big": "x" * 3000}, good[2]]
        self.produce("orders", values)
        self.run_until(3, lake_sink("lake", self.lake, "orders", **DLQ, **{
            "lakehouse.nested.handling": "struct", "lakehouse.value.max.bytes": "2000",
            "lakehouse.timestamp.columns": "at"}))
        self.assertEqual(self.types(), {"_kafka_topic": "string", "_kafka_partition": "int",
                                        "_kafka_offset": "long", "id": "long",
                                        "at": "timestamptz"})
        letters = self.letters()
        self.assertEqual({at: text.split(":")[0] for at, text in letters.items() if at != 1},
                         {2: "NESTED_FIELD(deep)", 4: "UNKNOWN_FIELD", 5: "TOO_LARGE(big)"})
        self.assertTrue(letters[1].startswith("UNKNOWN_FIELD(w"), letters[1])
        self.assertIn("lakehouse.columns.max", letters[1])

    def test_flattened_records(self):
        self.produce("orders", [{"id": 0, "a": {"b": 1, "c": {"d": "x"}}, "l": [1, {"e": 2}]},
                                {"id": 1, "a": {"b": 2}, "a_b": 3}, {"id": 2, "a": None}])
        self.run_until(2, lake_sink("lake", self.lake, "orders", **DLQ, **{
            "lakehouse.nested.handling": "flatten"}))
        rows = self.by_offset()
        self.assertEqual((rows[0]["a_b"], rows[0]["a_c_d"], json.loads(rows[0]["l"])),
                         (1, "x", [1, {"e": 2}]))
        self.assertEqual((rows[2]["id"], rows[2]["a_b"]), (2, None))
        self.assertTrue(self.letters()[1].startswith("DUPLICATE_KEY(a_b)"), self.letters())

    def test_a_partition_whose_columns_do_not_come(self):
        self.produce("orders", [{"id": 0}])
        self.worker.start(lake_sink("lake", self.lake, "orders", **{
            "iceberg.tables.default-partition-by": "day(att)"}))
        self.wait(lambda: self.worker.state("lake")[1] == ["FAILED"])
        trace = self.worker.rest.get("/connectors/lake/status").json()["tasks"][0]["trace"]
        self.assertIn("names a column that the table does not have", trace)
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual(self.lake.count(), 0)
        self.produce("orders", [{"id": 1, "att": "2026-01-02"}, {"id": 2, "att": "2026-01-03"}])
        self.run_until(3, lake_sink("other", self.lake, "orders", **{
            "iceberg.tables.default-partition-by": "day(att)",
            "lakehouse.timestamp.columns": "att"}))
        self.assertEqual([field.name for field in self.lake.table().spec().fields], ["att_day"])
        self.assertEqual(sorted(row["id"] for row in self.lake.rows()), [0, 1, 2])


class RandomRecordsTest(EvolvingTest):
    """Any records, one table: what is not in the dead letters is in the table as it was sent."""

    def value(self, depth=0):
        kinds = ["int", "int", "real", "text", "bool", "null"] + (["object", "list"] if depth < 3 else [])
        kind = self.random.choice(kinds)
        if kind == "object":
            return {name: self.value(depth + 1) for name in self.names(3)}
        if kind == "list":
            element = self.value(depth + 1)
            return [element] * self.random.randrange(3)
        return {"int": self.random.choice([0, 1, -5, 1 << 31, -(1 << 60)]),
                "real": self.random.choice([0.5, -1.25, 1e300]),
                "text": self.random.choice(["", "x", "7", "true", "Büch \U0001f4d6", "a\nb"]),
                "bool": self.random.random() < 0.5, "null": None}[kind]

    def names(self, most):
        pool = ["a", "b", "B", "a.b", "über", "\U0001f4d6", "x y", "a_b", "element", "key"]
        return self.random.sample(pool, self.random.randrange(most + 1))

    def equal(self, sent, read):
        """Numbers and booleans may be text in the table, and the other way round."""
        sent, read = without_nulls(sent), without_nulls(read)
        if isinstance(sent, dict):
            return isinstance(read, dict) and sent.keys() == read.keys() and all(
                self.equal(sent[name], read[name]) for name in sent)
        if isinstance(sent, list):
            return isinstance(read, list) and len(sent) == len(read) and all(
                self.equal(one, other) for one, other in zip(sent, read))
        if sent is None or type(sent) is type(read):
            return sent == read
        if isinstance(read, str):
            if isinstance(sent, bool):
                return read == str(sent).lower()
            return not isinstance(sent, str) and float(read) == float(sent)
        if isinstance(sent, str):
            return sent.lower() == str(read).lower() or float(sent) == read
        return float(sent) == float(read)

    def test_accepted_rows_read_back_equal(self):
        seed = int(os.environ.get("MILLRACE_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
        self.random = random.Random(seed)
        with self.subTest(MILLRACE_TEST_SEED=seed):
            records = [{"n": i, **{name: self.value() for name in self.names(5)}} for i in range(600)]
            self.produce("orders", records)
            self.worker.start(lake_sink("lake", self.lake, "orders", **DLQ, **{
                "lakehouse.nested.handling": "struct", "lakehouse.flush.rows": "100"}))
            self.wait(lambda: self.lake.offsets() == {("orders", 0): len(records)}, 90)
            self.assertEqual(self.worker.stop(), 143)
            rows, letters = self.by_offset(), self.letters()
            self.assertEqual(sorted([*rows, *letters]), list(range(len(records))))
            self.assertGreater(len(rows), 50)
            for offset, row in rows.items():
                read = {name: value for name, value in row.items() if not name.startswith("_kafka_")}
                self.assertTrue(self.equal(records[offset], read), (seed, offset, records[offset], read))
            known = ("TYPE_MISMATCH(", "NUMBER_RANGE(", "NESTED_FIELD(", "DUPLICATE_KEY(")
            for offset, text in letters.items():
                self.assertTrue(text.startswith(known), (seed, offset, records[offset], text))


class NewTableTest(LakeTest):
    def test_whole_numbers_beyond_64_bits(self):
        big = 2**64 + 1
        for kind, want in (("decimal", Decimal(big)), ("string", str(big))):
            table = f"db.{kind}s"
            self.produce(kind, [{"id": i, "big": big * 10**i} for i in range(3)])
            self.run_until(3, lake_sink(kind, self.lake, kind, table=table, **{
                "value.converter.millrace.big.integers": "decimal", "lakehouse.big.integers": kind}),
                table=table)
            self.assertEqual(by_id(self.lake.rows(table))[0]["big"], want)

    def test_the_first_records_make_the_columns_whether_it_evolves_or_not(self):
        """As under Apache's sink; what comes later is left out."""
        sink = lake_sink("lake", self.lake, "orders", **{"iceberg.tables.evolve-schema-enabled": "false",
                                                         "lakehouse.broker.columns": ""})
        self.produce("orders", [{"id": i, "item": f"i{i}"} for i in range(10)])
        self.run_until(10, sink)
        self.produce("orders", [{"id": i, "item": f"i{i}", "late": i} for i in range(10, 20)])
        self.run_until(20, sink)
        self.assertEqual(by_id(self.lake.rows()), [{"id": i, "item": f"i{i}"} for i in range(20)])


if __name__ == "__main__":
    unittest.main()
