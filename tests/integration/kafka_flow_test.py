"""Kafka's own configuration files and names on a real broker."""

import unittest
from pathlib import Path

from flow import FlowTest, bootstrap, unique
from workers import JavaWorker, Millrace, file_sink, file_source

CONFIG = Path(__file__).resolve().parents[2] / "config"


class KafkaFlowTest(FlowTest):
    def run_shipped_files(self, worker):
        """The three shipped files with the paths and topic of this test put in."""
        topic = unique("connect-test")
        folder = worker.folder
        for name in ("source", "sink"):
            text = (CONFIG / f"connect-file-{name}.properties").read_text()
            text = (text.replace("connect-test", topic).replace("=test.txt", f"={folder}/test.txt")
                    .replace("=test.sink.txt", f"={folder}/test.sink.txt")
                    .replace("name=local", f"name={topic}-local"))
            (folder / f"{name}.properties").write_text(text)
        data = "".join(f"line {i} äöü \U0001f600\n" for i in range(500)).encode()
        (folder / "test.txt").write_bytes(data)
        worker.settings = {
            **dict(line.split("=", 1) for line in
                   (CONFIG / "connect-standalone.properties").read_text().splitlines()
                   if "=" in line and not line.startswith("#")),
            "bootstrap.servers": bootstrap(),
            "offset.storage.file.filename": str(folder / "connect.offsets"),
            "listeners": worker.settings["listeners"],
        }
        worker.start(folder / "source.properties", folder / "sink.properties")
        self.wait_for_content(folder / "test.sink.txt", data, 60)
        worker.stop()
        return topic

    def test_shipped_files_run_unchanged(self):
        with Millrace({}) as worker:
            self.run_shipped_files(worker)

    def test_what_one_worker_writes_the_other_reads(self):
        """JSON envelopes of one worker's source feed the other's sink."""
        for writer, reader in ((Millrace, JavaWorker), (JavaWorker, Millrace)):
            with self.subTest(writer=writer.__name__), writer({}) as first:
                topic = self.run_shipped_files(first)
                with reader({"bootstrap.servers": bootstrap(),
                             "key.converter": "org.apache.kafka.connect.json.JsonConverter",
                             "value.converter": "org.apache.kafka.connect.json.JsonConverter"}
                            ) as second:
                    out = second.folder / "out.txt"
                    second.start(file_sink(unique("dst"), out, topic))
                    self.wait_for_content(out, (first.folder / "test.txt").read_bytes(), 60)
                    second.stop()

    def test_class_names_and_aliases_select_the_native_plugin(self):
        names = ["FileStreamSource", "FileStreamSourceConnector",
                 "org.apache.kafka.connect.file.FileStreamSourceConnector"]
        with Millrace({"bootstrap.servers": bootstrap()}) as worker:
            worker.start()
            for name in names:
                config = file_source(unique("src"), worker.folder / "none", unique("t"))
                config["connector.class"] = name
                reply = worker.rest.call("PUT", f"/connectors/{config['name']}/config", config)
                self.assertEqual(reply.status, 201, reply.body)
                worker.wait_running(config["name"])

    def test_two_tasks_share_the_partitions_of_a_pattern(self):
        prefix = unique("many")
        with Millrace({"bootstrap.servers": bootstrap(),
                       "consumer.metadata.max.age.ms": "1000"}) as worker:
            for i in range(3):
                (worker.folder / f"in-{i}").write_text(f"line of {i}\n" * 100)
            sink = file_sink(unique("dst"), worker.folder / "out", "x", **{"tasks.max": "2"})
            del sink["topics"]
            sink["topics.regex"] = f"{prefix}-.*"
            worker.start(sink, *(file_source(unique("src"), worker.folder / f"in-{i}",
                                             f"{prefix}-{i}") for i in range(3)))
            out = worker.folder / "out"
            self.wait(lambda: out.exists() and len(out.read_text().splitlines()) == 300, 60,
                      "300 lines")
            lines = out.read_text().splitlines()
            self.assertEqual(sorted(lines), sorted(f"line of {i}" for i in range(3)
                                                   for _ in range(100)))
            worker.wait_running(sink["name"], tasks=2)


if __name__ == "__main__":
    unittest.main()
