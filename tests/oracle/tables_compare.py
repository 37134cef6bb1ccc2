"""Tables of ours read and changed by PyIceberg, and the other way round: in a SQLite catalog and in the
layout of file system catalogs. Single values and transforms of random values are compared too.

    PYTHON tests/oracle/tables_compare.py --native build/dev/bin/table_oracle [--seed N]
"""

import argparse
import decimal
import json
import random
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid
from pathlib import Path

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.conversions import to_bytes
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform,
                                  MonthTransform, TruncateTransform, YearTransform)
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType,
                             FloatType, IntegerType, ListType, LongType, MapType, NestedField,
                             StringType, StructType, TimestampType, TimestamptzType, TimeType,
                             UUIDType)

OPTIONS = None
TABLE = "db.orders"

SCHEMA = Schema(
    NestedField(10, "id", LongType(), required=True, doc="key"),
    NestedField(20, "ts", TimestamptzType(), required=False),
    NestedField(30, "place", StructType(NestedField(31, "x", FloatType(), required=True),
                                        NestedField(32, "tags", ListType(33, StringType(), False))),
                required=False),
    NestedField(40, "by", MapType(41, StringType(), 42, DecimalType(20, 3), value_required=False)),
    *[NestedField(50 + i, f"c{i}", kind, required=False) for i, kind in enumerate([
        BooleanType(), IntegerType(), DoubleType(), DateType(), TimeType(), TimestampType(),
        UUIDType(), FixedType(5), BinaryType(), DecimalType(9, 2)])],
    identifier_field_ids=[10])
PARTITION_BY = "day(ts), bucket(id, 16), c1"


def shape(schema):
    """Names, types and what is required, at any depth, without ids."""
    def of(kind):
        if isinstance(kind, (StructType, Schema)):
            return [(f.name, f.required, f.doc, of(f.field_type)) for f in kind.fields]
        if isinstance(kind, ListType):
            return ["list", kind.element_required, of(kind.element_type)]
        if isinstance(kind, MapType):
            return ["map", of(kind.key_type), kind.value_required, of(kind.value_type)]
        return str(kind)
    return of(schema)


