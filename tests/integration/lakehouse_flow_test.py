"""JSON through the embedded log into Iceberg tables that PyIceberg, DuckDB and icebird read alike."""

import json
import unittest
from collections import Counter

from flow import FlowTest
from lake import APACHES, Lake, lake_sink
from log_tool import write_records
from workers import Millrace, file_source

BROKER = ("_kafka_topic", "_kafka_partition", "_kafka_offset")


def order(i, **more):
    return {"id": i, "item": f"Büch {i % 7} \U0001f4d6", "amount": i / 4 + 0.125, "paid": i % 3 == 0,
            **({} if i % 5 else {"note": None}), **({"code": f"c{i}"} if i % 2 else {}), **more}


def by_id(rows):
    return sorted(rows, key=lambda row: row["id"])


class LakeTest(FlowTest):
    kind = "jdbc"

    def setUp(self):
        self.worker = Millrace.embedded()
        self.addCleanup(self.worker.close)
        self.lake = Lake(self.worker.folder / "lake", self.kind)
        self.log = {"embedded.log.dir": str(self.worker.folder / "log")}

    def produce(self, topic, records, partitions=1):
        """While no worker runs."""
        write_records(topic, [(None, json.dumps(r).encode()) for r in records],
                      {**self.log, "partitions": str(partitions)})

    def wait_count(self, count, table="db.orders"):
        self.wait(lambda: self.lake.count(table) >= count, 60, f"{count} rows in {table}")
        self.assertEqual(self.lake.count(table), count)

    def run_until(self, count, *connectors, table="db.orders"):
        self.worker.start(*connectors)
        self.wait_count(count, table)
        self.assertEqual(self.worker.stop(), 143)

    def check_readers(self, table="db.orders"):
        """All agree; returns the rows of PyIceberg, by id."""
        rows = by_id(self.lake.rows(table))
        ducks = by_id(self.lake.duckdb_rows(table))
        # A file has no columns that came later; over all files together they are there.
        self.assertEqual([{k: v for k, v in row.items() if v is not None} for row in ducks],
                         [{k: v for k, v in row.items() if v is not None} for row in rows])
        birds = by_id(self.lake.icebird_rows(table))
        self.assertEqual([{k: v for k, v in row.items() if v is not None} for row in birds],
                         [{k: v for k, v in row.items() if v is not None} for row in rows])
        return rows


class FlowOfRowsTest(LakeTest):
    def test_rows_types_and_nulls(self):
        self.produce("orders", [order(i) for i in range(1000)])
        self.run_until(1000, lake_sink("lake", self.lake, "orders"))
        types = {field.name: str(field.field_type) for field in self.lake.table().schema().fields}
        self.assertEqual(types, {"_kafka_topic": "string", "_kafka_partition": "int",
                                 "_kafka_offset": "long", "id": "long", "item": "string",
                                 "amount": "double", "paid": "boolean", "code": "string"})
        rows = self.check_readers()
        for i, row in enumerate(rows):
            want = {**order(i), "code": order(i).get("code")}
            want.pop("note", None)
            self.assertEqual({k: v for k, v in row.items() if k not in BROKER}, want)
            self.assertEqual([row[name] for name in BROKER], ["orders", 0, i])
        self.assertEqual(self.lake.offsets(), {("orders", 0): 1000})

    def test_another_connector_goes_on_where_the_table_is(self):
        self.produce("orders", [order(i) for i in range(100)])
        self.run_until(100, lake_sink("first", self.lake, "orders"))
        self.produce("orders", [order(i) for i in range(100, 150)])
        self.run_until(150, lake_sink("second", self.lake, "orders",
                                      **{"lakehouse.start.policy": "latest"}))
        self.assertEqual([row["id"] for row in self.check_readers()], list(range(150)))

    def test_the_schema_grows_with_the_records(self):
        self.produce("orders", [order(i) for i in range(50)])
        self.run_until(50, lake_sink("lake", self.lake, "orders"))
        self.produce("orders", [order(i, colour="red", size=i) for i in range(50, 100)])
        self.run_until(100, lake_sink("lake", self.lake, "orders"))
        rows = self.check_readers()
        self.assertEqual([row["size"] for row in rows], [None] * 50 + list(range(50, 100)))
        self.assertEqual(Counter(row["colour"] for row in rows), {None: 50, "red": 50})

    def test_the_schema_grows_while_rows_come_in(self):
        source = self.worker.folder / "in.json"
        source.write_text("")
        self.worker.start(file_source("src", source, "orders"),
                          lake_sink("lake", self.lake, "orders"))
        count = 0
        for step in range(5):
            with open(source, "a") as out:
                for i in range(count, count + 40):
                    more = {f"f{at}": i for at in range(step)} if i % 2 else {}
                    out.write(json.dumps(order(i, **more)) + "\n")
            count += 40
            self.wait_count(count)
        self.assertEqual(self.worker.stop(), 143)
        for i, row in enumerate(self.check_readers()):
            for at in range(4):
                want = i if i % 2 and i // 40 > at else None
                self.assertEqual(row[f"f{at}"], want, (i, at))

    def test_partitions(self):
        self.produce("orders", [order(i, country=["de", "fr", "a b/ü", None][i % 4])
                                for i in range(400)])
        self.run_until(400, lake_sink("lake", self.lake, "orders", **{
            "iceberg.tables.default-partition-by": "country,bucket(id, 4),truncate(item, 2)"}))
        rows = self.check_readers()
        self.assertEqual([row["id"] for row in rows], list(range(400)))
        table = self.lake.table()
        self.assertEqual([(f.name, str(f.transform)) for f in table.spec().fields],
                         [("country", "identity"), ("id_bucket", "bucket[4]"),
                          ("item_trunc", "truncate[2]")])
        pruned = table.scan(row_filter="country == 'de' and id == 8")
        self.assertEqual([row["id"] for row in pruned.to_arrow().to_pylist()], [8])
        self.assertEqual(len(list(pruned.plan_files())), 1)
        nothing = table.scan(row_filter="country is null").to_arrow()
        self.assertEqual(nothing.num_rows, 100)

    def test_four_partitions_and_two_tasks(self):
        self.produce("orders", [order(i) for i in range(4000)], partitions=4)
        self.run_until(4000, lake_sink("lake", self.lake, "orders",
                                       **{"tasks.max": "2", "lakehouse.flush.rows": "300"}))
        self.assertEqual(self.lake.places(),
                         {(p, o): 1 for p in range(4) for o in range(1000)})
        self.assertEqual(self.lake.offsets(), {("orders", p): 1000 for p in range(4)})
        self.assertEqual([row["id"] for row in self.check_readers()], list(range(4000)))

    def test_two_tables_by_route(self):
        self.produce("orders", [order(i, kind=["eu-west", "us", "eu-east"][i % 3])
                                for i in range(300)])
        self.worker.start(lake_sink("lake", self.lake, "orders", "db.eu,db.us", **{
            "iceberg.tables.route-field": "kind",
            "iceberg.table.db.eu.route-regex": "eu-.*",
            "iceberg.table.db.us.route-regex": "us"}))
        self.wait_count(200, "db.eu")
        self.wait_count(100, "db.us")
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual([row["id"] for row in self.check_readers("db.us")],
                         list(range(1, 300, 3)))
        self.assertEqual([row["id"] for row in self.check_readers("db.eu")],
                         [i for i in range(300) if i % 3 != 1])
        for table in ("db.eu", "db.us"):
            self.assertEqual(self.lake.offsets(table), {("orders", 0): 300})

    def test_a_table_that_must_not_be_made(self):
        self.produce("orders", [order(0)])
        self.worker.start(lake_sink("lake", self.lake, "orders", **{
            "iceberg.tables.auto-create-enabled": "false"}))
        self.wait(lambda: self.worker.state("lake")[1] == ["FAILED"])
        trace = self.worker.rest.get("/connectors/lake/status").json()["tasks"][0]["trace"]
        self.assertIn("opening table db.orders: there is none; create it, or set "
                      "iceberg.tables.auto-create-enabled=true", trace)


