#!/usr/bin/env python3
"""Rows of feature groups that fastavro writes, read by us; and ours, from our own JSON, read by fastavro.

rows_compare.py --native PROGRAM [--seed N] [--cases N]

Runs with the interpreter that `scripts/setup --print-python` prints, tests/support in PYTHONPATH.
"""

import argparse
import base64
import datetime
import decimal
import json
import math
import random
import struct
import subprocess
import sys

from hopsworks_rows import decode_row, encode_row, key, without_null

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
FIRST = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc)
SECONDS = 315_537_897_599  # from FIRST to the end of 9999
decimal.getcontext().prec = 60


class Case:
    """A schema as Hopsworks registers it, some rows, and the unions turned round now and then."""

    def __init__(self, rng):
        self.rng = rng
        self.records = 0
        fields = [{"name": "id", "type": self.nullable("long")}]
        fields += [{"name": f"f{i}", "type": self.nullable(self.type(0))} for i in range(rng.randrange(12))]
        self.schema = {"type": "record", "name": "txn_1", "namespace": "bank_featurestore",
                       "fields": fields}
        self.rows = [{field["name"]: self.value(field["type"]) for field in fields} for _ in range(4)]
        for row in self.rows:
            row["id"] = rng.randrange(-2 ** 63, 2 ** 63)

    def nullable(self, avro_type):
        return self.rng.choice([["null", avro_type], ["null", avro_type], [avro_type, "null"], avro_type])

    def type(self, depth):
        kind = self.rng.randrange(14 if depth < 3 else 11)
        if kind < 7:
            return ["boolean", "int", "long", "float", "double", "string", "bytes"][kind]
        if kind == 7:
            return {"type": "int", "logicalType": "date"}
        if kind < 10:
            return {"type": "long", "logicalType": ["timestamp-micros", "timestamp-millis"][kind - 8]}
        if kind == 10:
            precision = self.rng.randrange(1, 39)
            return {"type": "bytes", "logicalType": "decimal", "precision": precision,
                    "scale": self.rng.randrange(precision + 1)}
        if kind == 11:
            return {"type": "array", "items": self.nullable(self.type(depth + 1))}
        if kind == 12:
            return {"type": "map", "values": self.nullable(self.type(depth + 1))}
        self.records += 1
        return {"type": "record", "name": f"r{self.records}", "namespace": "",
                "fields": [{"name": f"m{i}", "type": self.nullable(self.type(depth + 1))}
                           for i in range(self.rng.randrange(4))]}

    def value(self, avro_type):
        rng = self.rng
        if isinstance(avro_type, list) and rng.randrange(4) == 0:
            return None
        avro_type = without_null(avro_type)
        name = avro_type if isinstance(avro_type, str) else avro_type.get("logicalType", avro_type["type"])
        return {
            "boolean": lambda: rng.random() < 0.5,
            "int": lambda: self.whole(32),
            "long": lambda: self.whole(64),
            "float": lambda: self.real("f"),
            "double": lambda: self.real("d"),
            "string": self.text,
            "bytes": lambda: rng.randbytes(rng.randrange(6)),
            "date": lambda: (FIRST + datetime.timedelta(seconds=rng.randrange(SECONDS))).date(),
            "timestamp-micros": self.moment,
            "timestamp-millis": lambda: self.moment(1000),
            "decimal": lambda: decimal.Decimal(self.whole_of(rng.randrange(avro_type["precision"] + 1)))
                               .scaleb(-avro_type["scale"]),
            "array": lambda: [self.value(avro_type["items"]) for _ in range(rng.randrange(4))],
            "map": lambda: {self.text(): self.value(avro_type["values"]) for _ in range(rng.randrange(4))},
            "record": lambda: {f["name"]: self.value(f["type"]) for f in avro_type["fields"]},
        }[name]()

    def whole(self, bits):
        return self.rng.randrange(-2 ** (bits - 1), 2 ** (bits - 1)) >> self.rng.randrange(bits)

    def whole_of(self, digits):
        return self.rng.choice([1, -1]) * self.rng.randrange(10 ** digits)

    def moment(self, unit=1):
        micros = self.rng.choice([0, 1, 500_000, 678_901]) // unit * unit
        return FIRST + datetime.timedelta(seconds=self.rng.randrange(SECONDS), microseconds=micros)

    def real(self, code):
        size = struct.calcsize(code)
        special = [0.0, -0.0, 1.0, 0.1, 1e22, math.nan, math.inf, -math.inf]
        value = self.rng.choice([self.rng.choice(special),
                                 struct.unpack("<" + code, self.rng.randbytes(size))[0]])
        return struct.unpack("<f", struct.pack("<f", value))[0] if code == "f" else value

    def text(self):
        return "".join(self.rng.choice(["a", "ß", "\U0001F600", '"', "\\", "\n", "\x00", "\x1f", "é", "/"])
                       for _ in range(self.rng.randrange(6)))


