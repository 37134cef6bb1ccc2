#!/usr/bin/env python3
"""Manifests and manifest lists that we write or merge, read by PyIceberg and fastavro; theirs, read by us.

manifests_compare.py --native PROGRAM [--seed N] [--cases N]

Tables have one partition field for each transform and type that has it, with names that Avro does not
take. Runs with the interpreter that `scripts/setup --print-python` prints.
"""

import argparse
import decimal
import json
import random
import struct
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import fastavro
from pyiceberg.avro.file import AvroOutputFile
from pyiceberg.conversions import from_bytes, to_bytes
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (DEFAULT_READ_VERSION, DataFile, DataFileContent, FileFormat,
                                ManifestContent, ManifestEntry, ManifestEntryStatus, ManifestFile,
                                PartitionFieldSummary, read_manifest_list, write_manifest,
                                write_manifest_list)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform,
                                  MonthTransform, TruncateTransform, VoidTransform, YearTransform)
from pyiceberg.typedef import Record
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType,
                             FloatType, IntegerType, LongType, NestedField, StringType, TimestampType,
                             TimestamptzType, TimeType, UUIDType)

TYPES = [BooleanType(), IntegerType(), LongType(), FloatType(), DoubleType(), DateType(), TimeType(),
         TimestampType(), TimestamptzType(), StringType(), UUIDType(), FixedType(5), BinaryType(),
         DecimalType(9, 2), DecimalType(38, 10), DecimalType(3, 0)]
NAMES = ["plain", "with space", "1digit", "dot.ted", "under_score", "x-y"]
TRANSFORMS = [IdentityTransform(), BucketTransform(16), TruncateTransform(4), YearTransform(),
              MonthTransform(), DayTransform(), HourTransform(), VoidTransform()]
decimal.getcontext().prec = 60


