"""The feature-store sink on a topic whose records have no headers, and a worker that goes on from a checkpoint."""

import json
import unittest

from feature_store import OnlineStore, document, line, record_source
from flow import FlowTest
from workers import Millrace

TOPIC = "plain_rows"
GROUP = {"project": "bank", "projectId": 119, "id": 42, "name": "txn", "version": 1, "topic": "elsewhere",
         "features": [{"name": "id", "type": "bigint", "primary": True}, {"name": "at", "type": "timestamp"},
                      {"name": "note", "type": "string"}]}
JSON = "org.apache.kafka.connect.json.JsonConverter"


def plain(id, note=None):
    """Without a note: a delete."""
    value = None if note is None else json.dumps({"id": id, "note": note, "other": 1}).encode()
    return line(value, {}, str(id).encode())


class FeatureStorePlainTest(FlowTest):
    def sink(self, store, copies):
        return store.sink(**{"topics": TOPIC, "topic.to.group": f"{TOPIC}:42", "store.checkpoint.dir": str(copies),
                             "key.converter": JSON, "key.converter.schemas.enable": "false",
                             "value.converter": JSON, "value.converter.schemas.enable": "false"})

    def answers(self, store):
        try:
            return store.http.get("/0.1.0/ping").status == 200
        except OSError:
            return False

    def metric(self, worker, name):
        found = [one for one in worker.rest.get("/metrics").body.splitlines() if one.startswith(f"millrace_{name}{{")]
        return float(found[0].rsplit(" ", 1)[1]) if found else None

    def test_json_rows_and_a_copy_of_them(self):
        with Millrace.embedded({"offset.flush.interval.ms": "100"}) as worker:
            store = OnlineStore(worker.folder, document(GROUP))
            copies = worker.folder / "copies"
            source = worker.folder / "in.json"
            source.write_text(plain(1, "one") + plain(2, "two") + plain(1, "more") + plain(2))
            worker.start(self.sink(store, copies), record_source("source", source, TOPIC))
            self.wait(lambda: self.answers(store))
            self.wait(lambda: store.note(1) == "more" and store.note(2) is None, 30)
            self.wait(lambda: self.metric(worker, "fs_sink_unknown_fields_total") == 3, 30)
            self.assertEqual(self.metric(worker, "fs_sink_unread_topics"), 1)

            reply = store.http.call("POST", "/0.1.0/checkpoint", {"name": "copy"})
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual(reply.json(), {
                "name": "copy", "path": str(copies / "copy"),
                "offsets": [{"topic": TOPIC, "partition": 0, "offset": 4}]})
            self.assertEqual(store.http.call("POST", "/0.1.0/checkpoint", {"name": "copy"}).status, 409)

            with source.open("a") as more:
                more.write(plain(3, "three"))
            self.wait(lambda: store.note(3) == "three", 30)
            second = OnlineStore(worker.folder, document(GROUP), name="second")
            second.path = copies / "copy"
            reply = worker.rest.call("PUT", "/connectors/second/config", self.sink(second, worker.folder / "copies-2"))
            self.assertEqual(reply.status, 201, reply.body)
            self.wait(lambda: self.answers(second))
            self.wait(lambda: second.note(3) == "three", 30)
            self.assertEqual(second.note(1), "more")


if __name__ == "__main__":
    unittest.main()
