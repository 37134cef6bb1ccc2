"""Tables of ours in Iceberg's own REST catalog server, beside PyIceberg, and on a server of S3.

    PYTHON tests/oracle/rest_compare.py --native build/dev/bin/table_oracle --jars FOLDER
"""

import argparse
import http.server
import json
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import boto3
import pyarrow
from moto.server import ThreadedMotoServer
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.types import LongType, NestedField, StringType, TimestamptzType

from catalog_server import CatalogServer
from certificates import Authority

OPTIONS = None
TABLE = "db.raw.orders"
SCHEMA = Schema(NestedField(10, "id", LongType(), required=False),
                NestedField(20, "ts", TimestamptzType(), required=False),
                NestedField(30, "kind", StringType(), required=False))
ROWS = pyarrow.table({"id": [1, 2, 3], "kind": ["a", "b", None],
                      "ts": pyarrow.array([0, 1, 2], pyarrow.timestamp("us", "UTC"))})


def start(*arguments):
    return subprocess.Popen([OPTIONS.native, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=120)
    if process.returncode != 0:
        raise AssertionError(f"{process.args}: {err}")
    return out


def native(*arguments):
    return finish(start(*arguments))


class Rest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.server = CatalogServer(OPTIONS.jars, cls.folder.name)
        cls.addClassCleanup(cls.server.stop)
        cls.settings = f"type=rest;uri={cls.server.uri}"
        cls.count = 0

    def setUp(self):
        Rest.count += 1
        self.table = f"db{self.count}.raw.orders"

    def catalog(self):
        return RestCatalog("lake", uri=self.server.uri)

    def create_ours(self, partition="day(ts), bucket(id, 4), kind"):
        native(self.settings, self.table, "create", SCHEMA.model_dump_json(), partition)

    def document(self):
        return json.loads(native(self.settings, self.table, "document"))

    def test_ours_is_loaded_and_changed_by_pyiceberg(self):
        self.create_ours()
        table = self.catalog().load_table(self.table)
        self.assertEqual([f.name for f in table.schema().fields], ["id", "ts", "kind"])
        self.assertEqual([(f.name, str(f.transform)) for f in table.spec().fields],
                         [("ts_day", "day"), ("id_bucket", "bucket[4]"), ("kind", "identity")])
        self.assertEqual(table.properties["owner"], "é")
        native(self.settings, self.table, "add-column", "note", "string")
        native(self.settings, self.table, "set", "n", "1")
        with table.transaction() as change:
            change.set_properties(theirs="1")
        document = self.document()
        self.assertEqual(document["properties"]["n"], "1")
        self.assertEqual(document["properties"]["theirs"], "1")
        self.assertEqual(document["schemas"][-1]["fields"][-1]["name"], "note")

    def test_a_table_is_made_once_and_a_missing_one_is_none(self):
        self.create_ours()
        with self.assertRaisesRegex(AssertionError, "there is one already"):
            self.create_ours()
        with self.assertRaises(AssertionError):
            native(self.settings, "db.none", "document")

    def test_two_of_us_and_pyiceberg_commit_at_once_and_each_snapshot_lands(self):
        count, theirs = 20, 5
        self.create_ours("kind")
        racers = [start(self.settings, self.table, "append", str(count)) for _ in range(2)]
        for racer in racers:
            self.addCleanup(racer.kill)
        catalog = self.catalog()
        for _ in range(theirs):
            while True:
                try:
                    catalog.load_table(self.table).append(ROWS)
                    break
                except CommitFailedException:
                    pass
        for racer in racers:
            finish(racer)
        table = self.catalog().load_table(self.table)
        snapshots = {s.snapshot_id: s for s in table.metadata.snapshots}
        ours = [s for s in snapshots.values() if s.summary.get("by") == "us"]
        self.assertEqual(len(ours), 2 * count)
        line, at = [], table.metadata.current_snapshot_id
        while at is not None:
            line.append(snapshots[at])
            at = snapshots[at].parent_snapshot_id
        self.assertEqual(len(line), len(snapshots))
        self.assertEqual([s.sequence_number for s in line], list(range(len(line), 0, -1)))
        # Our last snapshot has the files of theirs.
        self.assertEqual(table.scan().to_arrow().num_rows, theirs * ROWS.num_rows)


class S3(unittest.TestCase):
    """A file system catalog on an object store: each version is published conditionally."""

    def setUp(self):
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        self.addCleanup(server.stop)
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                     aws_access_key_id="id", aws_secret_access_key="secret"
                     ).create_bucket(Bucket="lake")
        self.keys = {"s3.endpoint": endpoint, "s3.access-key-id": "id",
                     "s3.secret-access-key": "secret", "s3.path-style-access": "true",
                     "client.region": "us-east-1"}
        self.settings = "type=hadoop;warehouse=s3://lake/house;" + ";".join(
            f"{name}={value}" for name, value in self.keys.items())

    def test_ours_is_read_by_pyiceberg_and_no_commit_is_lost(self):
        count = 10
        native(self.settings, TABLE, "create", SCHEMA.model_dump_json(), "kind")
        racers = [start(self.settings, TABLE, "hammer", name, str(count)) for name in "ab"]
        for racer in racers:
            finish(racer)
        native(self.settings, TABLE, "append", "2")
        location = native(self.settings, TABLE, "location").strip()
        self.assertTrue(location.endswith(f"/v{1 + 2 * count + 2}.metadata.json"), location)
        table = StaticTable.from_metadata(location, properties=self.keys)
        for i in range(count):
            for name in "ab":
                self.assertEqual(table.properties[f"{name}{i}"], "done")
        self.assertEqual(len(table.metadata.snapshots), 2)
        self.assertEqual(table.scan().to_arrow().num_rows, 0)


class Tls(unittest.TestCase):
    """A catalog over https, whose certificate is that of an authority nobody knows."""

    def test_its_authority_must_be_named(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        authority = Authority(folder.name)
        metadata = json.dumps({"metadata-location": "file:///t/1.metadata.json", "metadata": {
            "format-version": 2, "table-uuid": "u", "location": "file:///t", "last-updated-ms": 1,
            "last-sequence-number": 0, "last-column-id": 0, "last-partition-id": 999,
            "current-schema-id": 0, "default-spec-id": 0, "default-sort-order-id": 0,
            "schemas": [{"type": "struct", "schema-id": 0, "fields": []}],
            "partition-specs": [{"spec-id": 0, "fields": []}],
            "sort-orders": [{"order-id": 0, "fields": []}]}}).encode()

        class Catalog(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = b"{}" if self.path == "/v1/config" else metadata
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Catalog)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        key, certificate = authority.issue("catalog")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = f"type=rest;uri=https://127.0.0.1:{server.server_port}"
        with self.assertRaisesRegex(AssertionError, "certificate is refused.*ssl.cabundle"):
            native(settings, TABLE, "location")
        trusted = f"{settings};ssl.cabundle={authority.certificate}"
        self.assertEqual(native(trusted, TABLE, "location").strip(), "file:///t/1.metadata.json")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True, type=Path)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
