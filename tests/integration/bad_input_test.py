"""Bad input of a whole worker: a clear error, the right exit code, nothing lost."""

import os
import resource
import socket
import subprocess
import unittest

from flow import FlowTest
from kafka_broker import free_port
from workers import Millrace, file_sink, file_source


class BadInputTest(FlowTest):
    def worker(self, settings=None, env=None):
        worker = Millrace.embedded(settings, env=env)
        self.addCleanup(worker.close)
        return worker

    def expect_exit(self, worker, code, *texts, connectors=()):
        worker.launch(*connectors)
        self.assertEqual(worker.process.wait(60), code, worker.process.output()[-2000:])
        for text in texts:
            self.assertIn(text, worker.process.output())

    def run_binary(self, *arguments):
        return subprocess.run([os.environ["MILLRACE_BIN"], *arguments], capture_output=True,
                              text=True, timeout=30)

    def test_usage(self):
        self.assertEqual(self.run_binary("standalone").returncode, 1)
        self.assertEqual(self.run_binary("standalone", "--help").returncode, 1)
        self.assertEqual(self.run_binary("nonsense").returncode, 1)

    def test_worker_file_missing_or_a_folder(self):
        missing = self.run_binary("standalone", "/no/such/worker.properties")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("/no/such/worker.properties: No such file or directory", missing.stdout)
        folder = self.run_binary("standalone", "/tmp")
        self.assertEqual(folder.returncode, 2)
        self.assertIn("it is a directory", folder.stdout)

    def test_worker_file_malformed(self):
        worker = self.worker()
        path = worker.folder / "bad.properties"
        path.write_text("key.converter=\\u12\n")
        result = self.run_binary("standalone", str(path))
        self.assertEqual(result.returncode, 2)
        self.assertIn("Malformed \\uxxxx encoding.", result.stdout)

    def test_worker_keys_missing_and_wrong(self):
        worker = self.worker()
        del worker.settings["offset.storage.file.filename"]
        self.expect_exit(worker, 2, 'Missing required configuration "offset.storage.file.filename" '
                                    "which has no default value.")
        self.expect_exit(self.worker({"offset.flush.interval.ms": "soon"}), 2,
                         "Invalid value soon for configuration offset.flush.interval.ms: "
                         "Not a number of type LONG")
        self.expect_exit(self.worker({"connector.client.config.override.policy": "Some"}), 2, "Some")
        self.expect_exit(self.worker({"listeners": "ftp://127.0.0.1:1"}), 2, "ftp")

    def test_unknown_class_names_the_nearest(self):
        worker = self.worker()
        connector = file_source("src", worker.folder / "in", "t")
        connector["connector.class"] = "FileStreamSourc"
        self.expect_exit(worker, 3, "Failed to find any class that implements Connector and which "
                         "name matches FileStreamSourc", "FileStreamSourceConnector",
                         connectors=[connector])

    def test_unknown_converter_of_the_worker_fails_tasks_with_the_nearest(self):
        worker = self.worker({"key.converter": "org.apache.kafka.connect.json.JsonConvertor"})
        worker.start(file_source("src", worker.folder / "in", "t"))
        self.wait(lambda: worker.state("src")[1] == ["FAILED"])
        trace = worker.rest.get("/connectors/src/tasks/0/status").json()["trace"]
        self.assertIn("JsonConvertor could not be found", trace)
        self.assertIn("org.apache.kafka.connect.json.JsonConverter", trace)

    def test_connector_files(self):
        worker = self.worker()
        self.expect_exit(worker, 3, connectors=[worker.folder / "none.properties"])
        nameless = worker.folder / "nameless.json"
        nameless.write_text('{"connector.class":"FileStreamSource"}')
        self.expect_exit(worker, 3, f"Connector configuration at '{nameless}' is missing the "
                         "mandatory 'name' configuration", connectors=[nameless])

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.expect_exit(self.worker({"listeners": f"http://127.0.0.1:{port}"}), 2,
                             str(port), "in use")

    def test_no_broker_at_start(self):
        worker = Millrace({"bootstrap.servers": f"127.0.0.1:{free_port()}",
                           "default.api.timeout.ms": "1500"})
        self.addCleanup(worker.close)
        self.expect_exit(worker, 2, "Failed to connect to and describe Kafka cluster. Check "
                         "worker's broker connection and security properties.")

    def test_damaged_offset_files_are_refused_and_kept(self):
        source = self.worker()
        (source.folder / "in").write_text("a\nb\n")
        source.start(file_source("src", source.folder / "in", "t"))
        self.wait(lambda: source.offsets("src"))
        source.stop()
        good = (source.folder / "connect.offsets").read_bytes()
        for name, damaged in {"truncated": good[:-3], "foreign": b"not an offset file",
                              "longer": good + b"x", "flipped": good[:90] + b"\0" + good[91:]}.items():
            with self.subTest(name):
                worker = self.worker()
                path = worker.folder / "connect.offsets"
                path.write_bytes(damaged)
                worker.launch()
                self.assertNotEqual(worker.process.wait(60), 0)
                self.assertIn("not an offset file of Kafka Connect, or damaged",
                              worker.process.output())
                self.assertEqual(path.read_bytes(), damaged)

    def test_a_damaged_plugin_is_refused_and_the_worker_runs(self):
        worker = self.worker()
        plugins = worker.folder / "plugins"
        plugins.mkdir()
        (plugins / "broken.so").write_bytes(b"\x7fELF" + b"\0" * 100)
        (plugins / "text.so").write_text("no library")
        worker.settings["plugin.path"] = f"{plugins},/no/such/folder"
        worker.start()
        self.assertEqual(worker.rest.get("/connector-plugins").status, 200)

    def test_a_full_disk_under_the_sink_holds_records_back_without_loss(self):
        """The size limit of files stands for a full disk: it can be lifted while the worker runs."""
        worker = self.worker()
        source, sink = worker.folder / "in", worker.folder / "out"
        data = "".join(f"record {i} {'x' * 80}\n" for i in range(40000)).encode()
        worker.start(file_sink("dst", sink, "t"))
        worker.wait_running("dst")
        limit = 1_000_000
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (limit, -1))
        source.write_bytes(data)
        worker.rest.call("POST", "/connectors", {"name": "src", "config": file_source(
            "src", source, "t")})
        self.wait(lambda: "File too large" in worker.process.output(), 30, "the write to fail")
        self.assertEqual(worker.rest.get("/connectors/dst/status").status, 200)
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        self.wait(lambda: sink.stat().st_size >= len(data), 60, "the sink to catch up")
        self.assertEqual(sink.read_bytes(), data)

    def test_a_full_disk_under_the_offset_file_is_retried(self):
        worker = self.worker()
        source = worker.folder / "in"
        source.write_text("a\n")
        worker.start(file_source("src", source, "t"))
        offsets = lambda: worker.offsets("src")
        self.wait(lambda: offsets() and offsets()[0]["offset"]["position"] == 2)
        before = (worker.folder / "connect.offsets").read_bytes()
        os.mkdir(worker.folder / "connect.offsets.tmp")  # where the temporary file would go
        with open(source, "a") as out:
            out.write("b\n")
        self.wait(lambda: "Failed to commit offsets" in worker.process.output(), 30,
                  "the commit to fail")
        self.assertEqual((worker.folder / "connect.offsets").read_bytes(), before)
        os.rmdir(worker.folder / "connect.offsets.tmp")
        self.wait(lambda: offsets()[0]["offset"]["position"] == 4, 30, "the next commit")


if __name__ == "__main__":
    unittest.main()
