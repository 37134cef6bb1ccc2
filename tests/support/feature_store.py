"""The feature-store sink in whole workers: its groups, records as clients write them, and lookups."""

import base64
import json
import sys
from pathlib import Path

from kafka_broker import free_port
from rest import Rest
from workers import REPO, file_source

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
