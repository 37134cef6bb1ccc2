"""Offsets of a sink, asked for while the brokers have no coordinator for its group yet."""

import threading
import unittest

from flow import FlowTest
from kafka_broker import Broker
from workers import Millrace, file_sink

CLIENTS = 4


class EarlyOffsetsTest(FlowTest):
    def test_a_new_cluster(self):
        """The first question makes the topic of offsets; until that is there, the answer is late or an error."""
        with Broker() as broker, Millrace({"bootstrap.servers": broker.bootstrap}) as worker:
            worker.start()
            config = file_sink("dst", worker.folder / "out.txt", "topic")
            reply = worker.rest.call("POST", "/connectors", {"name": "dst", "config": config})
            self.assertEqual(reply.status, 201, reply.body)
            statuses = []

            def ask():
                for _ in range(20):
                    statuses.append(worker.rest.get("/connectors/dst/offsets").status)
            clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertEqual(len(statuses), CLIENTS * 20, worker.process.output()[-2000:])
            self.assertEqual(statuses[-1], 200)
            self.assertEqual(worker.stop(), 143)


if __name__ == "__main__":
    unittest.main()
