"""Records that cannot be stored, in a whole worker: letters, replays, failures of the task, other groups."""

import json
import subprocess
import unittest

from feature_store import SCHEMA, TOPIC, OnlineStore, StoreTest, delete_line, document, group, \
    headers, line, values
from metrics import scrape

BAD = 10_000
REPLAY_TIMEOUT = 60
LONG = group(44, "long", 19, {**SCHEMA, "name": "long_1"}, online={"types": {"note": "varchar(3)"}})


def upsert(id, note, **more):
    return line(values(id, note), headers(**more))


class LetterTest(StoreTest):
    def letters(self):
        return self.records("letters")

    def replay(self, *options):
        done = subprocess.run(
            [str(self.worker.binary), "replay", str(self.worker.folder / "worker.properties"),
             "letters", *options], capture_output=True, text=True, timeout=REPLAY_TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def test_letters_are_whole_and_say_why(self):
        self.store = OnlineStore(self.worker.folder, document(
            group(), group(43, "gone", 18, {**SCHEMA, "name": "gone_1"}, deleted=True), LONG))
        mine = {"onlineIngestionId": "7"}
        nameless = {"projectId": "119", "subjectId": "17"}
        cases = [  # type, part of the reason, group, value, headers
            ("DESERIALIZATION", "", "42", values(1, "cut")[:-1], headers(**mine)),
            ("DESERIALIZATION", "", "42", values(1, "longer") + b"\0", headers()),
            ("DESERIALIZATION", "schema 99 of feature group 42 is in no registry", "42", values(1),
             headers(schema=99)),
            ("METADATA", "feature group 4711 of project 119 is unknown", "4711", values(1),
             headers(4711, **mine)),
            ("METADATA", "header featureGroupId is missing", None, values(1), nameless),
            ("METADATA", "", None, values(1), headers("x42")),
            ("FEATURE_GROUP_DELETED", "feature group 43 (gone_1) was deleted", "43", values(1),
             headers(43, 18)),
            ("USER_DATA", "field id", "42", b"\0\0\0", headers()),
            ("USER_DATA", "field note", "44", values(1, "four"), headers(44, 19)),
            ("ROW_CREATION", "the value is null", "42", None, headers()),
        ]
        self.start(**self.TOLERANT)
        self.feed.add(*(line(value, head, key=f"k{i}".encode(), timestamp=1_700_000_000_000 + i)
                        for i, (_, _, _, value, head) in enumerate(cases)), upsert(1, "good"))
        self.wait_note(1, "good")
        self.wait_position(len(cases) + 1)
        self.stop()
        letters = self.letters()
        self.assertEqual(len(letters), len(cases))
        for i, ((kind, reason, id, value, head), letter) in enumerate(zip(cases, letters)):
            with self.subTest(i=i, kind=kind, reason=reason):
                self.assertEqual((letter.key, letter.value), (f"k{i}".encode(), value))
                own = [(name, text.encode()) for name, text in head.items()]
                self.assertEqual(letter.headers[:len(own)], own)
                more = {name: text.decode() for name, text in letter.headers[len(own):]}
                self.assertEqual(len(more), len(letter.headers) - len(own))  # none twice
                said = more.pop("fs.failure.reason")
                self.assertIn(reason, said)
                message = more.pop("__connect.errors.exception.message")
                self.assertIn(said, message)
                self.assertIn(f"{TOPIC}-0@{i}", message)
                self.assertIn("__connect.errors.exception.stacktrace", more)
                del more["__connect.errors.exception.stacktrace"]
                wanted = {
                    "fs.failure.type": kind, "__connect.errors.topic": TOPIC,
                    "__connect.errors.partition": "0", "__connect.errors.offset": str(i),
                    "__connect.errors.connector.name": "online", "__connect.errors.task.id": "0",
                    "__connect.errors.stage": "TASK_PUT",
                    "__connect.errors.class.name": "org.apache.kafka.connect.sink.SinkTask",
                    "__connect.errors.exception.class.name":
                        "org.apache.kafka.connect.errors.DataException"}
                if id:
                    wanted["fs.feature.group.id"] = id
                if "onlineIngestionId" in head:
                    wanted["fs.online.ingestion.id"] = head["onlineIngestionId"]
                self.assertEqual(more, wanted)

    def test_a_replay_brings_in_what_mended_metadata_explains(self):
        self.start(**self.TOLERANT)
        self.feed.add(upsert(1, "a"), upsert(1, "b", group=45, schema=20), upsert(2, "c", group=45, schema=20),
                      upsert(3, "later"))
        self.wait_note(3, "later")
        self.wait_position(4)
        # Records after the file was mended need no restart.
        self.store.metadata.write_text(document(group(), group(45, "new", 20, {**SCHEMA, "name": "new_1"})))

        def known():
            self.feed.add(upsert(5, "d", group=45, schema=20))
            return self.store.note(5, "new_1") == "d"
        self.wait(known, 60, "the new group")
        self.assertEqual(self.store.note(1, "new_1"), None)
        self.stop()
        letters = self.letters()
        self.assertGreaterEqual(len(letters), 2)
        self.assertIn(f"replayed: {len(letters)}, left out: 0", self.replay())
        self.start(**self.TOLERANT)
        self.wait_note(2, "c", "new_1")
        self.assertEqual(self.store.note(1, "new_1"), "b")
        self.stop()
        self.assertEqual(len(self.letters()), len(letters))
        self.assertIn("letters read: 0,", self.replay())
        # A replayed record is what it was, without the headers of its failure.
        replayed = [r for r in self.records(TOPIC) if dict(r.headers)["featureGroupId"] == b"45"]
        self.assertEqual({tuple(name for name, _ in r.headers) for r in replayed},
                         {("projectId", "featureGroupId", "subjectId")})

    def test_letters_that_are_older_do_not_replace_newer_rows_when_asked(self):
        self.start(**self.TOLERANT)
        self.feed.add(line(values(1, "old", 1_000_000), headers(45, 20)))
        self.wait_position(1)
        self.store.metadata.write_text(document(group(), group(45, "new", 20, {**SCHEMA, "name": "new_1"})))

        def known():
            self.feed.add(line(values(1, "new", 2_000_000), headers(45, 20)))
            return self.store.note(1, "new_1") == "new"
        self.wait(known, 60, "the new group")
        self.stop()
        self.replay("--if-newer")
        end = len(self.records(TOPIC))
        self.worker.start(self.store.sink(**self.TOLERANT))
        self.wait_position(end)
        self.assertEqual(self.store.note(1, "new_1"), "new")

    def test_without_tolerance_the_task_fails_there_and_goes_on_when_it_is_mended(self):
        self.start()
        rows = [upsert(i, f"a{i}") for i in range(50)]
        bad = upsert(1, "b", group=45, schema=20)
        self.feed.add(*rows, bad, upsert(0, "behind"))
        trace = self.failure()
        self.assertIn("METADATA: feature group 45 of project 119 is unknown", trace)
        self.assertIn(f"{TOPIC}-0@50", trace)
        self.assertIn("errors.tolerance=all", trace)
        self.assertEqual(self.store.notes(range(50)), {i: f"a{i}" for i in range(50)})
        self.assertEqual(self.store.read(1, "new_1")[0], 400)
        restart = f"/connectors/{self.store.name}/tasks/0/restart"
        self.assertEqual(self.worker.rest.call("POST", restart).status, 204)
        self.assertIn(f"{TOPIC}-0@50", self.failure())  # nothing is passed over
        self.assertEqual(self.store.note(0), "a0")
        self.store.metadata.write_text(document(group(), group(45, "new", 20, {**SCHEMA, "name": "new_1"})))
        self.assertEqual(self.worker.rest.call("POST", restart).status, 204)
        self.wait_note(0, "behind")
        self.assertEqual(self.store.note(1, "new_1"), "b")
        self.wait_position(52)

    def test_bad_records_of_one_group_do_not_hold_up_another(self):
        self.store = OnlineStore(self.worker.folder, document(group(), LONG))
        self.start(**self.TOLERANT)
        self.feed.add(*(upsert(i, "too long", group=44, schema=19) if i % 2 else upsert(i, f"v{i}")
                        for i in range(2000)))
        self.wait_note(1998, "v1998")
        self.assertEqual(len(self.store.notes(range(2000))), 1000)
        self.feed.add(*(line(b"\xff" * (i % 50), headers(), key=b"%d" % i) for i in range(BAD)),
                      upsert(-1, "end"), delete_line(0))
        self.wait_note(-1, "end")
        self.wait_note(0, None)
        self.wait_position(2000 + BAD + 2)
        self.assertEqual(self.worker.state("online"), ("RUNNING", ["RUNNING"]))
        self.wait(lambda: scrape(self.worker).get(
            "millrace_fs_sink_rows_total", fg=42, status="FAILED", connector="online", task=0) == BAD,
            what="the count of failures")
        self.stop()
        letters = self.letters()
        self.assertEqual(len(letters), 1000 + BAD)
        self.assertEqual([r.key for r in letters[1000:]], [b"%d" % i for i in range(BAD)])

    def test_without_a_queue_bad_records_are_passed_over_and_counted(self):
        self.start(**{"errors.tolerance": "all"})
        self.feed.add(upsert(1, "a"), line(b"\x07", headers()), upsert(2, "b"))
        self.wait_note(2, "b")
        self.wait(lambda: scrape(self.worker).get(
            "millrace_fs_sink_rows_total", fg=42, status="FAILED", connector="online", task=0) == 1,
            what="the count of failures")


if __name__ == "__main__":
    unittest.main()