class Native:
    """The program, one request at a time."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Case:
    """A table and entries of it, as JSON for us and as PyIceberg's objects."""

    def __init__(self, rng, folder):
        self.rng = rng
        self.folder = folder
        fields, parts = [], []
        types = rng.choices(TYPES, k=rng.randrange(1, 7))
        for i, kind in enumerate(types):
            fields.append(NestedField(i + 1, f"{rng.choice(NAMES)}{i}", kind, required=False))
            fitting = [t for t in TRANSFORMS if t.can_transform(kind)]
            parts.append(PartitionField(i + 1, 1000 + i, rng.choice(fitting),
                                        f"{rng.choice(NAMES)}_{i}"))
        if rng.randrange(8) == 0:
            parts = []
        self.schema = Schema(*fields, schema_id=rng.randrange(9))
        self.spec = PartitionSpec(*parts, spec_id=rng.randrange(9))
        self.types = [f.field_type for f in self.spec.partition_type(self.schema).fields]
        self.json = {"schema": json.loads(self.schema.model_dump_json()),
                     "spec": json.loads(self.spec.model_dump_json())}

    def number(self, bits=63):
        return self.rng.getrandbits(self.rng.randrange(1, bits)) * self.rng.choice([1, -1])

    def value(self, kind):
        """In PyIceberg's form for partitions; None sometimes."""
        rng = self.rng
        if rng.randrange(4) == 0:
            return None
        if isinstance(kind, BooleanType):
            return rng.random() < 0.5
        if isinstance(kind, IntegerType):
            return self.number(31)
        # What Python's own types can hold: fastavro returns those.
        if isinstance(kind, DateType):
            return rng.randrange(-700_000, 2_000_000)
        if isinstance(kind, TimeType):
            return rng.randrange(86_400_000_000)
        if isinstance(kind, (TimestampType, TimestamptzType)):
            return self.number(54)
        if isinstance(kind, FloatType):
            return rng.choice([0.0, -0.0, 1.5, -2.25, float("inf"), float("nan")])
        if isinstance(kind, DoubleType):
            # Of 32 bits: PyIceberg's fast decoder cuts doubles to that.
            return rng.choice([0.0, -0.0, rng.randrange(1000) / 8, -1e3, float("-inf"), float("nan")])
        if isinstance(kind, StringType):
            return "".join(rng.choice("aé日😀 /=") for _ in range(rng.randrange(9)))
        if isinstance(kind, UUIDType):
            return uuid.UUID(int=rng.getrandbits(128))
        if isinstance(kind, FixedType):
            return rng.randbytes(len(kind))
        if isinstance(kind, BinaryType):
            return rng.randbytes(rng.randrange(9))
        if isinstance(kind, DecimalType):
            unscaled = rng.randrange(-10 ** kind.precision + 1, 10 ** kind.precision)
            return decimal.Decimal(unscaled).scaleb(-kind.scale)
        return self.number()

    def counts(self):
        return {i: abs(self.number()) for i in range(1, 9) if self.rng.random() < 0.5}

    def bounds(self):
        return {i: self.rng.randbytes(self.rng.randrange(17)) for i in range(1, 9)
                if self.rng.random() < 0.5}

    def entry(self, deletes=False):
        rng = self.rng
        status = rng.randrange(3)
        content = rng.choice([1, 2]) if deletes else 0
        is_new = status == 1
        return {"status": status, "snapshot_id": abs(self.number()), "content": content,
                "sequence_number": None if is_new else abs(self.number()),
                "file_sequence_number": None if is_new else abs(self.number()),
                "path": f"s3://bucket/data/{rng.getrandbits(60)}.parquet", "format": "PARQUET",
                "spec_id": self.spec.spec_id, "partition": [self.value(t) for t in self.types],
                "file_size": abs(self.number()), "record_count": abs(self.number(40)),
                "column_sizes": self.counts(), "value_counts": self.counts(),
                "null_counts": self.counts(), "nan_counts": self.counts(),
                "lower_bounds": self.bounds(), "upper_bounds": self.bounds(),
                "split_offsets": sorted(abs(self.number()) for _ in range(rng.randrange(3))),
                "equality_ids": [1, 2] if content == 2 else [],
                "sort_order_id": rng.choice([None, 3]) if content != 1 else None,
                "key_metadata": rng.choice([None, b"\x00key"])}

    def for_us(self, entry):
        """With bytes and single values as hexadecimal."""
        partition = [None if v is None else to_bytes(t, v).hex()
                     for t, v in zip(self.types, entry["partition"])]
        key = entry["key_metadata"]
        result = {**entry, "partition": partition, "key_metadata": key.hex() if key else None}
        for name in ("lower_bounds", "upper_bounds"):
            result[name] = {str(k): v.hex() for k, v in entry[name].items()}
        for name in ("column_sizes", "value_counts", "null_counts", "nan_counts"):
            result[name] = {str(k): v for k, v in entry[name].items()}
        return result

    def from_theirs(self, entry):
        """As `for_us`, from an object of PyIceberg."""
        file = entry.data_file
        return self.for_us({
            "status": int(entry.status), "snapshot_id": entry.snapshot_id,
            "sequence_number": entry.sequence_number,
            "file_sequence_number": entry.file_sequence_number, "content": int(file.content),
            "path": file.file_path, "format": str(file.file_format.value),
            "spec_id": file.spec_id, "partition": list(file.partition),
            "file_size": file.file_size_in_bytes, "record_count": file.record_count,
            "column_sizes": file.column_sizes or {}, "value_counts": file.value_counts or {},
            "null_counts": file.null_value_counts or {}, "nan_counts": file.nan_value_counts or {},
            "lower_bounds": file.lower_bounds or {}, "upper_bounds": file.upper_bounds or {},
            "split_offsets": file.split_offsets or [], "equality_ids": file.equality_ids or [],
            "sort_order_id": file.sort_order_id, "key_metadata": file.key_metadata})

    def as_theirs(self, entry):
        file = DataFile.from_args(
            content=DataFileContent(entry["content"]), file_path=entry["path"],
            file_format=FileFormat.PARQUET, partition=Record(*entry["partition"]),
            record_count=entry["record_count"], file_size_in_bytes=entry["file_size"],
            column_sizes=entry["column_sizes"] or None, value_counts=entry["value_counts"] or None,
            null_value_counts=entry["null_counts"] or None,
            nan_value_counts=entry["nan_counts"] or None,
            lower_bounds=entry["lower_bounds"] or None, upper_bounds=entry["upper_bounds"] or None,
            key_metadata=entry["key_metadata"], split_offsets=entry["split_offsets"] or None,
            equality_ids=entry["equality_ids"] or None, sort_order_id=entry["sort_order_id"])
        file.spec_id = self.spec.spec_id
        return ManifestEntry.from_args(
            status=ManifestEntryStatus(entry["status"]), snapshot_id=entry["snapshot_id"],
            sequence_number=entry["sequence_number"],
            file_sequence_number=entry["file_sequence_number"], data_file=file)


