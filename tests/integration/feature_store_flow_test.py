"""The feature-store sink in a whole worker: lookups, counts and notifications follow the stream."""

import hashlib
import json
import time
import unittest

from crashes import crash_at
from feature_store import SCHEMA, TOPIC, OnlineStore, StoreTest, delete_line, document, group, \
    headers, line, values
from metrics import scrape

TTL_S = 3
AT = 1_767_323_045_000_000  # 2026-01-02 03:04:05 UTC
NOTIFICATIONS = "changes"
VIEW = {"project": "bank", "name": "fraud", "version": 1, "features": [
    {"featureGroup": 42, "feature": "id"}, {"featureGroup": 42, "feature": "note"},
    {"featureGroup": 43, "feature": "note", "prefix": "session_"}]}
GROUPS = document(
    group(), group(43, "session", 18, {**SCHEMA, "name": "session_1"}, ttlSeconds=TTL_S),
    featureViews=[VIEW], feast={"views": [{"name": "txns", "featureGroup": 42},
                                          {"name": "sessions", "featureGroup": 43}]})


def upsert(id, note, at=None, **more):
    return line(values(id, note, at), headers(**more))


def now_us():
    return time.time_ns() // 1000


class LookupTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.store = OnlineStore(self.worker.folder, GROUPS)

    def vector(self, id):
        reply = self.store.http.call("POST", "/0.1.0/feature_store", {
            "featureStoreName": "bank", "featureViewName": "fraud", "featureViewVersion": 1,
            "entries": {"id": id}})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json()["status"], reply.json()["features"]

    def test_both_apis_follow_upserts_updates_deletes_and_expiries(self):
        self.start()
        self.feed.add(upsert(1, "a", AT), upsert(2, "b"),
                      upsert(1, "s", now_us(), group=43, schema=18))
        self.wait_note(2, "b")
        self.assertEqual(self.store.read(1), (200, {"at": "2026-01-02 03:04:05", "note": "a"}))
        self.assertEqual(self.vector(1), ("COMPLETE", [1, "a", "s"]))
        self.assertEqual(self.vector(3)[0], "MISSING")
        self.assertEqual(self.store.feast_note([1, 2, 3]),
                         (["a", "b", None], ["PRESENT", "PRESENT", "NOT_FOUND"]))
        self.feed.add(upsert(1, "c"))
        self.wait_note(1, "c")
        self.assertEqual(self.store.read(1)[1]["at"], None)  # the row as a whole is another
        self.assertEqual(self.store.feast_note([1])[0], ["c"])
        self.feed.add(delete_line(2))
        self.wait_note(2, None)
        self.assertEqual(self.store.feast_note([2]), ([None], ["NOT_FOUND"]))
        self.wait_note(1, None, "session_1")
        self.assertEqual(self.store.feast_note([1], "sessions"), ([None], ["OUTSIDE_MAX_AGE"]))
        self.assertEqual(self.vector(1), ("MISSING", [1, "c", None]))
        # A row over an expired one is a new one; one that has expired already is none.
        self.feed.add(upsert(1, "t", now_us(), group=43, schema=18),
                      upsert(2, "old", now_us() - (TTL_S + 1) * 1_000_000, group=43, schema=18),
                      upsert(9, "end"))
        self.wait_note(9, "end")
        self.assertEqual(self.store.note(1, "session_1"), "t")
        self.assertEqual(self.store.note(2, "session_1"), None)

    def test_all_of_it_outlives_a_restart(self):
        self.start()
        self.feed.add(*(upsert(i, f"v{i}") for i in range(1000)), delete_line(5))
        self.wait_note(5, None)
        self.wait_note(999, "v999")
        self.restart()
        self.feed.add(upsert(1000, "v1000"))
        self.wait_note(1000, "v1000")
        self.assertEqual(self.store.notes(range(1001)),
                         {i: f"v{i}" for i in range(1001) if i != 5})
        self.wait_position(1002)

    def test_a_client_reads_its_own_write(self):
        self.start()
        self.feed.add(upsert(0, "first"))
        self.wait_note(0, "first")
        body = {"filters": [{"column": "id", "value": 1}]}
        path = "/0.1.0/bank/txn_1/pk-read"
        early = self.store.http.call("POST", path, {**body, "minOffset": {
            "topic": TOPIC, "partition": 0, "offset": 1}})
        self.assertEqual(early.status, 503, early.body)
        self.assertIn(f"Offset 1 of {TOPIC}-0 has not been applied", early.body)
        for i in range(1, 6):
            self.feed.add(upsert(1, f"w{i}"))
            reply = self.store.http.call("POST", f"{path}?minOffset={TOPIC}:0:{i}&waitMs=10000", body)
            self.assertEqual((reply.status, reply.json()["data"]["note"]), (200, f"w{i}"))
        feast = self.store.feast.call("POST", "/get-online-features",
                                      {"features": ["txns:note"], "entities": {"id": [1]}},
                                      {"X-Min-Offset": f"{TOPIC}:0:6", "X-Wait-Ms": "20"})
        self.assertEqual(feast.status, 503, feast.body)

    def test_keys_are_asked_for_and_can_change(self):
        keys = self.worker.folder / "api.keys"

        def line_of(name, key):
            return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}\n"
        keys.write_text(line_of("first", "secret-1"))
        self.start(**{"serving.api.keys.file": str(keys)})
        self.feed.add(upsert(1, "a"))
        self.wait_position(1)

        def status(server, path, body, **head):
            return server.call("POST", path, body, head).status
        lookups = ((self.store.http, "/0.1.0/bank/txn_1/pk-read",
                    {"filters": [{"column": "id", "value": 1}]}),
                   (self.store.feast, "/get-online-features",
                    {"features": ["txns:note"], "entities": {"id": [1]}}),
                   (self.store.http, self.store.ingestions(), {"id": None, "numEntries": 1}))
        for one in lookups:
            self.assertEqual(status(*one), 401)
            self.assertEqual(status(*one, **{"X-API-KEY": "secret-2"}), 401)
            self.assertLess(status(*one, **{"X-API-KEY": "secret-1"}), 300)
            self.assertLess(status(*one, Authorization="ApiKey secret-1"), 300)
        self.assertEqual(self.store.http.get("/0.1.0/ping").status, 200)
        keys.write_text(line_of("second", "secret-2"))
        self.wait(lambda: status(*lookups[0], **{"X-API-KEY": "secret-1"}) == 401, what="the new file")
        self.assertEqual(status(*lookups[0], **{"X-API-KEY": "secret-2"}), 200)
        self.assertNotIn("secret-", self.worker.process.output())


class CountTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.store = OnlineStore(self.worker.folder, GROUPS)

    def wait_counted(self, ingestion, wanted, group=42):
        def there():
            try:
                return self.store.counted(ingestion, group) == wanted
            except OSError:
                return False
        self.wait(there, 60, f"ingestion {ingestion} at {wanted}")

    def test_each_record_of_an_ingestion_counts_once(self):
        self.start(**self.TOLERANT)
        self.feed.add(upsert(0, "first"))
        self.wait_note(0, "first")
        one, two = self.store.begin_ingestion(25), self.store.begin_ingestion(None)
        self.assertNotEqual(one, two)
        self.assertEqual(self.store.counted(one), {})
        mine = {"onlineIngestionId": str(one)}
        self.feed.add(
            *(upsert(i, "a", **mine) for i in range(10)), *(upsert(1, f"b{i}", **mine) for i in range(5)),
            *(upsert(i, "off", storage="offline", **mine) for i in range(4)),
            upsert(30, "legacy", storage="0", **mine), upsert(31, "both", storage="1", **mine),
            *(line(values(i, "bad")[:-1], headers(**mine)) for i in range(2)),
            line(values(7)[1:], headers(**mine)), delete_line(50, **mine),
            upsert(40, "not of it"))
        self.wait_note(40, "not of it")
        wanted = {"UPSERTED": 16, "IGNORED": 5, "FAILED": 3, "DELETED": 1}
        self.wait_counted(one, wanted)
        self.assertEqual(sum(wanted.values()), 25)
        self.assertEqual(self.store.counted(two), {})
        self.assertEqual((self.store.note(30), self.store.note(31)), (None, "both"))
        other = {"onlineIngestionId": str(two), "group": 43, "schema": 18}
        self.feed.add(upsert(1, "x", now_us() - 60_000_000, **other),
                      upsert(2, "y", now_us(), **other), upsert(41, "end"))
        self.wait_note(41, "end")
        self.wait_counted(two, {"IGNORED": 1, "UPSERTED": 1}, 43)
        self.restart(**self.TOLERANT)
        self.wait_counted(one, wanted)

    def test_an_older_row_is_ignored_where_the_newer_wins(self):
        self.start()
        self.feed.add(upsert(0, "first"))
        self.wait_note(0, "first")
        one = self.store.begin_ingestion(3)
        mine = {"onlineIngestionId": str(one), "upsertIfNewer": "1"}
        self.feed.add(upsert(1, "new", AT + 5, **mine))
        self.wait_note(1, "new")
        self.feed.add(upsert(1, "old", AT, **mine), upsert(2, "end", AT, **mine))
        self.wait_note(2, "end")
        self.assertEqual(self.store.note(1), "new")
        self.assertEqual(self.store.counted(None), {"UPSERTED": 2, "IGNORED": 1})

    def test_metrics(self):
        self.start(**self.TOLERANT)
        self.feed.add(*(upsert(i, "a", now_us()) for i in range(10)), delete_line(1),
                      upsert(2, "off", storage="offline"), line(b"\x07", headers()),
                      upsert(1, "s", now_us() - 60_000_000, group=43, schema=18), upsert(20, "end"))
        self.wait_note(20, "end")
        self.store.feast_note([1, 2])
        fs = "millrace_fs_"
        of_task = {"connector": "online", "task": "0"}

        def at_end():
            page = scrape(self.worker)
            return page if page.get(fs + "sink_store_offset", topic=TOPIC, partition=0,
                                    **of_task) == 15 else None
        page = self.wait(at_end, what="the metrics of all records")

        def rows(status, fg):
            return page.get(fs + "sink_rows_total", fg=fg, status=status, **of_task)
        self.assertEqual(rows("DELETED", 42), 1)
        self.assertEqual((rows("IGNORED", 42), rows("FAILED", 42), rows("IGNORED", 43)), (1, 1, 1))
        collapsed = page.get(fs + "sink_collapsed_rows_total", **of_task)
        self.assertEqual(rows("UPSERTED", 42) + collapsed, 11)
        self.assertGreater(page.get(fs + "sink_batch_seconds_sum", **of_task), 0)
        self.assertGreaterEqual(page.get(fs + "sink_batches_total", **of_task), 1)
        lag = page.get(fs + "sink_visible_lag_seconds", fg=42, **of_task)
        self.assertTrue(0 <= lag < 60, lag)

        def lookups():
            now = scrape(self.worker)
            return now if (now.get(fs + "lookup_seconds_count", api="get-online-features", **of_task)
                           or 0) >= 1 else None
        page = self.wait(lookups, what="the metrics of the lookup")
        for api in ("pk-read", "get-online-features"):
            for quantile in ("0.5", "0.99"):
                seconds = page.get(fs + "lookup_seconds", api=api, quantile=quantile, **of_task)
                self.assertTrue(0 <= seconds < 60, seconds)
        self.assertGreaterEqual(page.get(fs + "lookup_results_total", status="found", **of_task), 2)
        self.assertGreaterEqual(page.get(fs + "lookup_results_total", status="missing", **of_task), 1)
        self.assertGreaterEqual(page.get(fs + "served_age_seconds_count", **of_task), 1)
        self.assertIsNotNone(page.get(fs + "ttl_filtered_total", **of_task))

    def test_no_notification_is_lost_in_a_crash(self):
        """Rows are stored before anybody is told of them; what the group's offsets are not past is told again."""
        more = {"notification.topic": NOTIFICATIONS}
        self.start(**more)
        self.feed.add(upsert(0, "first"))
        self.wait_position(1)
        self.stop()
        self.feed.add(*(upsert(i, "a") for i in range(1, 2500)))
        self.worker.start(self.feed.source())
        self.wait_fed()
        self.stop()
        sink = self.store.sink(**{**more, "batch.size": "100"})
        for nth in (1, 3, 2):
            self.assertTrue(crash_at(self, self.worker, "store.write.after", nth, [sink]))
        self.worker.start(sink)
        self.wait_position(2500)
        self.assertEqual(len(self.store.notes(range(2500))), 2500)
        self.worker.process.kill()
        told = [int(json.loads(record.value)["entry"]["id"]) for record in self.records(NOTIFICATIONS)]
        self.assertEqual(sorted(set(told)), list(range(2500)))
        self.assertLess(len(told), 4 * 2500)

    def test_notifications(self):
        self.start(**{"notification.topic": NOTIFICATIONS, **self.TOLERANT})
        self.feed.add(upsert(1, "a"), upsert(2, "off", storage="offline"), line(b"\x07", headers()),
                      upsert(-7, "s", now_us(), group=43, schema=18))
        self.wait_note(-7, "s", "session_1")
        self.feed.add(delete_line(1))
        self.wait_note(1, None)
        self.wait_position(5)
        self.worker.process.kill()  # what the offsets are past is durable

        def told(group, name, id):
            return {"projectName": "bank", "projectId": 119, "featureStoreId": None,
                    "featureGroupId": group, "featureGroupName": name, "featureGroupVersion": 1,
                    "entry": {"id": str(id)},
                    "featureViews": [{"projectName": "bank", "id": None, "name": "fraud", "version": 1,
                                      "featurestoreId": None}]}
        records = self.records(NOTIFICATIONS)
        self.assertEqual([json.loads(record.value) for record in records],
                         [told(42, "txn", 1), told(43, "session", -7), told(42, "txn", 1)])
        self.assertEqual({record.key for record in records}, {None})


if __name__ == "__main__":
    unittest.main()
