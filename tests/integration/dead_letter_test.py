"""Records that a sink cannot take, and topics a source makes, on both logs."""

import subprocess
import unittest

from flow import FlowTest, bootstrap, unique
from kafka_broker import java
from log_tool import read_records
from workers import JavaWorker, Millrace, file_sink, file_source

JSON = "org.apache.kafka.connect.json.JsonConverter"
GOOD = [f'"line {i}"' for i in range(200)]
BAD = [f"{{not json {i} \u00e4" for i in range(20)]
TOOL_TIMEOUT = 60


def queue_settings(topic, **more):
    return {"value.converter": JSON, "value.converter.schemas.enable": "false",
            "errors.tolerance": "all", "errors.deadletterqueue.topic.name": topic,
            "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter", **more}


def tool(main, *arguments):
    return subprocess.run(java(main, *arguments), check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=TOOL_TIMEOUT).stdout.decode()


def read_letters(topic, count):
    """(headers, value) of each record; headers in order."""
    text = tool("org.apache.kafka.tools.consumer.ConsoleConsumer",
                "--bootstrap-server", bootstrap(), "--topic", topic, "--from-beginning",
                "--max-messages", str(count), "--timeout-ms", "30000",
                "--property", "print.headers=true", "--property", "headers.separator=|",
                "--property", "key.separator=\t", "--property", "line.separator=\x1e")
    letters = []
    for record in text.split("\x1e")[:-1]:
        headers, value = record.rsplit("\t", 1)
        letters.append(([tuple(h.split(":", 1)) for h in headers.split("|")], value))
    return letters


class EmbeddedDeadLetterTest(FlowTest):
    def setUp(self):
        self.worker = Millrace.embedded()
        self.addCleanup(self.worker.close)
        self.source = self.worker.folder / "in.txt"
        self.out = self.worker.folder / "out.txt"
        self.source.write_text("".join(line + "\n" for line in GOOD[:100] + BAD + GOOD[100:]))

    def test_bad_records_go_to_the_queue_and_the_others_to_the_sink(self):
        letters = self.worker.folder / "letters.txt"
        self.worker.start(file_source("src", self.source, "orders"),
                          file_sink("dst", self.out, "orders", **queue_settings("dlq")),
                          file_sink("letters", letters, "dlq"))
        self.wait_for_content(self.out, "".join(f"line {i}\n" for i in range(200)).encode())
        self.wait_for_content(letters, "".join(line + "\n" for line in BAD).encode())
        self.assertEqual(self.worker.state("dst"), ("RUNNING", ["RUNNING"]))
        self.wait(lambda: [entry["offset"] for entry in self.worker.offsets("dst")]
                  == [{"kafka_offset": 220}], what="the sink to commit past the bad records")

    def test_without_tolerance_the_first_bad_record_is_in_the_queue_and_the_task_fails(self):
        letters = self.worker.folder / "letters.txt"
        self.worker.start(file_source("src", self.source, "orders"),
                          file_sink("dst", self.out, "orders",
                                    **queue_settings("dlq", **{"errors.tolerance": "none"})),
                          file_sink("letters", letters, "dlq"))
        self.wait(lambda: self.worker.state("dst") == ("RUNNING", ["FAILED"]))
        self.wait_for_content(letters, f"{BAD[0]}\n".encode())

    def test_a_source_has_a_queue_too(self):
        """Lines that are no numbers fail in a transformation; a restart does not repeat them."""
        lines = [str(i) if i % 10 else f"no number {i}" for i in range(200)]
        bad = [line for line in lines if not line.isdigit()]
        self.source.write_text("".join(line + "\n" for line in lines) + "the last one\n")
        letters = self.worker.folder / "letters.txt"
        connectors = (
            file_source("src", self.source, "numbers", **{
                "transforms": "cast", "transforms.cast.spec": "int32",
                "transforms.cast.type": "org.apache.kafka.connect.transforms.Cast$Value",
                "errors.tolerance": "all", "value.converter": JSON,
                "value.converter.schemas.enable": "false",
                "errors.deadletterqueue.topic.name": "ignored-as-in-java",
                "millrace.errors.deadletterqueue.topic.name": "dlq",
                "millrace.errors.deadletterqueue.topic.replication.factor": "1"}),
            file_sink("dst", self.out, "numbers"), file_sink("letters", letters, "dlq"))
        good = "".join(line + "\n" for line in lines if line.isdigit()).encode()
        queued = "".join('{"schema":{"type":"string","optional":false},"payload":"%s"}\n' % line
                         for line in [*bad, "the last one"]).encode()
        for _ in range(2):
            self.worker.start(*connectors)
            self.wait_for_content(self.out, good)
            self.wait_for_content(letters, queued)
            self.wait(lambda: [entry["offset"] for entry in self.worker.offsets("src")]
                      == [{"position": self.source.stat().st_size}], what="the last offset")
            self.assertEqual(self.worker.stop(), 143)
        log = self.worker.settings["embedded.log.dir"]
        records = read_records("dlq", {"embedded.log.dir": log})
        self.assertEqual(len(records), len(bad) + 1)
        headers = dict(records[0].headers)
        self.assertEqual(headers["__connect.errors.topic"], b"numbers")
        self.assertEqual(headers["__connect.errors.stage"], b"TRANSFORMATION")
        self.assertEqual(headers["__millrace.errors.source.partition"],
                         b'{"filename":"%s"}' % str(self.source).encode())
        self.assertEqual(headers["__millrace.errors.source.offset"],
                         b'{"position":%d}' % (len(lines[0]) + 1))

    def test_a_source_makes_its_topic_by_the_rules(self):
        self.worker.start(
            file_source("src", self.source, "orders-eu",
                        **{"topic.creation.groups": "eu", "topic.creation.eu.include": ".*-eu",
                           "topic.creation.eu.partitions": "3",
                           "topic.creation.default.partitions": "1",
                           "topic.creation.default.replication.factor": "1"}),
            file_sink("dst", self.out, "orders-eu"))
        self.wait(lambda: self.out.exists() and len(self.out.read_text().splitlines()) == 220,
                  what="all lines")
        self.assertIn("Created topic '(name=orders-eu, numPartitions=3, replicationFactor=1, ",
                      self.worker.process.output())
        partitions = [entry["partition"]["kafka_partition"] for entry in
                      self.wait(lambda: self.worker.offsets("dst"), what="a commit")]
        self.assertEqual(partitions, [0, 1, 2])

    def test_a_missing_count_fails_the_task(self):
        self.worker.start(file_source("src", self.source, "orders",
                                      **{"topic.creation.default.partitions": "1"}))
        self.wait(lambda: self.worker.state("src") == ("RUNNING", ["FAILED"]))