def equal(what, left, right):
    """Fails at the first place where two JSON values differ."""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for i, pair in enumerate(zip(left, right)):
            equal(f"{what}[{i}]", *pair)
    elif isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for key, value in left.items():
            equal(f"{what}.{key}", value, right[key])
    elif left != right:
        raise AssertionError(f"{what} differ:\n  {left}\n  {right}")


def inherited(entry, sequence_number):
    if entry["status"] != 1:
        return entry
    return {**entry, "sequence_number": sequence_number, "file_sequence_number": sequence_number}


def theirs_of(manifest):
    return ManifestFile.from_args(
        manifest_path=manifest["path"], manifest_length=manifest["length"],
        partition_spec_id=manifest["spec_id"], content=ManifestContent(manifest["content"]),
        sequence_number=manifest["sequence_number"],
        min_sequence_number=manifest["min_sequence_number"],
        added_snapshot_id=manifest["added_snapshot_id"], added_files_count=manifest["added_files"],
        existing_files_count=manifest["existing_files"],
        deleted_files_count=manifest["deleted_files"], added_rows_count=manifest["added_rows"],
        existing_rows_count=manifest["existing_rows"], deleted_rows_count=manifest["deleted_rows"],
        partitions=[PartitionFieldSummary(s["contains_null"], s["contains_nan"],
                                          *(bytes.fromhex(s[b]) if s[b] is not None else None
                                            for b in ("lower_bound", "upper_bound")))
                    for s in manifest["partitions"]] or None,
        key_metadata=bytes.fromhex(manifest["key_metadata"]) if manifest["key_metadata"] else None)


def from_theirs(file):
    hexed = lambda text: text.hex() if text is not None else None
    return {"path": file.manifest_path, "length": file.manifest_length,
            "spec_id": file.partition_spec_id, "content": int(file.content),
            "sequence_number": file.sequence_number,
            "min_sequence_number": file.min_sequence_number,
            "added_snapshot_id": file.added_snapshot_id, "added_files": file.added_files_count,
            "existing_files": file.existing_files_count, "deleted_files": file.deleted_files_count,
            "added_rows": file.added_rows_count, "existing_rows": file.existing_rows_count,
            "deleted_rows": file.deleted_rows_count,
            "partitions": [{"contains_null": s.contains_null, "contains_nan": s.contains_nan,
                            "lower_bound": hexed(s.lower_bound),
                            "upper_bound": hexed(s.upper_bound)} for s in file.partitions or []],
            "key_metadata": hexed(file.key_metadata)}


def field_ids(schema):
    """Every field of a record in a schema, with its id."""
    if isinstance(schema, list):
        return [pair for branch in schema for pair in field_ids(branch)]
    if not isinstance(schema, dict):
        return []
    pairs = []
    for field in schema.get("fields", []):
        pairs.append((field["name"], field.get("field-id")))
        pairs += field_ids(field["type"])
    if isinstance(schema.get("type"), (dict, list)):
        pairs += field_ids(schema["type"])
    return pairs + field_ids(schema.get("items", []))


def check_summaries(case, entries, manifest):
    """Computed anew from the values."""
    if not manifest["partitions"]:
        assert not case.types or UUIDType() in case.types, "summaries are missing"
        return
    assert len(manifest["partitions"]) == len(case.types)
    for i, (kind, summary) in enumerate(zip(case.types, manifest["partitions"])):
        values = [entry["partition"][i] for entry in entries]
        known = [v for v in values if v is not None and v == v]
        equal("nulls", summary["contains_null"], None in values)
        equal("NaNs", summary["contains_nan"], any(v is not None and v != v for v in values))
        bounds = [summary["lower_bound"], summary["upper_bound"]]
        if not known:
            equal("bounds of nothing", bounds, [None, None])
        elif isinstance(kind, (FloatType, DoubleType)):
            signs = [-0.0 if min(known) == 0 else min(known), 0.0 if max(known) == 0 else max(known)]
            equal("bounds", bounds, [to_bytes(kind, v).hex() for v in signs])
        elif isinstance(kind, StringType):
            texts = [v.encode() for v in known]
            equal("bounds", bounds, [min(texts).hex(), max(texts).hex()])
        else:
            equal("bounds", bounds, [to_bytes(kind, v).hex() for v in (min(known), max(known))])


