"""Tables of the lakehouse sink: its configuration, and what others read in them."""

import importlib.util
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import duckdb
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import StaticTable
from sqlalchemy.exc import OperationalError

from log_tool import read_records

JSON = "org.apache.kafka.connect.json.JsonConverter"
OURS = "org.millrace.LakehouseSinkConnector"
APACHES = "org.apache.iceberg.connect.IcebergSinkConnector"
OFFSETS = "millrace.kafka.offsets"
READ_TIMEOUT = 120


def local_path(location):
    """Of `file:///folder`, or `file:/folder` as Java has it."""
    return "/" + location.removeprefix("file:").lstrip("/")


def lake_sink(name, lake, topics, table="db.orders", **more):
    """Schemaless JSON into a table that is made, with where each record was, committed once a second."""
    return {"name": name, "connector.class": OURS, "tasks.max": "1", "topics": topics,
            "value.converter": JSON, "value.converter.schemas.enable": "false",
            "iceberg.tables": table, "iceberg.tables.auto-create-enabled": "true",
            "iceberg.tables.evolve-schema-enabled": "true",
            "iceberg.control.commit.interval-ms": "200",
            "lakehouse.broker.columns": "topic,partition,offset", **lake.settings(), **more}


class Lake:
    """A warehouse in a folder, with a SQLite catalog, or without any (`hadoop`)."""

    def __init__(self, folder, kind="jdbc"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kind = kind
        self.database = self.folder / "catalog.db"
        self.warehouse = self.folder / "warehouse"

    def settings(self):
        common = {"iceberg.catalog": "lake", "iceberg.catalog.type": self.kind,
                  "iceberg.catalog.warehouse": f"file://{self.warehouse}"}
        if self.kind == "jdbc":
            common["iceberg.catalog.uri"] = f"jdbc:sqlite:{self.database}"
        return common

    def catalog(self):
        return SqlCatalog("lake", uri=f"sqlite:///{self.database}",
                          warehouse=f"file://{self.warehouse}",
                          init_catalog_tables="false")  # the sink may be making them

    def new_catalog(self):
        """With the namespace of the tests' tables."""
        catalog = self.catalog()
        catalog.create_tables()
        catalog.create_namespace_if_not_exists("db")
        return catalog

    def table(self, name="db.orders"):
        """As it is now, for PyIceberg; None when there is none."""
        if self.kind == "jdbc":
            if not self.database.exists():
                return None
            try:
                return self.catalog().load_table(name)
            except NoSuchTableError:
                return None
            except OperationalError as error:  # a catalog that is being made
                if "no such table" not in str(error):
                    raise
                return None
        folder = self.warehouse.joinpath(*name.split(".")) / "metadata"
        versions = [int(path.name[1:].split(".")[0]) for path in folder.glob("v*.metadata.json")]
        if not versions:
            return None
        return StaticTable.from_metadata(str(folder / f"v{max(versions)}.metadata.json"))

    def rows(self, name="db.orders", columns=("*",)):
        """All rows as dicts, by PyIceberg."""
        table = self.table(name)
        return table.scan(selected_fields=tuple(columns)).to_arrow().to_pylist() if table else []

    def ids(self, name="db.orders"):
        table = self.table(name)
        if table is None or "id" not in table.schema().column_names:
            return set()
        return set(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())

    def count(self, name="db.orders"):
        """Rows by the counts in manifests: cheap."""
        table = self.table(name)
        return table.scan().count() if table else 0

    def offsets(self, name="db.orders"):
        """What the newest snapshot that knows says: {(topic, partition): next}, of the one cluster."""
        table = self.table(name)
        for snapshot in sorted(table.metadata.snapshots if table else [],
                               key=lambda s: -s.sequence_number):
            text = snapshot.summary[OFFSETS] if OFFSETS in snapshot.summary.additional_properties \
                else None
            if text is None:
                continue
            stored = json.loads(text)
            clusters = stored.get("c", stored)
            return {(topic, int(partition)): offset for topics in clusters.values()
                    for topic, partitions in topics.items()
                    for partition, offset in partitions.items()}
        return {}

    def places(self, name="db.orders"):
        """How often each (partition, offset) is in the table."""
        table = self.table(name)
        if table is None or "_kafka_offset" not in table.schema().column_names:
            return Counter()
        data = table.scan(selected_fields=("_kafka_partition", "_kafka_offset")).to_arrow()
        return Counter(zip(data["_kafka_partition"].to_pylist(), data["_kafka_offset"].to_pylist()))

    def files(self, name="db.orders"):
        return [task.file.file_path for task in self.table(name).scan().plan_files()]

    def duckdb_rows(self, name="db.orders"):
        """By DuckDB's own reader of Iceberg."""
        metadata = local_path(self.table(name).metadata_location)
        with duckdb.connect() as connection:
            for extension in ("avro", "iceberg"):
                package = importlib.util.find_spec(f"duckdb_extension_{extension}")
                (path,) = Path(package.origin).parent.glob(f"extensions/*/{extension}.duckdb_extension")
                connection.execute(f"LOAD '{path}'")
            result = connection.execute("SELECT * FROM iceberg_scan(?)", [metadata])
            names = [column[0] for column in result.description]
            return [dict(zip(names, row)) for row in result.fetchall()]

    def icebird_rows(self, name="db.orders"):
        """Numbers as JavaScript has them, missing columns left out."""
        metadata = local_path(self.table(name).metadata_location)
        script = Path(__file__).parent / "icebird" / "read.mjs"
        done = subprocess.run(["node", str(script), os.environ["MILLRACE_ICEBIRD"], metadata],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=READ_TIMEOUT)
        if done.returncode != 0:
            raise RuntimeError("icebird: " + done.stderr.decode()[-2000:])
        return [json.loads(line) for line in done.stdout.decode().splitlines()]


class RestLake(Lake):
    """Tables of a REST catalog at `uri`; the sink finds it at `sink_uri`, which may be a proxy."""

    def __init__(self, uri, sink_uri=None, **more):
        self.uri = uri
        self.sink_uri = sink_uri or uri
        self.more = {f"iceberg.catalog.{key}": value for key, value in more.items()}

    def settings(self):
        return {"iceberg.catalog": "lake", "iceberg.catalog.type": "rest",
                "iceberg.catalog.uri": self.sink_uri, **self.more}

    def catalog(self):
        return RestCatalog("lake", uri=self.uri)

    def table(self, name="db.orders"):
        try:
            return self.catalog().load_table(name)
        except NoSuchTableError:
            return None


def assert_each_once(test, lake, log, topic, table="db.orders"):
    """count = distinct (topic, partition, offset) = produced, every row is its record, by its `id`, and
    the table's offsets are behind the last; returns how many."""
    records = read_records(topic, log)
    produced = Counter((r.partition, r.offset) for r in records)
    places = lake.places(table)
    test.assertEqual(sum(places.values()), len(places), "rows are there more than once")
    test.assertEqual(places, produced)
    ids = {(r.partition, r.offset): json.loads(r.value)["id"] for r in records}
    columns = ("_kafka_partition", "_kafka_offset", "id")
    rows = {(r["_kafka_partition"], r["_kafka_offset"]): r["id"] for r in lake.rows(table, columns)}
    test.assertEqual(rows, ids)
    ends = {}
    for record in records:
        ends[topic, record.partition] = max(ends.get((topic, record.partition), 0), record.offset + 1)
    stored = lake.offsets(table)
    test.assertEqual({place: stored[place] for place in ends}, ends)
    test.assertEqual(lake.count(table), len(produced))
    return len(produced)
