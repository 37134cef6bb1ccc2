"""SIGKILL at every step of applying records: the store is what the log says, each record counted once."""

import os
import random
import time
import unittest
from collections import Counter

from crashes import crash_at
from feature_store import TOPIC, OnlineStore, headers, line, record_source, values
from flow import FlowTest
from log_tool import read_records
from workers import Millrace

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
ROUNDS = int(os.environ.get("MILLRACE_KILL_ROUNDS", "24"))
POINTS = ("store.write.before", "store.write.after", "store.flush", "store.prepare", "store.create")
SELDOM = {"store.prepare": 1, "store.create": 1}  # passes that a life can have at all
PARTITIONS = 4
IDS = 400
ROWS = 3000  # at most, for a round


class FeatureStoreKillTest(FlowTest):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.rng = random.Random(SEED)

    def record(self, serial):
        """A line: rows, deletes, rows of the offline store, rows that cannot be read."""
        id = self.rng.randrange(IDS)
        more = {"onlineIngestionId": str(self.rng.randrange(1, 4))} if self.rng.random() < 0.8 else {}
        kind = self.rng.random()
        value = values(id, f"v{serial}", serial)
        if kind < 0.1:
            value, more = values(id), {**more, "operation": "delete", "storage": "online"}
        elif kind < 0.15:
            more["storage"] = "offline"
        elif kind < 0.17:
            value = value[:-1]
        return line(value, headers(**more), key=str(id).encode())

    @staticmethod
    def status_of(record):
        head = dict(record.headers)
        if head.get("storage") == b"offline":
            return "IGNORED"
        if head.get("operation") == b"delete":
            return "DELETED"
        serial = record.value.split(b"v")[-1]
        return "UPSERTED" if record.value[-len(serial) - 2] >> 1 == len(serial) + 1 else "FAILED"

    def model(self, records):
        """Rows and counters that the log's records make, whatever batches they came in."""
        rows, counts = {}, Counter()
        for record in sorted(records, key=lambda r: (r.partition, r.offset)):
            status = self.status_of(record)
            id = int(record.key)  # one partition has all records of an id
            if status == "UPSERTED":
                rows[id] = "v" + record.value.split(b"v")[-1].decode()
            elif status == "DELETED":
                rows.pop(id, None)
            head = dict(record.headers)
            if "onlineIngestionId" in head:
                counts[int(head["onlineIngestionId"]), status] += 1
        return rows, counts

    def test_every_point(self):
        with Millrace.embedded({"offset.flush.interval.ms": "100"}) as worker:
            store = OnlineStore(worker.folder)
            source = worker.folder / "in.json"
            source.write_text("")
            sink = store.sink(**{"batch.size": "37", "errors.tolerance": "all",
                                 "errors.deadletterqueue.topic.name": "letters",
                                 "errors.deadletterqueue.topic.replication.factor": "1"})
            connectors = [
                record_source("src", source, **{
                    "topic.creation.default.partitions": str(PARTITIONS),
                    "topic.creation.default.replication.factor": "1", "batch.size": "61"}), sink]
            written, hits = 0, Counter()
            points = ["store.create", "store.prepare"] + [
                POINTS[i % 3] for i in range(ROUNDS)]
            for point in points:
                most = written + ROWS

                def append():
                    nonlocal written
                    if written >= most:
                        return
                    with open(source, "a") as out:
                        for _ in range(self.rng.randrange(1, 200)):
                            out.write(self.record(written))
                            written += 1

                nth = SELDOM.get(point) or self.rng.randrange(1, self.rng.choice((4, 25)))
                hits[point] += crash_at(self, worker, point, nth, connectors, append)
            worker.start(*connectors)
            self.wait(lambda: worker.offsets("src") == [{
                "partition": {"filename": str(source)},
                "offset": {"position": source.stat().st_size}}], 60, "the source to end")
            worker.wait_running("online")
            self.check(worker, store, sink)
            print(f"{len(points)} kills, {written} records; died at {dict(hits)}", flush=True)
            for point in set(points):
                self.assertGreater(hits[point], 0, f"{point} was never passed")

    def check(self, worker, store, sink):
        log = {"embedded.log.dir": worker.settings["embedded.log.dir"]}
        self.assertEqual(worker.stop(), 143)
        ends = Counter()
        records = read_records(TOPIC, log)
        for record in records:
            ends[record.partition] = max(ends[record.partition], record.offset + 1)
        rows, counts = self.model(records)
        worker.start(sink)

        def at_end():
            page = worker.rest.get("/connectors/online/offsets").json()["offsets"]
            return {o["partition"]["kafka_partition"]: o["offset"]["kafka_offset"] for o in page} == dict(ends)
        self.wait(at_end, 60, f"the store at {dict(ends)}")
        self.wait(store.is_up, 30, "lookups")
        self.assertEqual(store.notes(range(IDS)), rows)
        for ingestion in (1, 2, 3):
            mine = {status: count for (id, status), count in counts.items() if id == ingestion}
            self.assertEqual(self.fold(store.counted(ingestion)), self.fold(mine))
        self.assertEqual(worker.stop(), 143)
        letters = {(letter.key, letter.value) for letter in read_records("letters", log)}
        bad = {(r.key, r.value) for r in records if self.status_of(r) == "FAILED"}
        self.assertTrue(bad)
        self.assertEqual(len(letters ^ bad), 0, sorted(letters ^ bad)[:5])

    @staticmethod
    def fold(counts):
        """A record that lost in its batch counts as its winner: upserts and deletes are one sum."""
        folded = Counter()
        for status, count in counts.items():
            folded["STORED" if status in ("UPSERTED", "DELETED") else status] += count
        return folded



if __name__ == "__main__":
    unittest.main()
