"""Where the feature-store sink goes on: its store, its log and its group do not always agree."""

import shutil
import unittest

from feature_store import TOPIC, StoreTest, delete_line, headers, line, values
from metrics import scrape

AT = 1_767_323_045_000_000


def upsert(id, note, at=None, **more):
    return line(values(id, note, at), headers(**more))


class PositionsTest(StoreTest):
    def run_until(self, *lines, note="end", **more):
        """A life in which these are stored."""
        self.start(**more)
        self.feed.add(*lines, upsert(-1, note))
        self.wait_note(-1, note)
        self.wait_position(self.feed.lines)
        self.stop()

    def rows(self, *ids):
        return self.store.notes(list(ids))

    def new_feed(self):
        """The log with its topic is gone; so is what the source has read."""
        shutil.rmtree(self.worker.settings["embedded.log.dir"])
        (self.worker.folder / "connect.offsets").unlink()
        self.feed.path.write_text("")
        self.feed.lines = 0


class DisagreementTest(PositionsTest):
    def test_another_cluster_has_offsets_of_its_own(self):
        self.run_until(*(upsert(i, "a") for i in range(10)))
        self.new_feed()
        self.run_until(upsert(1, "b"), note="end again")
        self.worker.start(self.store.sink())
        self.wait_note(1, "b")
        self.assertEqual(self.rows(*range(10)), {i: "b" if i == 1 else "a" for i in range(10)})

    def test_a_store_that_is_new_while_its_group_is_not_fails_unless_told_where_to_begin(self):
        self.run_until(*(upsert(i, "a") for i in range(10)))
        shutil.rmtree(self.store.path)
        self.start()
        trace = self.failure()
        self.assertIn(f"the store has no rows of {TOPIC}-0, but its consumer group has read to offset 11: "
                      "another worker may hold them", trace)
        self.assertIn("store.initial.position=earliest", trace)
        self.restart(**{"store.initial.position": "group"})
        self.feed.add(upsert(1, "b"))
        self.wait_note(1, "b")
        self.assertEqual(self.rows(*range(10)), {1: "b"})
        # The store has a position now, so that the choice does not count any more.
        self.restart(**{"store.initial.position": "earliest"})
        self.feed.add(upsert(2, "c"))
        self.wait_note(2, "c")
        self.assertEqual(self.rows(*range(10)), {1: "b", 2: "c"})
        self.stop()
        shutil.rmtree(self.store.path)
        self.start(**{"store.initial.position": "earliest"})
        self.wait_note(2, "c")
        self.assertEqual(self.rows(*range(10)), {**{i: "a" for i in range(10)}, 1: "b", 2: "c"})
        self.stop()
        shutil.rmtree(self.store.path)
        self.start(**{"store.initial.position": "latest"})
        self.wait(lambda: scrape(self.worker).find("millrace_fs_sink_store_offset"), what="the beginning")
        self.feed.add(upsert(3, "d"))
        self.wait_note(3, "d")
        self.assertEqual(self.rows(*range(10)), {3: "d"})

    def test_a_copy_of_the_store_goes_on_by_itself(self):
        self.run_until(*(upsert(i, "a") for i in range(20)))
        copy = self.worker.folder / "copy"
        shutil.copytree(self.store.path, copy)
        self.run_until(*(upsert(i, "b") for i in range(0, 20, 2)), delete_line(3), note="later")
        self.worker.start(self.store.sink())
        self.wait_note(-1, "later")
        wanted = self.rows(*range(20))
        self.stop()
        self.assertEqual(wanted, {i: "a" if i % 2 else "b" for i in range(20) if i != 3})
        shutil.rmtree(self.store.path)
        copy.rename(self.store.path)
        self.worker.start(self.store.sink())
        self.wait_note(-1, "later")
        self.assertEqual(self.rows(*range(20)), wanted)
        self.wait_position(self.feed.lines)


