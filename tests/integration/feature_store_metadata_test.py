"""Schemas from a registry with trouble, groups that come and go, in a whole worker of the feature-store sink."""

import json
import unittest

from feature_store import SCHEMA, TOPIC, OnlineStore, StoreTest, delete_line, document, group, \
    headers, line, values
from schema_registry import SchemaRegistry

WIDER = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "more", "type": ["null", "string"]}]}


def upsert(id, note, **more):
    return line(values(id, note), headers(**more))


def bare(id=42, name="txn", **more):
    """A group whose schemas are the registry's."""
    return {**group(id, name), "schemas": {}, **more}


class RegistryTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.registry = SchemaRegistry({17: SCHEMA})
        self.addCleanup(self.registry.close)
        self.store = OnlineStore(self.worker.folder, document(bare()))

    def start(self, **more):
        super().start(**{"schema.registry.url": self.registry.url, **more})

    def test_a_schema_is_asked_for_once(self):
        self.start()
        self.feed.add(*(upsert(i, "a") for i in range(100)))
        self.wait_note(99, "a")
        self.feed.add(line(values(1, "b") + b"\x02\x02c", headers(schema=18)))
        self.registry.schemas[18] = WIDER
        self.wait_note(1, "b")
        self.assertEqual(self.store.read(1)[1]["more"], "c")
        self.assertEqual(self.store.read(2)[1], {"at": None, "note": "a", "more": None})
        self.assertEqual(sorted(set(self.registry.asked)), [17, 18])
        self.assertEqual(self.registry.asked.count(17), 1)
        # The store knows them, too.
        self.registry.schemas.clear()
        self.restart()
        self.feed.add(upsert(3, "d"))
        self.wait_note(3, "d")
        self.registry.close()
        self.restart(**{"schema.registry.timeout.ms": "500"})
        self.feed.add(upsert(4, "e"))
        self.wait_note(4, "e")

    def test_nothing_is_lost_while_a_registry_is_in_trouble(self):
        self.registry.trouble[17] = 500
        self.start(**{"max.retries": "1000", "retry.backoff.ms": "20", **self.TOLERANT})
        self.feed.add(*(upsert(i % 10, f"v{i}") for i in range(1000)))
        self.wait(lambda: len(self.registry.asked) > 5, what="some tries")
        self.assertEqual(self.worker.state("online"), ("RUNNING", ["RUNNING"]))
        self.assertEqual(self.positions().get((TOPIC, 0), 0), 0)
        del self.registry.trouble[17]
        self.wait_note(9, "v999")
        self.assertEqual(self.store.notes(range(10)), {i: f"v{990 + i}" for i in range(10)})
        self.wait_position(1000)
        self.stop()
        self.assertEqual(self.records("letters"), [])

    def test_trouble_that_does_not_end_fails_the_task_and_loses_nothing(self):
        self.registry.trouble[17] = 503
        self.start(**{"max.retries": "2", "retry.backoff.ms": "20", **self.TOLERANT})
        self.feed.add(upsert(1, "a"))
        self.assertIn("applying records failed 3 times, more than max.retries=2: ", self.failure())
        del self.registry.trouble[17]
        self.worker.rest.call("POST", "/connectors/online/tasks/0/restart")
        self.wait_note(1, "a")

    def test_a_schema_that_comes_later(self):
        """The records before it are letters: their schema was in no place."""
        self.start(**self.TOLERANT)
        self.feed.add(upsert(1, "a"), upsert(2, "b", schema=18), upsert(3, "c"))
        self.wait_note(3, "c")
        self.assertEqual(self.store.note(2), None)
        self.registry.schemas[18] = SCHEMA

        def known():
            self.feed.add(upsert(4, "d", schema=18))
            return self.store.note(4) == "d"
        self.wait(known, 60, "the schema")
        self.stop()
        letters = self.records("letters")
        self.assertEqual({dict(letter.headers)["subjectId"] for letter in letters}, {b"18"})
        self.assertEqual(letters[0].value, values(2, "b"))

    def test_who_refuses_us_is_not_asked_for_ever(self):
        self.registry.trouble[17] = 401
        self.start(**{"retry.backoff.ms": "20", **self.TOLERANT})
        self.feed.add(upsert(1, "a"))
        self.assertIn("401", self.failure())
        self.assertLess(len(self.registry.asked), 5)
        del self.registry.trouble[17]
        self.worker.rest.call("POST", "/connectors/online/tasks/0/restart")
        self.wait_note(1, "a")


class GroupTest(StoreTest):
    def write(self, *groups):
        self.store.metadata.write_text(document(*groups))

    def test_a_group_that_is_deleted_and_made_anew(self):
        other = group(43, "other", 18, {**SCHEMA, "name": "other_1"})
        self.write(group(), other)
        self.start(**self.TOLERANT)
        self.feed.add(upsert(1, "a"), upsert(1, "o", group=43, schema=18))
        self.wait_note(1, "a")
        self.wait_note(1, "o", "other_1")
        self.write(group(deleted=True), other)

        def gone():
            self.feed.add(upsert(2, "b"), upsert(2, "p", group=43, schema=18))
            return self.store.read(1)[0] == 400
        self.wait(gone, 60, "the end of the table")
        self.wait_note(2, "p", "other_1")
        # Its successor has another id and starts empty.
        self.write(group(deleted=True), other, group(52, schema_id=27))

        def made():
            self.feed.add(upsert(3, "c", group=52, schema=27))
            return self.store.note(3) == "c"
        self.wait(made, 60, "the new table")
        self.assertEqual((self.store.note(1), self.store.note(2)), (None, None))
        self.assertEqual(self.store.note(1, "other_1"), "o")
        self.wait_position(self.feed.lines)
        self.stop()
        kinds = {dict(letter.headers)["fs.failure.type"] for letter in self.records("letters")}
        self.assertLessEqual(kinds, {b"FEATURE_GROUP_DELETED", b"METADATA"})
        self.assertIn(b"FEATURE_GROUP_DELETED", kinds)

    def test_a_file_that_becomes_wrong_leaves_the_last_good_one(self):
        self.start()
        self.feed.add(upsert(1, "a"))
        self.wait_note(1, "a")
        self.store.metadata.write_text("{ not json")
        self.feed.add(upsert(1, "b"), delete_line(2))
        self.wait_note(1, "b")
        self.wait(lambda: str(self.store.metadata) in self.worker.process.output(), what="a warning")
        self.write(group(), group(43, "other", 18, {**SCHEMA, "name": "other_1"}))
        self.wait(lambda: self.store.read(1, "other_1")[0] == 404, 60, "the new group")

    def test_groups_made_of_their_schemas(self):
        marked = {**SCHEMA, "primaryKey": ["id"], "eventTime": "at"}
        schemas = self.worker.folder / "schemas.json"
        schemas.write_text(json.dumps({"17": marked}))
        self.write()
        self.start(**{"schema.file": str(schemas), "metadata.unknown.groups": "schema",
                      "metadata.default.primary.key": "id", **self.TOLERANT})
        self.feed.add(upsert(1, "a"))
        self.wait_note(1, "a")


if __name__ == "__main__":
    unittest.main()
