"""The broker goes away and comes back while a worker runs: nothing is lost."""

import unittest
from collections import Counter

from flow import FlowTest, unique
from kafka_broker import Broker
from workers import Millrace, file_sink, file_source


class BrokerRestartTest(FlowTest):
    def test_records_survive_restarts_of_the_broker(self):
        with Broker() as broker, Millrace({"bootstrap.servers": broker.bootstrap,
                                           "producer.reconnect.backoff.max.ms": "500",
                                           "consumer.reconnect.backoff.max.ms": "500"}) as worker:
            source, sink = worker.folder / "in.txt", worker.folder / "out.txt"
            source.write_bytes(b"")
            topic = unique("restart")
            worker.start(file_source("src", source, topic), file_sink("dst", sink, topic))
            expected = Counter()
            for round_ in range(3):
                for phase in ("before", "during", "after"):
                    if phase == "during":
                        broker.kill() if round_ % 2 else broker.stop()
                    if phase == "after":
                        self.assertEqual(worker.rest.get("/connectors/src/status").status, 200)
                        broker.start()
                    lines = [f"{round_} {phase} {i}" for i in range(500)]
                    expected.update(lines)
                    with open(source, "a") as out:
                        out.write("".join(line + "\n" for line in lines))
                self.wait(lambda: sink.exists() and
                          set(sink.read_text().splitlines()) >= set(expected), 90,
                          "all records to arrive")
            # Nothing lost; a commit the broker did not answer may bring records again.
            self.assertEqual(set(sink.read_text().splitlines()), set(expected))
            self.assertEqual(worker.state("src"), ("RUNNING", ["RUNNING"]))
            self.assertEqual(worker.state("dst"), ("RUNNING", ["RUNNING"]))


if __name__ == "__main__":
    unittest.main()