def ours_read_by_them(case, native, io):
    deletes = case.rng.randrange(3) == 0
    entries = [case.entry(deletes) for _ in range(case.rng.randrange(1, 20))]
    path = str(case.folder / f"ours-{case.rng.getrandbits(60)}.avro")
    manifest = native.ask(op="write", path=path, content=int(deletes),
                          entries=[case.for_us(e) for e in entries], **case.json)
    equal("length", manifest["length"], Path(path).stat().st_size)
    check_summaries(case, entries, manifest)
    manifest.update(sequence_number=77, min_sequence_number=1, added_snapshot_id=5)
    read = theirs_of(manifest).fetch_manifest_entry(io, discard_deleted=False)
    expected = [case.for_us(inherited(e, 77)) for e in entries]
    equal("entries", expected, [case.from_theirs(e) for e in read])
    again = native.ask(op="read", path=path, file=manifest, **case.json)
    equal("entries, by us", expected, again)
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        assert all(i is not None for _, i in field_ids(reader.writer_schema)), "a field has no id"
        equal("paths, by fastavro", [e["path"] for e in entries],
              [row["data_file"]["file_path"] for row in reader])
        equal("schema", json.loads(reader.metadata["schema"])["fields"],
              case.json["schema"]["fields"])
        equal("spec", sorted(f["field-id"] for f in json.loads(reader.metadata["partition-spec"])),
              sorted(f["field-id"] for f in case.json["spec"]["fields"]))
    return manifest


def live(entries, sequence_number, snapshot_id):
    """What a merge of an older manifest has of its entries."""
    return [{**inherited(e, sequence_number), "status": 0,
             "snapshot_id": snapshot_id if e["snapshot_id"] is None else e["snapshot_id"]}
            for e in entries if e["status"] != 2]


def merged_read_by_them(case, native, io):
    """Manifests of ours and of PyIceberg's, merged by us with new ones."""
    if any(isinstance(kind, FixedType) for kind in case.types):
        return  # such values are not written again
    inputs, expected = [], []
    for number in range(case.rng.randrange(1, 6)):
        is_new = number == 0
        entries = [case.entry() for _ in range(case.rng.randrange(1, 9))]
        path = str(case.folder / f"input-{case.rng.getrandbits(60)}.avro")
        if is_new:
            entries = [{**e, "status": 1, "snapshot_id": None, "sequence_number": None,
                        "file_sequence_number": None} for e in entries]
        if not is_new and case.rng.randrange(2):
            entries = [{**e, "snapshot_id": 5} for e in entries]
            with write_manifest(2, case.spec, case.schema, io.new_output(path), 5, "gzip") as writer:
                for entry in entries:
                    writer.add_entry(case.as_theirs(entry))
            file = from_theirs(writer.to_manifest_file())
        else:
            file = native.ask(op="write", path=path, content=0,
                              entries=[case.for_us(e) for e in entries], **case.json)
        file.update(sequence_number=70 + number, added_snapshot_id=700 + number)
        inputs.append({"file": file, "is_new": is_new})
        if is_new:
            expected += [{**inherited(e, 99), "snapshot_id": 999} for e in entries]
        else:
            expected += live(entries, 70 + number, 700 + number)
    path = str(case.folder / f"merged-{case.rng.getrandbits(60)}.avro")
    manifest = native.ask(op="merge", path=path, content=0, inputs=inputs, **case.json)
    equal("length", manifest["length"], Path(path).stat().st_size)
    equal("new", manifest["added_files"], sum(e["status"] == 1 for e in expected))
    equal("older", manifest["existing_files"], sum(e["status"] == 0 for e in expected))
    older = [e["sequence_number"] for e in expected if e["status"] == 0]
    if older:
        equal("lowest number", manifest["min_sequence_number"], min(older))
    check_summaries(case, expected, manifest)
    manifest.update(sequence_number=99, added_snapshot_id=999)
    read = theirs_of(manifest).fetch_manifest_entry(io, discard_deleted=False)
    equal("merged entries", [case.for_us(e) for e in expected], [case.from_theirs(e) for e in read])