class KafkaDeadLetterTest(FlowTest):
    def run_sink(self, kind, topic):
        """Headers and values of the letters this worker writes for the records of `topic`."""
        name = unique("dst")
        with kind({"bootstrap.servers": bootstrap()}) as worker:
            out = worker.folder / "out.txt"
            queue = f"{name}-dlq"
            worker.start(file_sink(name, out, topic, **queue_settings(queue)))
            self.wait_for_content(out, "".join(f"line {i}\n" for i in range(200)).encode(), 60)
            self.wait(lambda: [entry["offset"] for entry in worker.offsets(name)]
                      == [{"kafka_offset": 220}], 60, "the sink to commit")
            worker.stop()
        return [([(key, text.replace(name, "NAME")) for key, text in headers], value)
                for headers, value in read_letters(queue, len(BAD))]

    def test_letters_are_those_of_the_java_worker(self):
        topic = unique("orders")
        with Millrace({"bootstrap.servers": bootstrap()}) as worker:
            source = worker.folder / "in.txt"
            source.write_text("".join(line + "\n" for line in GOOD[:100] + BAD + GOOD[100:]))
            worker.start(file_source(unique("src"), source, topic))
            ours = self.run_sink(Millrace, topic)
            theirs = self.run_sink(JavaWorker, topic)
        self.assertEqual([value for _, value in ours], BAD)
        self.assertEqual([value for _, value in theirs], BAD)
        for (own, _), (java_headers, _) in zip(ours, theirs):
            self.assertEqual([key for key, _ in own], [key for key, _ in java_headers])
            self.assertEqual(own[:9], java_headers[:9])
            # Java has stack frames in it, and other words for what its parser found.
            self.assertTrue(own[9][1].startswith(own[7][1] + ": " + own[8][1] + "\nCaused by: "),
                            own[9])

    def test_a_topic_has_the_settings_of_its_group(self):
        topic = unique("made")
        with Millrace({"bootstrap.servers": bootstrap()}) as worker:
            (worker.folder / "in.txt").write_text("a line\n")
            worker.start(file_source(
                unique("src"), worker.folder / "in.txt", topic,
                **{"topic.creation.default.partitions": "3",
                   "topic.creation.default.replication.factor": "-1",
                   "topic.creation.default.retention.ms": "123456789"}))
            self.wait(lambda: "Created topic" in worker.process.output(), what="the topic")
        text = tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", bootstrap(),
                    "--describe", "--topic", topic)
        self.assertIn("PartitionCount: 3", text)
        self.assertIn("retention.ms=123456789", text)

    def test_a_queue_that_cannot_be_made_fails_the_task(self):
        name = unique("dst")
        with Millrace({"bootstrap.servers": bootstrap()}) as worker:
            settings = queue_settings(unique("dlq"))
            settings["errors.deadletterqueue.topic.replication.factor"] = "3"
            worker.start(file_sink(name, worker.folder / "out", unique("t"), **settings))
            self.wait(lambda: worker.state(name) == ("RUNNING", ["FAILED"]))
            self.assertIn("Could not initialize dead letter queue with topic=",
                          worker.rest.get(f"/connectors/{name}/status").json()["tasks"][0]["trace"])


if __name__ == "__main__":
    unittest.main()