class OffsetsTest(PositionsTest):
    """The REST resource moves the store's own offsets."""

    def place(self, offset):
        return {"offsets": [{"partition": {"kafka_topic": TOPIC, "kafka_partition": 0},
                             "offset": None if offset is None else {"kafka_offset": offset}}]}

    def begin(self, *lines):
        self.start()
        self.feed.add(*lines)
        self.wait_position(self.feed.lines)

    def test_records_are_applied_again_from_an_offset_that_was_set(self):
        self.begin(*(upsert(i, "a", onlineIngestionId="1") for i in range(5)),
                   *(upsert(i, "b") for i in range(5)), delete_line(4))
        self.assertEqual(self.rows(*range(5)), {i: "b" for i in range(4)})
        reply = self.set_offsets("PATCH", self.place(2))
        self.assertEqual(reply.status, 200, reply.body)
        self.wait_position(11)
        self.assertEqual(self.rows(*range(5)), {i: "b" for i in range(4)})
        self.assertEqual(sum(self.store.counted(1).values()), 8)  # what is read twice is counted twice
        reply = self.set_offsets("DELETE")
        self.assertEqual(reply.status, 200, reply.body)
        self.wait_position(11)
        self.assertEqual(sum(self.store.counted(1).values()), 13)
        self.assertEqual(self.rows(*range(5)), {i: "b" for i in range(4)})

    def test_records_between_can_be_passed_over(self):
        self.start()
        self.feed.add(upsert(0, "a"))
        self.wait_position(1)
        self.worker.rest.call("PUT", "/connectors/online/stop")
        self.wait(lambda: self.worker.state("online") == ("STOPPED", []), what="the stop")
        self.feed.add(upsert(1, "passed over"), upsert(2, "b"))
        self.wait_fed()
        self.assertEqual(self.worker.rest.call(
            "PATCH", "/connectors/online/offsets", self.place(2)).status, 200)
        self.assertEqual(self.positions(), {(TOPIC, 0): 2})
        self.worker.rest.call("PUT", "/connectors/online/resume")
        self.wait_note(2, "b")
        self.assertEqual(self.rows(0, 1, 2), {0: "a", 2: "b"})

    def test_in_order_of_event_time_nothing_changes(self):
        self.begin(*(upsert(1, f"v{at}", AT + at, upsertIfNewer="1") for at in (5, 9, 2, 7)),
                   upsert(2, "w", AT, upsertIfNewer="1"), upsert(2, "x", AT, upsertIfNewer="1"))
        self.assertEqual(self.rows(1, 2), {1: "v9", 2: "x"})
        for offset in (0, 2, 3):
            self.assertEqual(self.set_offsets("PATCH", self.place(offset)).status, 200)
            self.wait_position(6)
            self.assertEqual(self.rows(1, 2), {1: "v9", 2: "x"})

    def test_offsets_of_a_task_that_runs_are_refused(self):
        self.begin(upsert(1, "a"))
        self.assertEqual(self.worker.rest.call(
            "PATCH", "/connectors/online/offsets", self.place(0)).status, 400)
        self.assertEqual(self.positions(), {(TOPIC, 0): 1})

    def test_an_offset_beyond_the_end(self):
        self.begin(upsert(1, "a"))
        self.assertEqual(self.set_offsets("PATCH", self.place(100)).status, 200)
        trace = self.failure()
        self.assertIn(f"the store goes on at offset 100 of {TOPIC}-0, but the log ends at 1: the topic was made "
                      "anew; set store.offset.out.of.range=earliest to go on", trace)
        self.assertEqual(self.store.note(1), "a")
        self.restart(**{"store.offset.out.of.range": "earliest"})
        self.feed.add(upsert(2, "b"))
        self.wait_note(2, "b")
        self.assertEqual(self.rows(1, 2), {1: "a", 2: "b"})
        self.wait_position(2)


if __name__ == "__main__":
    unittest.main()