def expected(avro_type, value):
    """A value that fastavro read, as our JSON has it."""
    if value is None:
        return None
    avro_type = without_null(avro_type)
    if isinstance(value, dict) and avro_type["type"] == "record":
        return {f["name"]: expected(f["type"], value[f["name"]]) for f in avro_type["fields"]}
    if isinstance(value, dict):
        return {name: expected(avro_type["values"], item) for name, item in value.items()}
    if isinstance(value, list):
        return [expected(avro_type["items"], item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        return text[:-7] if value.microsecond == 0 else text[:-3] if value.microsecond % 1000 == 0 else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return Real(value, avro_type) if math.isfinite(value) else None
    return value


class Real:
    """Equal to any decimal digits that are read as this number."""

    def __init__(self, value, avro_type):
        self.value = value
        self.code = "<f" if avro_type == "float" else "<d"

    def __eq__(self, other):
        return struct.pack(self.code, float(other)) == struct.pack(self.code, self.value)

    def __repr__(self):
        return repr(self.value + 0.0)  # JSON's numbers have no sign of zero for us


def without_fraction(text):
    """Columns have six digits, complex values as many groups of three as needed."""
    return text[:-7] if text.endswith(".000000") else text[:-3] if text.endswith("000") else text


def same(ours, theirs, where, trim=False):
    if isinstance(theirs, dict) and isinstance(ours, dict) and list(ours) == list(theirs):
        for name in theirs:
            same(ours[name], theirs[name], f"{where}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        for i, item in enumerate(theirs):
            same(ours[i], item, f"{where}[{i}]")
    else:
        ours = without_fraction(ours) if trim and ours is not None else ours
        is_number = isinstance(theirs, (int, decimal.Decimal, Real)) and not isinstance(theirs, bool)
        if not (ours == theirs and (is_number or type(ours) is type(theirs))):
            raise AssertionError(f"{where}: we say {ours!r}, fastavro {theirs!r}")


def is_moment(avro_type):
    value = without_null(avro_type)
    return isinstance(value, dict) and value.get("logicalType", "").startswith("timestamp")


def compare(case, row, answer, client):
    for field, ours in zip(case.schema["fields"], answer["values"], strict=True):
        name, avro_type = field["name"], field["type"]
        same(ours, expected(avro_type, row[name]), name, is_moment(avro_type))
    again = decode_row(case.schema, bytes.fromhex(answer["row"]))
    for field in case.schema["fields"]:
        theirs = expected(field["type"], again[field["name"]])
        mine = expected(field["type"], row[field["name"]])
        if repr(theirs) != repr(mine):
            raise AssertionError(f"{client}, {field['name']}: {mine!r} became {theirs!r}")


def check_generator():
    """What clients are said to send (feature-store-sink.md §3, §4): the bytes of our own tests."""
    nullable = ["long", {"type": "long", "logicalType": "timestamp-micros"}, "double",
                {"type": "int", "logicalType": "date"},
                {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, "boolean",
                {"type": "array", "items": ["null", "double"]},
                {"type": "record", "name": "r77", "fields": [{"name": "lat", "type": ["null", "double"]},
                                                             {"name": "lon", "type": ["null", "double"]}]}]
    names = ["cc_num", "ts", "amount", "day", "price", "ok", "recent", "loc"]
    schema = {"type": "record", "name": "txn_1", "namespace": "bank_featurestore",
              "fields": [{"name": name, "type": ["null", kind]} for name, kind in zip(names, nullable)]}
    at = EPOCH + datetime.timedelta(microseconds=1767323045678901)
    row = dict(zip(names, [4711, at, 9.25, at.date(), decimal.Decimal("123.45"), True, [1.5, None],
                           {"lat": 59.5, "lon": None}]))
    full = "02ce4902eabcbae5ded7a30602000000000080224002cebf02020430390201" \
           "021a020402000000000000f83f0000021602020000000000c04d4000"
    made = [encode_row(schema, row).hex(), encode_row(schema, {"cc_num": 4711}).hex(),
            encode_row(schema, {"cc_num": 4711}, "spark").hex(), key(["b", "a"], {"a": 1, "b": "x"}),
            key(["a", "b"], {"a": 1, "b": "x"}, "java"), key(["a", "b"], {"a": 1, "b": "x"}, "spark")]
    said = [full, "02ce490000000000020200020200", "02ce4900000000000000", b"1x", b"1;x", b"\x02\x041x"]
    if made != said:
        raise AssertionError(f"the generator makes {made}")


def has_no_finite(value):
    """NaN and infinities are null in JSON, which not every schema takes back."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(has_no_finite(item) for item in value.values())
    return isinstance(value, list) and any(has_no_finite(item) for item in value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--seed", type=int, default=random.randrange(2 ** 32))
    parser.add_argument("--cases", type=int, default=300)
    options = parser.parse_args()
    print("seed", options.seed)
    check_generator()
    rng = random.Random(options.seed)
    cases = [Case(rng) for _ in range(options.cases)]
    asked, lines = [], []
    for case in cases:
        for row in case.rows:
            for client in ("python", "spark", "java"):
                data = encode_row(case.schema, row, client, rng)
                asked.append((case, row, client))
                lines.append(json.dumps({"schema": case.schema, "row": data.hex(),
                                         "again": not has_no_finite(row)}))
    output = subprocess.run([options.native], input="\n".join(lines) + "\n", text=True, check=True,
                            stdout=subprocess.PIPE).stdout.splitlines()
    if len(output) != len(asked):
        raise AssertionError(f"{len(output)} answers to {len(asked)} rows")
    for (case, row, client), line in zip(asked, output):
        answer = json.loads(line, parse_float=decimal.Decimal)
        if "error" in answer:
            raise AssertionError(f"{client}: {answer['error']}: {json.dumps(case.schema)}")
        if "row" not in answer:
            answer["row"] = encode_row(case.schema, row).hex()
        try:
            compare(case, row, answer, client)
        except AssertionError:
            print(json.dumps(case.schema), line, file=sys.stderr)
            raise
    print(len(asked), "rows of", len(cases), "schemas are the same")


if __name__ == "__main__":
    main()
