"""Rows of the feature-store sink in Redis, read and written by Feast's own online store."""

import os
import socket
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from feast import Entity, FeatureView, Field, FileSource
from feast.infra.online_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RepoConfig
from feast.type_map import feast_value_type_to_python_type
from feast.types import String
from feast.value_type import ValueType

from process import Process, wait_until

TOOL = Path(os.environ["MILLRACE_BUILD"]) / "tests" / "feature_store_redis_tool"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
SECONDS = int(MOMENT.timestamp())

# By feature: the field of Feast's message, and what Feast makes of it.
EXPECTED = {
    "ts": ("unix_timestamp_val", MOMENT.replace(microsecond=0)),
    "truth": ("bool_val", True),
    "i": ("int32_val", -7),
    "l": ("int64_val", -2**63),
    "f": ("float_val", 1.5),
    "d": ("double_val", 0.1),
    "s": ("string_val", "hi"),
    "raw": ("bytes_val", b"\x00\x01"),
    "day": ("unix_timestamp_val", datetime(2026, 1, 2, tzinfo=timezone.utc)),
    "none": (None, None),
    "doubles": ("double_list_val", [1.5, -2.5]),
    "ints": ("int32_list_val", [1, -2]),
    "longs": ("int64_list_val", [3, -4]),
    "floats": ("float_list_val", [0.5]),
    "truths": ("bool_list_val", [True, False]),
    "texts": ("string_list_val", ["a", ""]),
    "blobs": ("bytes_list_val", [b"\x01"]),
    "days": ("unix_timestamp_list_val", [datetime(1970, 1, day, tzinfo=timezone.utc) for day in (1, 2)]),
    "gaps": ("list_val", [7, None]),
    "map": ("map_val", {"one": 1, "none": None}),
    "place": ("struct_val", {"lat": 59.5, "tags": ["a", "b"]}),
    "places": ("struct_list_val", [{"lat": 59.5, "tags": ["a", "b"]}]),
}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def view(name, features):
    return FeatureView(name=name, entities=[Entity(name="e", join_keys=["id"], value_type=ValueType.INT64)],
                       schema=[Field(name=feature, dtype=String) for feature in features],
                       source=FileSource(path="unused", timestamp_field="ts"))


def key(**values):
    return EntityKey(join_keys=list(values), entity_values=list(values.values()))


class FeastTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.port = free_port()
        redis = Process(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                         "--dir", folder.name], Path(folder.name) / "log")
        self.addCleanup(redis.kill)
        wait_until(lambda: "Ready to accept" in redis.output(), what="Redis")
        self.store = RedisOnlineStore()
        self.config = RepoConfig(
            project="bank", registry=str(Path(folder.name) / "registry.db"), provider="local",
            online_store=RedisOnlineStoreConfig(connection_string=f"127.0.0.1:{self.port}"),
            entity_key_serialization_version=3)
        self.risk = view("risk", ["amount", "note"])
        self.entity = key(id=Value(int64_val=1001))

    def tool(self, *arguments):
        done = subprocess.run([TOOL, str(self.port), *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def read(self, table, entity):
        return self.store.online_read(self.config, table, [entity])[0]

    def test_every_type_is_what_feast_reads(self):
        self.assertEqual(self.tool("write"), ["UPSERTED", "UPSERTED"])
        entity = key(k_int=Value(int32_val=-5), a_long=Value(int64_val=1001), m_text=Value(string_val="Müller"),
                     b_bytes=Value(bytes_val=b"\x00\xff"), c_time=Value(unix_timestamp_val=SECONDS))
        moment, values = self.read(view("txn", [*EXPECTED, "dec"]), entity)
        self.assertEqual(moment.replace(microsecond=0), MOMENT.replace(microsecond=0))
        self.assertEqual(values["dec"].decimal_val, "-123.45")
        for name, (field, value) in EXPECTED.items():
            with self.subTest(name):
                self.assertEqual(values[name].WhichOneof("val"), field)
                self.assertEqual(feast_value_type_to_python_type(values[name]), value)

    def test_entities_that_are_not_there_are_not_there(self):
        self.tool("write")
        self.assertEqual(self.read(self.risk, key(id=Value(int64_val=1001)))[1]["amount"].double_val, 0.5)
        for other in (key(id=Value(int64_val=1002)), key(id=Value(int32_val=1001)),
                      key(other=Value(int64_val=1001))):
            self.assertFalse(any(value.WhichOneof("val") for value in (self.read(self.risk, other)[1] or {}).values()))

    def test_feast_and_the_sink_keep_each_others_newer_rows(self):
        self.tool("write")
        later = MOMENT + timedelta(microseconds=1)
        row = {"amount": Value(double_val=7.0), "note": Value(string_val="feast")}
        self.store.online_write_batch(self.config, self.risk, [(self.entity, row, later, None)], None)
        micros = SECONDS * 1_000_000 + 678_901
        self.assertEqual(self.tool("newer", micros, 1.0), ["IGNORED"])
        self.assertEqual(self.read(self.risk, self.entity)[1]["amount"].double_val, 7.0)
        self.assertEqual(self.tool("newer", micros + 2, 2.0), ["UPSERTED"])
        self.assertEqual(self.read(self.risk, self.entity)[1]["amount"].double_val, 2.0)
        self.store.online_write_batch(self.config, self.risk, [(self.entity, row, later, None)], None)
        self.assertEqual(self.read(self.risk, self.entity)[1]["amount"].double_val, 2.0)

    def test_a_deleted_row_leaves_the_other_views(self):
        self.tool("write")
        other = view("other", ["x"])
        self.store.online_write_batch(
            self.config, other, [(self.entity, {"x": Value(double_val=1.0)}, MOMENT, None)], None)
        self.assertEqual(self.tool("delete"), ["DELETED"])
        values = self.read(self.risk, self.entity)[1]
        self.assertFalse(any(value.WhichOneof("val") for value in (values or {}).values()))
        self.assertEqual(self.read(other, self.entity)[1]["x"].double_val, 1.0)


if __name__ == "__main__":
    unittest.main()
