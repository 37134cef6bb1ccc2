"""A topic with every kind of bad record, through a sink, on both logs and beside Kafka's worker."""

import unittest

from flow import FlowTest, bootstrap, unique
from log_tool import read_records, write_records
from workers import JavaWorker, Millrace, file_sink

COUNT = 100_000
EVERY = 1000
BIG_AT, BIG_SIZE = 50_500, 10_000_000
DEPTH = 10_000
LARGEST = str(12_000_000)
WORK_TIMEOUT = 120

BAD = [b'{"cut": ', b"{not json", b'"\xff\xfe not UTF-8"', b"[" * DEPTH + b"]" * DEPTH,
       b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, b'"open', b"1" * 1001, b'"a\x01b"', b"nul",
       b'{"n":1,}', b"\xc3(", b"+1", b'{"' + b"k" * 50_001 + b'":1}', b"]", b"-", b"'single'"]
JSON = "org.apache.kafka.connect.json.JsonConverter"


def is_bad(number):
    return number % EVERY == EVERY - 1


def record(number):
    """Key and value."""
    key = [None, b"", b"key \xff\xfe", b"key"][number % 4]
    if is_bad(number):
        return key, BAD[number // EVERY % len(BAD)]
    if number == BIG_AT:
        return key, b'"' + b"x" * BIG_SIZE + b'"'
    return key, [b'"text %d"' % number, b'"%d \xe2\x82\xac"' % number, None,
                 b'"%d\\u20ac"' % number, b'"%d" behind' % number, b""][number % 6]


def line(number):
    """What the file sink writes for a good record."""
    if number == BIG_AT:
        return b"x" * BIG_SIZE
    return [b"text %d" % number, b"%d \xe2\x82\xac" % number, b"null", b"%d\xe2\x82\xac" % number,
            b"%d" % number, b"null"][number % 6]


RECORDS = [record(i) for i in range(COUNT)]
GOOD = b"".join(line(i) + b"\n" for i in range(COUNT) if not is_bad(i))
BEFORE = b"".join(line(i) + b"\n" for i in range(EVERY - 1))
POISON = [(i, *RECORDS[i]) for i in range(COUNT) if is_bad(i)]


def sink(name, worker, topic, tolerance):
    return file_sink(name, worker.folder / f"{name}.txt", topic, **{
        "value.converter": JSON, "value.converter.schemas.enable": "false",
        "errors.tolerance": tolerance, "errors.deadletterqueue.topic.name": f"{name}-dlq",
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true"})


class PoisonTest(FlowTest):
    def wait_for_good(self, worker, name):
        self.wait_for_content(worker.folder / f"{name}.txt", GOOD, WORK_TIMEOUT)
        self.wait(lambda: [entry["offset"] for entry in worker.offsets(name)]
                  == [{"kafka_offset": COUNT}], WORK_TIMEOUT, "the sink to commit the end")
        self.assertEqual(worker.state(name), ("RUNNING", ["RUNNING"]))

    def wait_for_failure(self, worker, name):
        self.wait(lambda: worker.state(name) == ("RUNNING", ["FAILED"]), WORK_TIMEOUT)
        trace = worker.rest.get(f"/connectors/{name}/status").json()["tasks"][0]["trace"]
        self.assertIn("Tolerance exceeded in error handler", trace)
        self.assertIn("Caused by: org.apache.kafka.connect.errors.DataException: Converting byte[] "
                      "to Kafka Connect data failed due to serialization error: ", trace)
        return trace

    def check_failure(self, worker, name, topic):
        trace = self.wait_for_failure(worker, name)
        self.assertIn(f"VALUE_CONVERTER({JSON}) of topic {topic} partition 0 offset {EVERY - 1}\n",
                      trace)
        self.assertIn("Caused by: org.apache.kafka.common.errors.SerializationException: "
                      "Unexpected end-of-input", trace)
        self.wait_for_content(worker.folder / f"{name}.txt", BEFORE)
        self.assertEqual([entry["offset"] for entry in worker.offsets(name)],
                         [{"kafka_offset": EVERY - 1}])

    def check_letters(self, letters):
        self.assertEqual([(letter.key, letter.value) for letter in letters],
                         [(key, value) for _, key, value in POISON])
        for letter, (number, _, _) in zip(letters, POISON):
            headers = dict(letter.headers)
            self.assertEqual(headers["__connect.errors.offset"], b"%d" % number)
            self.assertEqual(headers["__connect.errors.stage"], b"VALUE_CONVERTER")
            self.assertTrue(headers["__connect.errors.exception.stacktrace"].startswith(
                headers["__connect.errors.exception.class.name"] + b": " +
                headers["__connect.errors.exception.message"]))

    def test_on_the_embedded_log(self):
        with Millrace.embedded({"consumer.max.poll.records": "777"}) as worker:
            log = {"embedded.log.dir": worker.settings["embedded.log.dir"]}
            write_records("poison", RECORDS, {**log, "producer.max.request.size": LARGEST})
            worker.start(sink("strict", worker, "poison", "none"),
                         sink("lenient", worker, "poison", "all"))
            self.check_failure(worker, "strict", "poison")
            self.wait_for_good(worker, "lenient")
            worker.stop()
            self.check_letters(read_records("lenient-dlq", log))
            self.assertEqual(len(read_records("strict-dlq", log)), 1)

    def run_worker(self, kind, topic):
        """Headers of the letters of `topic`, with the connector's name taken out."""
        strict, lenient = unique("strict"), unique("lenient")
        with kind({"bootstrap.servers": bootstrap(), "consumer.max.poll.records": "777",
                   "consumer.max.partition.fetch.bytes": LARGEST}) as worker:
            worker.start(sink(strict, worker, topic, "none"), sink(lenient, worker, topic, "all"))
            if kind is Millrace:
                self.check_failure(worker, strict, topic)
            else:
                self.wait_for_failure(worker, strict)
            self.wait_for_good(worker, lenient)
            worker.stop()
        log = {"bootstrap.servers": bootstrap()}
        self.assertEqual(len(read_records(f"{strict}-dlq", log)), 1)
        letters = read_records(f"{lenient}-dlq", log)
        self.check_letters(letters)
        return [[(name, value.replace(lenient.encode(), b"NAME")) for name, value in letter.headers]
                for letter in letters]

    def test_on_kafka_beside_the_java_worker(self):
        topic = unique("poison")
        write_records(topic, RECORDS, {"bootstrap.servers": bootstrap(),
                                       "producer.max.request.size": LARGEST,
                                       "topic.max.message.bytes": LARGEST})
        ours = self.run_worker(Millrace, topic)
        theirs = self.run_worker(JavaWorker, topic)
        for own, java in zip(ours, theirs):
            self.assertEqual([name for name, _ in own], [name for name, _ in java])
            self.assertEqual(own[:9], java[:9])  # the last one is the stack trace


if __name__ == "__main__":
    unittest.main()
