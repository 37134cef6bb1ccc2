"""`millrace replay`: dead letters back to the topics they came from, on both logs."""

import json
import subprocess
import unittest

from flow import FlowTest, bootstrap, unique
from log_tool import read_records
from workers import Millrace, file_sink, file_source

JSON = "org.apache.kafka.connect.json.JsonConverter"
GOOD = [f'"line {i}"' for i in range(40)]
BAD = [f"{{not json {i}" for i in range(12)]
REPLAY_TIMEOUT = 60


class Replaying:
    """Of a worker of each kind of log: `self.make_worker()`, `self.log()`."""

    def setUp(self):
        self.worker = self.make_worker()
        self.addCleanup(self.worker.close)
        self.topic = unique("orders")
        self.queue = unique("dlq")
        self.name = unique("dst")
        self.make_letters()

    def make_letters(self):
        source = self.worker.folder / "in.txt"
        source.write_text("".join(line + "\n" for line in GOOD + BAD))
        out = self.worker.folder / "out.txt"
        self.worker.start(
            file_source(unique("src"), source, self.topic),
            file_sink(self.name, out, self.topic, **{
                "value.converter": JSON, "value.converter.schemas.enable": "false",
                "errors.tolerance": "all", "errors.deadletterqueue.topic.name": self.queue,
                "errors.deadletterqueue.topic.replication.factor": "1",
                "errors.deadletterqueue.context.headers.enable": "true"}))
        self.wait(lambda: [entry["offset"] for entry in self.worker.offsets(self.name)]
                  == [{"kafka_offset": len(GOOD) + len(BAD)}], 60, "the sink to commit")
        self.worker.stop()

    def replay(self, *options, code=0):
        done = subprocess.run(
            [str(self.worker.binary), "replay", str(self.worker.folder / "worker.properties"),
             self.queue, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=REPLAY_TIMEOUT)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def values(self):
        return [record.value.decode() for record in read_records(self.topic, self.log())]

    def test_letters_go_back_once_for_each_group(self):
        lines, said = self.replay("--dry-run")
        self.assertEqual(len(lines.splitlines()), len(BAD))
        self.assertIn(f"of {self.topic}-0@{len(GOOD)}  ", lines.splitlines()[0])
        self.assertIn(f"would be replayed: {len(BAD)}", said)
        self.assertEqual(self.values(), GOOD + BAD)
        _, said = self.replay()
        self.assertIn(f"letters read: {len(BAD)}, replayed: {len(BAD)}, left out: 0", said)
        self.assertEqual(self.values(), GOOD + BAD + BAD)
        for record in read_records(self.topic, self.log())[-len(BAD):]:
            self.assertEqual(record.headers, [])
        _, said = self.replay()
        self.assertIn("letters read: 0,", said)
        result = json.loads(self.replay("--group", unique("g"), "--json", "--if-newer")[0])
        self.assertEqual((result["read"], result["replayed"], result["complete"]),
                         (len(BAD), len(BAD), True))
        self.assertEqual(result["by_topic"], {self.topic: len(BAD)})
        self.assertEqual(read_records(self.topic, self.log())[-1].headers, [("upsertIfNewer", b"1")])

    def test_options_choose_letters_and_what_is_left_out_is_counted(self):
        for option, count in ((("--connector", self.name), len(BAD)), (("--connector", "x"), 0),
                              (("--topic", self.topic), len(BAD)), (("--topic", "x"), 0),
                              (("--header", "__connect.errors.offset=" + str(len(GOOD) + 3)), 1)):
            result = json.loads(self.replay("--dry-run", "--json", *option)[0].splitlines()[-1])
            self.assertEqual((result["replayed"], result["left_out"]), (count, len(BAD) - count),
                             option)

    def test_what_cannot_be_tried_says_why(self):
        _, said = self.replay("--nonsense", code=2)
        self.assertIn("no option --nonsense", said)
        self.queue = unique("no-such")
        _, said = self.replay(code=1)
        self.assertIn(f"there is no topic {self.queue}", said)


class EmbeddedReplayTest(Replaying, FlowTest):
    def make_worker(self):
        return Millrace.embedded()

    def log(self):
        return {"embedded.log.dir": self.worker.settings["embedded.log.dir"]}

    def test_the_log_of_a_worker_that_runs_is_refused(self):
        self.worker.start()
        _, said = self.replay(code=2)
        self.assertIn("embedded", said)


class KafkaReplayTest(Replaying, FlowTest):
    def make_worker(self):
        return Millrace({"bootstrap.servers": bootstrap()})

    def log(self):
        return {"bootstrap.servers": bootstrap()}


if __name__ == "__main__":
    unittest.main()
