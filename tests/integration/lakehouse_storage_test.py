"""Storage that is full, read-only, or does not know our credentials any more: the message says so, and when
it is well again each record is in the table once."""

import json
import os
import random
import subprocess
import unittest

from lake import Lake, RestLake, assert_each_once, lake_sink
from lakehouse_flow_test import LakeTest
from log_tool import write_records
from pyiceberg.io import load_file_io
from pyiceberg.table import Table
from vending_catalog import VendingCatalog
from workers import Millrace

FULL_BYTES = 128 << 10  # of a file, beyond which the disk counts as full


class Limited(Millrace):
    """Can be put under a limit of the size of files: stands for a full disk without being root."""

    def command(self, arguments):
        return ["env", "--ignore-signal=XFSZ", *super().command(arguments)]

    def limit(self, size):
        subprocess.run(["prlimit", f"--pid={self.process.pid}", f"--fsize={size}:unlimited"],
                       check=True)


class Plain(Millrace):
    """Bound by the permissions of files, as root is not."""

    def command(self, arguments):
        command = super().command(arguments)
        if os.geteuid() != 0:
            return command
        less = "-dac_override,-dac_read_search"
        return ["setpriv", f"--bounding-set={less}", f"--inh-caps={less}", *command]


class StorageCase(LakeTest):
    worker_class = Millrace

    def setUp(self):
        super().setUp()
        self.worker = self.worker_class.embedded()
        self.addCleanup(self.worker.close)
        self.lake = Lake(self.worker.folder / "lake")
        self.log = {"embedded.log.dir": str(self.worker.folder / "log")}
        self.random = random.Random(1)

    def write(self, first, end, size=40):
        """Text that no codec makes small."""
        write_records("orders", [
            (None, json.dumps({"id": i, "text": self.random.randbytes(size // 2).hex()}).encode())
            for i in range(first, end)], {**self.log, "partitions": "2"})

    def wait_output(self, *texts):
        """All in one line."""
        return self.wait(lambda: [line for line in self.worker.process.output().splitlines()
                                  if all(text in line for text in texts)],
                         what=f"{texts} in the log")

    def failure(self):
        self.wait(lambda: self.worker.state("lake")[1] == ["FAILED"], 30,
                  "the end of the task")
        return self.worker.rest.get("/connectors/lake/status").json()["tasks"][0]["trace"]

    def restart(self):
        self.worker.rest.call("POST", "/connectors/lake/tasks/0/restart")

    def finish(self, count):
        self.wait(lambda: len(self.lake.ids()) >= count, 60, f"{count} rows")
        self.assertEqual(self.worker.state("lake"), ("RUNNING", ["RUNNING"]))
        self.assertEqual(self.worker.stop(), 143)
        self.assertEqual(assert_each_once(self, self.lake, self.log, "orders"), count)


class FullDiskTest(StorageCase):
    worker_class = Limited

    def test_it_is_tried_again_until_there_is_room(self):
        self.write(0, 10)
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        self.wait_count(10)
        self.assertEqual(self.worker.stop(), 143)
        self.write(10, 2000, 1000)
        self.worker.start()
        self.worker.limit(FULL_BYTES)
        made = self.worker.rest.call("POST", "/connectors", {
            "name": "lake", "config": lake_sink("lake", self.lake, "orders")})
        self.assertEqual(made.status, 201, made.body)
        self.wait_output("their rows are read again", "writing ", ".parquet: File too large")
        self.assertEqual(self.worker.state("lake"), ("RUNNING", ["RUNNING"]))
        self.assertEqual(self.lake.count(), 10)
        self.worker.limit("unlimited")
        self.finish(2000)
        left = [path for path in self.lake.warehouse.rglob("*") if path.name.endswith(".tmp")]
        self.assertEqual(left, [])


class ReadOnlyTest(StorageCase):
    worker_class = Plain

    def lock(self, locked):
        for folder in (self.lake.warehouse / "db" / "orders").rglob("*"):
            if folder.is_dir():
                folder.chmod(0o555 if locked else 0o755)

    def test_the_task_fails_and_goes_on_when_restarted(self):
        self.write(0, 100)
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        self.wait_count(100)
        self.assertEqual(self.worker.stop(), 143)
        self.write(100, 300)
        self.lock(True)
        self.addCleanup(self.lock, False)
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        trace = self.failure()
        self.assertIn("creating " + str(self.lake.warehouse), trace)
        self.assertIn("Permission denied", trace)
        self.assertEqual(self.lake.count(), 100)
        self.lock(False)
        self.restart()
        self.finish(300)

    def test_metadata_alone(self):
        """The data file could be written: it is not in the table, and its rows come again."""
        self.write(0, 100)
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        self.wait_count(100)
        self.assertEqual(self.worker.stop(), 143)
        self.write(100, 300)
        metadata = self.lake.warehouse / "db" / "orders" / "metadata"
        metadata.chmod(0o555)
        self.addCleanup(metadata.chmod, 0o755)
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        trace = self.failure()
        self.assertIn("committing to db.orders: ", trace)
        self.assertIn(f"creating {metadata}", trace)
        metadata.chmod(0o755)
        self.restart()
        self.finish(300)


class VendedLake(RestLake):
    """Read with the owner's credentials."""

    def __init__(self, catalog):
        super().__init__(catalog.uri)
        self.vending = catalog

    def table(self, name="db.orders"):
        metadata = self.vending.tables.get(tuple(name.split(".")))
        if metadata is None:
            return None
        io = load_file_io(self.vending.storage, metadata.location)
        return Table(("db", "orders"), metadata, f"{metadata.location}/none.json", io, None)


class CredentialsTest(StorageCase):
    def setUp(self):
        super().setUp()
        self.vending = VendingCatalog(lasts=3)
        self.addCleanup(self.vending.close)
        self.lake = VendedLake(self.vending)

    def test_sessions_that_end_while_a_file_is_uploaded(self):
        """A file of several parts outlives several sessions."""
        self.write(0, 1500, 20_000)
        self.worker.start(lake_sink("lake", self.lake, "orders", **{
            "iceberg.control.commit.interval-ms": "1000"}))
        self.wait(lambda: self.lake.count() == 1500, 90, "1500 rows")
        self.finish(1500)
        self.assertGreater(self.vending.refused_parts, 0)
        self.assertGreater(self.vending.sessions, 2)
        self.assertGreater(max(task.file.file_size_in_bytes
                               for task in self.lake.table().scan().plan_files()), 10 << 20)

    def test_a_catalog_that_has_no_fresh_ones(self):
        self.write(0, 100)
        self.vending.lasts = 1
        self.vending.stuck = True
        self.worker.start(lake_sink("lake", self.lake, "orders"))
        self.assertIn("ExpiredToken", self.failure())
        self.assertEqual(self.lake.count(), 0)
        self.vending.stuck = False
        self.restart()
        self.finish(100)


if __name__ == "__main__":
    unittest.main()
