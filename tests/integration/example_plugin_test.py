"""The example plugin, built out of tree against the installed package, in the installed worker."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from flow import FlowTest
from workers import REPO, Millrace, file_sink

COUNT = 200_000
LONG = "org.apache.kafka.connect.converters.LongConverter"
JSON = "org.apache.kafka.connect.json.JsonConverter"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def numbers(path):
    """The numbers a sink has written; the last line may be half there."""
    return set(map(int, path.read_text().split("\n")[:-1]))


class ExamplePluginTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="millrace-plugin-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = cls.folder / "moved"
        run("cmake", "--install", os.environ["MILLRACE_BUILD"], "--prefix", cls.folder / "prefix")
        # The tree can be moved as a whole.
        (cls.folder / "prefix").rename(cls.prefix)
        flags = os.environ.get("MILLRACE_TEST_CXX_FLAGS", "")
        run("cmake", "-G", "Ninja", "-S", REPO / "examples" / "plugin", "-B", cls.folder / "build",
            f"-DCMAKE_PREFIX_PATH={cls.prefix}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror " + flags)
        run("cmake", "--build", cls.folder / "build")

    def setUp(self):
        self.worker = Millrace.embedded({
            "plugin.path": self.folder / "build" / "plugins",
            "key.converter": JSON, "key.converter.schemas.enable": "false",
            "value.converter": JSON, "value.converter.schemas.enable": "true",
            "offset.flush.interval.ms": "100",
        })
        self.worker.binary = self.prefix / "bin" / "millrace"
        self.addCleanup(self.worker.close)
        self.tally = self.worker.folder / "tally"
        self.connectors = [
            {"name": "numbers", "connector.class": "SequenceSource", "tasks.max": "3",
             "topic": "numbers", "count": COUNT},
            {"name": "totals", "connector.class": "org.example.TallySinkConnector",
             "topics": "numbers", "file": self.tally}]

    def totals(self):
        """Records, sum and next offsets over all partitions."""
        totals = [list(map(int, path.read_text().split()))
                  for path in self.worker.folder.glob("tally.numbers-*") if path.suffix != ".tmp"]
        return [sum(column) for column in zip(*totals)] if totals else [0, 0, 0]

    def test_it_is_listed_with_its_configuration(self):
        self.worker.start()
        listed = {p["class"]: p for p in self.worker.rest.get("/connector-plugins").json()}
        self.assertEqual(listed["org.example.SequenceSourceConnector"],
                         {"class": "org.example.SequenceSourceConnector", "type": "source",
                          "version": "1.0"})
        rows = self.worker.rest.get("/connector-plugins/SequenceSource/config").json()
        self.assertEqual({"topic", "count", "keys"} & {r["name"] for r in rows},
                         {"topic", "count", "keys"})

    def test_every_number_is_counted_once_across_kills(self):
        self.worker.start(*self.connectors)
        for part in (1, 2):
            self.wait(lambda: self.totals()[0] >= COUNT * part // 4, what="some totals")
            self.worker.process.kill()
            self.worker.start(*self.connectors)
        # A kill may make the source write numbers again, never lose one: a sink that starts after
        # the last kill sees what the log holds.
        written = self.worker.folder / "written"
        sink = file_sink("written", written, "numbers")
        self.worker.rest.call("PUT", f"/connectors/{sink['name']}/config", sink)
        self.wait(lambda: written.exists() and numbers(written) == set(range(COUNT)),
                  what="every number in the log")
        self.wait(lambda: self.totals()[1] >= COUNT * (COUNT - 1) // 2, what="all totals")
        self.worker.stop()
        # The killed sink counts every record of the log once: as many as there are offsets.
        records, _, offsets = self.totals()
        self.assertEqual(records, offsets)

    def test_without_kills_the_sum_is_exact(self):
        self.worker.start(*self.connectors)
        self.wait(lambda: self.totals()[0] >= COUNT, what="all totals")
        self.assertEqual(self.totals(), [COUNT, COUNT * (COUNT - 1) // 2, COUNT])


if __name__ == "__main__":
    unittest.main()