class ApacheConfigTest(LakeTest):
    def config(self, **more):
        return {"name": "lake", "connector.class": APACHES, "tasks.max": "2", "topics": "orders",
                "key.converter": "org.apache.kafka.connect.storage.StringConverter",
                "value.converter": "org.apache.kafka.connect.json.JsonConverter",
                "value.converter.schemas.enable": "false",
                "iceberg.tables": "db.orders",
                "iceberg.tables.auto-create-enabled": "true",
                "iceberg.tables.evolve-schema-enabled": "true",
                "iceberg.tables.auto-create-props.write.parquet.compression-codec": "snappy",
                "iceberg.control.commit.interval-ms": "200",
                "iceberg.control.topic": "control-iceberg",
                "iceberg.control.commit.timeout-ms": "10000",
                "iceberg.kafka.security.protocol": "PLAINTEXT",
                **self.lake.settings(), **more}

    def test_apaches_configuration_runs(self):
        """Nested objects are columns of structs, as there; what has no meaning is told once."""
        self.produce("orders", [order(i, place={"city": f"c{i}", "xy": [i, i + 1]})
                                for i in range(100)])
        self.run_until(100, self.config())
        rows = by_id(self.lake.rows())
        self.assertEqual(rows[7]["place"], {"city": "c7", "xy": [7, 8]})
        self.assertNotIn("_kafka_offset", rows[0])
        self.assertEqual(self.lake.table().properties["write.parquet.compression-codec"], "snappy")
        warnings = [line for line in self.worker.process.output().splitlines()
                    if "have no meaning here" in line]
        self.assertEqual(len(warnings), 1, warnings)
        for key in ("iceberg.control.topic", "iceberg.control.commit.timeout-ms",
                    "iceberg.kafka.security.protocol"):
            self.assertIn(key, warnings[0])
        self.assertNotIn("iceberg.tables", warnings[0])

    def test_keys_of_the_older_sink_are_refused(self):
        self.worker.start()
        refused = {"iceberg.control.group-id": "cg"}
        reply = self.worker.rest.call("PUT", "/connector-plugins/IcebergSinkConnector/config/validate",
                                      self.config(**refused))
        self.assertEqual(reply.status, 200, reply.body)
        errors = {entry["value"]["name"]: entry["value"]["errors"]
                  for entry in reply.json()["configs"] if entry["value"]["errors"]}
        self.assertEqual(set(errors), set(refused))
        for found in errors.values():
            self.assertIn("not supported: ", found[0])
        made = self.worker.rest.call("POST", "/connectors", {
            "name": "lake", "config": self.config(**refused)})
        self.assertEqual(made.status, 400)


class FlowInAFolderTest(FlowOfRowsTest):
    """The same without a catalog."""

    kind = "hadoop"


if __name__ == "__main__":
    unittest.main()