def native(*arguments, text=None):
    done = subprocess.run([OPTIONS.native, *arguments], input=text, capture_output=True, text=True,
                          timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.warehouse = f"file://{self.folder}/warehouse"
        self.sql = f"type=jdbc;uri=jdbc:sqlite:{self.folder}/catalog.db;warehouse={self.warehouse}"
        self.files = f"type=hadoop;warehouse={self.warehouse}"

    def catalog(self):
        made = SqlCatalog("lake", uri=f"sqlite:///{self.folder}/catalog.db",
                          warehouse=self.warehouse)
        self.addCleanup(made.close)
        return made

    def create_ours(self, settings):
        native(settings, TABLE, "create", SCHEMA.model_dump_json(), PARTITION_BY)

    def document(self, settings):
        return json.loads(native(settings, TABLE, "document"))

    def check_ours(self, table):
        self.assertEqual(shape(table.schema()), shape(SCHEMA))
        self.assertEqual(table.schema().identifier_field_ids, [1])
        self.assertEqual([(f.name, str(f.transform), f.field_id) for f in table.spec().fields],
                         [("ts_day", "day", 1000), ("id_bucket", "bucket[16]", 1001),
                          ("c1", "identity", 1002)])
        self.assertEqual(table.properties["owner"], "é")
        self.assertEqual(table.metadata.format_version, 2)
        self.assertIsNone(table.current_snapshot())

    def test_ours_in_sqlite_is_loaded_and_changed_by_pyiceberg(self):
        self.create_ours(self.sql)
        table = self.catalog().load_table(TABLE)
        self.check_ours(table)
        with table.transaction() as change:
            change.set_properties(n="1")
        with table.update_schema() as change:
            change.add_column("note", StringType())
        native(self.sql, TABLE, "promote", "c1", "long")
        native(self.sql, TABLE, "add-column", "more", "decimal(9, 2)")
        table.refresh()
        self.assertEqual(str(table.schema().find_field("c1").field_type), "long")
        self.assertEqual(table.schema().find_field("more").field_id,
                         table.schema().find_field("note").field_id + 1)
        self.assertEqual(self.document(self.sql)["properties"]["n"], "1")
        self.assertEqual(len(table.metadata.metadata_log), 4)

    def test_ours_are_given_ids_as_pyiceberg_gives_them(self):
        self.create_ours(self.sql)
        ours = self.catalog().load_table(TABLE)
        theirs = self.catalog().create_table("db.theirs", SCHEMA)
        self.assertEqual(ours.schema().fields, theirs.schema().fields)

    def test_ours_on_files_is_loaded_by_pyiceberg(self):
        self.create_ours(self.files)
        native(self.files, TABLE, "set", "n", "2")
        table = StaticTable.from_metadata(f"{self.warehouse}/db/orders")
        self.assertTrue(table.metadata_location.endswith("/metadata/v2.metadata.json"))
        self.check_ours(table)
        self.assertEqual(table.properties["n"], "2")

    def test_manifests_that_a_commit_merged_are_read_by_pyiceberg(self):
        self.create_ours(self.files)
        native(self.files, TABLE, "set", "commit.manifest.min-count-to-merge", "3")
        native(self.files, TABLE, "commit", "6")
        table = StaticTable.from_metadata(f"{self.warehouse}/db/orders")
        manifests = table.current_snapshot().manifests(table.io)
        self.assertEqual([(m.added_files_count, m.existing_files_count, m.min_sequence_number)
                          for m in manifests], [(1, 0, 6), (1, 4, 1)])
        entries = [e for m in manifests for e in m.fetch_manifest_entry(table.io)]
        self.assertEqual([e.sequence_number for e in entries], [6, 5, 4, 3, 2, 1])
        self.assertEqual([e.file_sequence_number for e in entries], [6, 5, 4, 3, 2, 1])
        made = {s.sequence_number: s.snapshot_id for s in table.snapshots()}
        self.assertEqual([e.snapshot_id for e in entries], [made[n] for n in range(6, 0, -1)])
        files = {Path(t.file.file_path).name: t.file.record_count for t in table.scan().plan_files()}
        self.assertEqual(files, {f"{i}.parquet": i + 1 for i in range(6)})
        one = table.scan(row_filter="c1 = 3").plan_files()
        self.assertEqual([Path(t.file.file_path).name for t in one], ["3.parquet"])
        self.assertEqual(table.current_snapshot().summary["manifests-kept"], "1")

    def create_theirs(self):
        catalog = self.catalog()
        catalog.create_namespace("db")
        schema = Schema(NestedField(1, "id", LongType(), required=False),
                        NestedField(2, "kind", StringType(), required=False))
        spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "kind"))
        table = catalog.create_table(TABLE, schema, partition_spec=spec)
        rows = pyarrow.table({"id": [1, 2, 3], "kind": ["a", "b", None]})
        table.append(rows)
        table.append(rows)
        return table

    def test_theirs_is_loaded_and_changed_by_us(self):
        table = self.create_theirs()
        location = native(self.sql, TABLE, "location").strip()
        self.assertEqual(location, table.metadata_location)
        text = Path(location.removeprefix("file://")).read_text()
        self.assertEqual(self.document(self.sql), json.loads(text))
        native(self.sql, TABLE, "set", "n", "1")
        native(self.sql, TABLE, "add-column", "note", "string")
        before = table.metadata
        table.refresh()
        self.assertEqual(table.metadata.snapshots, before.snapshots)
        self.assertEqual(table.metadata.snapshot_log, before.snapshot_log)
        self.assertEqual(table.metadata.refs, before.refs)
        self.assertEqual(table.scan().to_arrow().num_rows, 6)
        table.append(pyarrow.table({"id": [9], "kind": ["z"], "note": ["x"]}))
        self.assertEqual(table.scan(row_filter="note = 'x'").to_arrow()["id"].to_pylist(), [9])
        self.assertEqual(len(self.document(self.sql)["snapshots"]), 3)

    def test_theirs_on_files_is_loaded_and_changed_by_us(self):
        table = self.create_theirs()
        metadata = self.folder / "warehouse/db/orders/metadata"
        newest = Path(table.metadata_location.removeprefix("file://"))
        (metadata / "v7.metadata.json").write_bytes(newest.read_bytes())
        (metadata / "version-hint.text").write_text("7")
        native(self.files, TABLE, "add-column", "note", "string")
        moved = StaticTable.from_metadata(f"{self.warehouse}/db/orders")
        self.assertTrue(moved.metadata_location.endswith("v8.metadata.json"))
        self.assertEqual(moved.scan().to_arrow().column_names, ["id", "kind", "note"])
        self.assertEqual(moved.scan().to_arrow().num_rows, 6)

    def test_a_late_change_of_theirs_is_refused(self):
        self.create_ours(self.sql)
        late = self.catalog().load_table(TABLE)
        native(self.sql, TABLE, "add-column", "ours", "int")
        with self.assertRaises(CommitFailedException):
            with late.update_schema() as change:
                change.add_column("theirs", StringType())
        self.assertEqual(self.document(self.sql)["current-schema-id"], 1)

    def test_both_commit_at_once_and_each_change_lands(self):
        count = 25
        self.create_ours(self.sql)
        failures = []

        def ours():
            try:
                native(self.sql, TABLE, "hammer", "ours", str(count))
            except Exception as error:  # told by the assertion below
                failures.append(error)

        thread = threading.Thread(target=ours)
        thread.start()
        catalog = self.catalog()
        for i in range(count):
            while True:
                try:
                    with catalog.load_table(TABLE).transaction() as change:
                        change.set_properties({f"theirs{i}": "done"})
                    break
                except CommitFailedException:
                    pass
        thread.join()
        self.assertEqual(failures, [])
        properties = self.document(self.sql)["properties"]
        for i in range(count):
            self.assertEqual(properties[f"ours{i}"], "done")
            self.assertEqual(properties[f"theirs{i}"], "done")
        self.assertEqual(len(self.catalog().load_table(TABLE).metadata.metadata_log), 2 * count)