def theirs_read_by_us(case, native, io, version):
    entries = [{**case.entry(), "snapshot_id": 5} for _ in range(case.rng.randrange(1, 20))]
    path = str(case.folder / f"theirs-{case.rng.getrandbits(60)}.avro")
    codec = case.rng.choice(["gzip", "null", "zstd"])
    with write_manifest(version, case.spec, case.schema, io.new_output(path), 5, codec) as writer:
        for entry in entries:
            writer.add_entry(case.as_theirs(entry))
    manifest = from_theirs(writer.to_manifest_file())
    manifest.update(sequence_number=0 if version == 1 else 77)
    read = native.ask(op="read", path=path, file=manifest, **case.json)
    theirs = theirs_of(manifest).fetch_manifest_entry(io, discard_deleted=False)
    equal(f"entries of version {version}", read, [case.from_theirs(e) for e in theirs])
    if version == 2:
        equal("entries", read, [case.for_us(inherited(e, 77)) for e in entries])


def manifest_of(rng):
    number = lambda bits: rng.getrandbits(rng.randrange(1, bits))
    optional = lambda: rng.choice([None, rng.randbytes(rng.randrange(1, 9)).hex()])
    return {"path": f"s3://bucket/metadata/{number(60)}.avro", "length": number(40),
            "spec_id": number(8), "content": rng.randrange(2), "sequence_number": number(60),
            "min_sequence_number": number(60), "added_snapshot_id": number(62),
            "added_files": number(31), "existing_files": number(31), "deleted_files": number(31),
            "added_rows": number(62), "existing_rows": number(62), "deleted_rows": number(62),
            "partitions": [{"contains_null": rng.random() < 0.5,
                            "contains_nan": rng.choice([None, True, False]),
                            "lower_bound": optional(), "upper_bound": optional()}
                           for _ in range(rng.randrange(4))],
            "key_metadata": optional()}


def lists(rng, folder, native, io):
    manifests = [manifest_of(rng) for _ in range(rng.randrange(30))]
    parent = rng.choice([None, 2 ** 62])
    path = str(folder / f"list-{rng.getrandbits(60)}.avro")
    native.ask(op="write-list", path=path, snapshot_id=5, parent=parent, sequence_number=9,
               manifests=manifests)
    equal("manifests", manifests, [from_theirs(m) for m in read_manifest_list(io.new_input(path))])
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        assert all(i is not None for _, i in field_ids(reader.writer_schema)), "a field has no id"
        equal("header", [reader.metadata[k] for k in ("snapshot-id", "parent-snapshot-id",
                                                      "sequence-number", "format-version")],
              ["5", str(parent) if parent else "null", "9", "2"])
    for version in (1, 2):
        if version == 1:
            manifests = [{**m, "content": 0} for m in manifests]
        path = str(folder / f"theirs-{rng.getrandbits(60)}.avro")
        with write_manifest_list(version, io.new_output(path), 5, parent, 9, "gzip") as writer:
            writer.add_manifests([theirs_of(m) for m in manifests])
        expected = [from_theirs(m) for m in read_manifest_list(io.new_input(path))]
        equal(f"manifests of version {version}", native.ask(op="read-list", path=path), expected)
        if version == 2:
            equal("manifests", expected, manifests)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--cases", type=int, default=60)
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    native = Native(args.native)
    io = PyArrowFileIO()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.cases):
            rng = random.Random(args.seed + number)
            case = Case(rng, Path(folder))
            try:
                ours_read_by_them(case, native, io)
                merged_read_by_them(case, native, io)
                for version in (1, 2):
                    theirs_read_by_us(case, native, io, version)
                lists(rng, Path(folder), native, io)
            except Exception:
                print(f"case {number}, seed {args.seed + number}: {case.spec}\n{case.schema}")
                raise
    print(f"{args.cases} tables agree")
    return native.close()


if __name__ == "__main__":
    sys.exit(main())
