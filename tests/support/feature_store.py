"""The feature-store sink in whole workers: its groups, records as clients write them, and lookups."""

import base64
import json
import sys
from pathlib import Path

from flow import FlowTest
from kafka_broker import free_port
from log_tool import read_records
from rest import Rest
from workers import REPO, Millrace, file_source

sys.path.append(str(REPO / "examples" / "feature-store"))
from producer import number, row, text  # noqa: E402

TOPIC = "bank_onlinefs"
SCHEMA = {"type": "record", "name": "txn_1", "namespace": "bank_featurestore", "fields": [
    {"name": "id", "type": ["null", "long"]},
    {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
    {"name": "note", "type": ["null", "string"]}]}


def group(id=42, name="txn", schema_id=17, schema=None, **more):
    return {"project": "bank", "projectId": 119, "id": id, "name": name, "version": 1, "topic": TOPIC,
            "primaryKey": ["id"], "eventTime": "at", "schemas": {str(schema_id): schema or SCHEMA}, **more}


def document(*groups, **more):
    return json.dumps({"featureGroups": list(groups), **more})


def values(id, note=None, at=None):
    return row(number(id), None if at is None else number(at), None if note is None else text(note))


def headers(group=42, schema=17, **more):
    return {"projectId": "119", "featureGroupId": str(group), "subjectId": str(schema), **more}


def line(value, head=None, key=None, **more):
    """Of a file that `record_source` reads."""
    record = {"headers": headers() if head is None else head, **more}
    if value is not None:
        record["value"] = base64.b64encode(value).decode()
    if key is not None:
        record["key"] = base64.b64encode(key).decode()
    return json.dumps(record) + "\n"


def delete_line(id, **more):
    return line(values(id), headers(operation="delete", storage="online", **more))


def record_source(name, path, topic=TOPIC, **more):
    """Lines of records, as they are, into a topic."""
    byte_array = "org.apache.kafka.connect.converters.ByteArrayConverter"
    return file_source(name, path, topic, **{
        "key.converter": byte_array, "value.converter": byte_array, "transforms": "record",
        "transforms.record.type": "org.millrace.transforms.ReadJsonRecord", **more})


class OnlineStore:
    """Configuration and lookups of one store."""

    def __init__(self, folder, groups=None, name="online"):
        self.folder = Path(folder)
        self.path = self.folder / f"{name}-store"
        self.metadata = self.folder / f"{name}-groups.json"
        self.metadata.write_text(groups or document(group()))
        self.port, self.feast_port = free_port(), free_port()
        self.http = Rest(f"http://127.0.0.1:{self.port}")
        self.feast = Rest(f"http://127.0.0.1:{self.feast_port}")
        self.name = name

    def sink(self, **more):
        return {"name": self.name, "connector.class": "org.millrace.FeatureStoreSinkConnector", "tasks.max": "1",
                "topics": TOPIC, "metadata.file": str(self.metadata), "metadata.refresh.ms": "100",
                "store.path": str(self.path), "serving.rondb.port": str(self.port),
                "serving.feast.port": str(self.feast_port), "retry.backoff.ms": "100", **more}

    def is_up(self):
        """Whether lookups are answered."""
        try:
            return self.http.get("/0.1.0/ping").status == 200
        except OSError:
            return False

    def read(self, id, table="txn_1"):
        """Status and the row, without its key."""
        reply = self.http.call("POST", f"/0.1.0/bank/{table}/pk-read",
                               {"filters": [{"column": "id", "value": id}]})
        return reply.status, (reply.json().get("data") or {}) if reply.status == 200 else {}

    def note(self, id, table="txn_1"):
        """None: no row."""
        status, data = self.read(id, table)
        return data.get("note") if status == 200 else None

    def notes(self, ids, table="txn_1"):
        """Of all ids, in requests of 256."""
        found = {}
        for begin in range(0, len(ids), 256):
            part = ids[begin:begin + 256]
            reply = self.http.call("POST", "/0.1.0/batch", {"operations": [
                {"method": "POST", "relative-url": f"bank/{table}/pk-read",
                 "body": {"filters": [{"column": "id", "value": id}]}} for id in part]})
            assert reply.status == 200, reply.body
            for id, one in zip(part, reply.json()["result"]):
                assert one["code"] in (200, 404), one
                if one["code"] == 200:
                    found[id] = one["body"]["data"]["note"]
        return found

    def ingestions(self, group=42):
        return f"/project/119/featurestores/67/featuregroups/{group}/online_ingestion"

    def begin_ingestion(self, entries, group=42):
        reply = self.http.call("POST", self.ingestions(group), {"id": None, "numEntries": entries})
        assert reply.status < 300, reply.body
        return reply.json()["id"]

    def counted(self, ingestion, group=42):
        """Rows by status; the newest ingestion for None."""
        wanted = "LATEST" if ingestion is None else f"ID:{ingestion}"
        reply = self.http.get(f"{self.ingestions(group)}?filter_by={wanted}")
        assert reply.status == 200, reply.body
        answer = reply.json()
        if "items" in answer:
            (answer,) = answer["items"]
        counts = {}
        for result in answer["results"]:
            counts[result["status"]] = counts.get(result["status"], 0) + result["rows"]
        return counts

    def feast_note(self, ids, view="txns"):
        """Columns of `note` in Feast's answer: values and statuses."""
        reply = self.feast.call("POST", "/get-online-features",
                                {"features": [f"{view}:note"], "entities": {"id": ids}})
        assert reply.status == 200, reply.body
        answer = reply.json()
        column = answer["results"][answer["metadata"]["feature_names"].index("note")]
        return column["values"], column["statuses"]


class Feed:
    """A file of records; a connector puts what is appended to it on its topic."""

    def __init__(self, folder, name="feed", topic=TOPIC):
        self.name, self.topic = name, topic
        self.path = Path(folder) / f"{name}.json"
        self.path.write_text("")
        self.lines = 0

    def add(self, *lines):
        """Gives the number of lines there are now."""
        with open(self.path, "a") as out:
            out.write("".join(lines))
        self.lines += len(lines)
        return self.lines

    def source(self, **more):
        return record_source(self.name, self.path, self.topic, **more)


class StoreTest(FlowTest):
    """A worker with a feed and a store, on an embedded log unless `make_worker` makes another."""

    TOLERANT = {"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "letters",
                "errors.deadletterqueue.topic.replication.factor": "1"}

    def make_worker(self):
        return Millrace.embedded({"offset.flush.interval.ms": "100"})

    def setUp(self):
        self.worker = self.make_worker()
        self.addCleanup(self.worker.close)
        self.feed = Feed(self.worker.folder)
        self.store = OnlineStore(self.worker.folder)

    def start(self, **more):
        """Of the sink's configuration."""
        self.worker.start(self.feed.source(), self.store.sink(**more))

    def restart(self, **more):
        self.stop()
        self.start(**more)

    def stop(self):
        self.assertEqual(self.worker.stop(), 143)

    def log(self):
        """Settings of log_tool. An embedded log has to be free."""
        return {"embedded.log.dir": self.worker.settings["embedded.log.dir"]}

    def records(self, topic):
        return read_records(topic, self.log())

    def wait_note(self, id, note, table="txn_1", store=None):
        """`note` None: no row."""
        store = store or self.store

        def there():
            try:
                status, data = store.read(id, table)
            except OSError:
                return False  # no server yet
            return status == 404 if note is None else status == 200 and data["note"] == note
        self.wait(there, 60, f"{table} {id} to be {note}")

    def positions(self, name=None):
        """Next offsets by partition."""
        return {(one["partition"]["kafka_topic"], one["partition"]["kafka_partition"]):
                one["offset"]["kafka_offset"] for one in self.worker.offsets(name or self.store.name)}

    def wait_position(self, offset, topic=TOPIC, partition=0):
        self.wait(lambda: self.positions().get((topic, partition)) == offset, 60,
                  f"offset {offset} of {topic}-{partition}")

    def wait_fed(self):
        """Until the feed's records are on their topic for good."""
        self.wait(lambda: [one["offset"] for one in self.worker.offsets(self.feed.name)] ==
                  [{"position": self.feed.path.stat().st_size}], 60, "the feed")

    def failure(self, name=None):
        """The trace of the task, which is to fail."""
        name = name or self.store.name
        self.wait(lambda: self.worker.state(name)[1] == ["FAILED"], 60, f"{name} to fail")
        return self.worker.rest.get(f"/connectors/{name}/status").json()["tasks"][0]["trace"]

    def set_offsets(self, method, body=None, name=None):
        """PATCH or DELETE, while the connector is stopped; it goes on then."""
        name = name or self.store.name
        self.worker.rest.call("PUT", f"/connectors/{name}/stop")
        self.wait(lambda: self.worker.state(name) == ("STOPPED", []), what="the stop")
        reply = self.worker.rest.call(method, f"/connectors/{name}/offsets", body)
        self.worker.rest.call("PUT", f"/connectors/{name}/resume")
        return reply