class Values(unittest.TestCase):
    """Random values in binary form and under transforms."""

    COUNT = 4000

    def setUp(self):
        self.random = random.Random(OPTIONS.seed)

    def a_number(self, bits):
        return self.random.getrandbits(bits) >> self.random.randrange(bits) \
            if self.random.random() < 0.5 \
            else -1 - (self.random.getrandbits(bits) >> self.random.randrange(bits))

    def a_text(self):
        return "".join(self.random.choice("aZ0 é日😀\u0000\uffff")
                       for _ in range(self.random.randrange(8)))

    def a_case(self):
        """Type, value, value as the tool reads it, transforms that take it."""
        width = self.random.choice([1, 2, 7, 100])
        bucket = BucketTransform(self.random.choice([1, 2, 16, 1000]))
        truncate = TruncateTransform(width)
        times = [YearTransform(), MonthTransform(), DayTransform()]
        kind = self.random.choice([IntegerType(), LongType(), DateType(), TimeType(),
                                   TimestampType(), TimestamptzType(), StringType(), BinaryType(),
                                   FixedType(5), UUIDType(), DecimalType(38, 3), BooleanType(),
                                   FloatType(), DoubleType()])
        if isinstance(kind, IntegerType):
            value = self.a_number(30)
            return kind, value, str(value), [bucket, truncate]
        if isinstance(kind, LongType):
            value = self.a_number(62)
            return kind, value, str(value), [bucket, truncate]
        if isinstance(kind, DateType):
            value = self.random.randrange(-700_000, 2_900_000)
            return kind, value, str(value), [bucket, *times]
        if isinstance(kind, TimeType):
            value = self.random.randrange(86_400_000_000)
            return kind, value, str(value), [bucket]
        if isinstance(kind, (TimestampType, TimestamptzType)):
            value = self.random.randrange(-60_000_000_000_000_000, 250_000_000_000_000_000)
            return kind, value, str(value), [bucket, *times, HourTransform()]
        if isinstance(kind, StringType):
            value = self.a_text()
            return kind, value, value.encode().hex(), [bucket, truncate]
        if isinstance(kind, BinaryType):
            value = self.random.randbytes(self.random.randrange(9))
            return kind, value, value.hex(), [bucket, truncate]
        if isinstance(kind, FixedType):
            value = self.random.randbytes(5)
            return kind, value, value.hex(), [bucket]
        if isinstance(kind, UUIDType):
            value = uuid.UUID(bytes=self.random.randbytes(16))
            return kind, value, value.bytes.hex(), [bucket]
        if isinstance(kind, DecimalType):
            unscaled = self.a_number(110)
            with decimal.localcontext(prec=60):
                value = decimal.Decimal(unscaled).scaleb(-3)
            return kind, value, unscaled.to_bytes(16, "big", signed=True).hex(), [bucket, truncate]
        if isinstance(kind, BooleanType):
            value = self.random.random() < 0.5
            return kind, value, str(int(value)), []
        value = self.random.choice([0.0, -0.0, 1.5, -2.25e10, 3.0e-20])
        value = pyarrow.scalar(value, pyarrow.float32()).as_py() \
            if isinstance(kind, FloatType) else value
        return kind, value, repr(value), []

    def test_bytes_and_transforms_are_those_of_pyiceberg(self):
        lines, expected = [], []
        for _ in range(self.COUNT):
            kind, value, text, transforms = self.a_case()
            transform = self.random.choice([IdentityTransform(), *transforms])
            with decimal.localcontext(prec=60):
                result = transform.transform(kind)(value)
                result_bytes = to_bytes(transform.result_type(kind), result)
                lines.append(f"{kind}\t{text}\t{transform}")
                expected.append(f"{to_bytes(kind, value).hex()}\t{result_bytes.hex()}")
        answers = native("values", text="\n".join(lines) + "\n").splitlines()
        self.assertEqual(len(answers), len(expected))
        for line, answer, wanted in zip(lines, answers, expected):
            self.assertEqual(answer, wanted, f"seed {OPTIONS.seed}: {line}")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--native", required=True)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    OPTIONS, rest = parser.parse_known_args()
    print(f"seed {OPTIONS.seed}")
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
