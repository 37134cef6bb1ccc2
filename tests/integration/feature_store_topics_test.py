"""The feature-store sink on real brokers: which topics it reads, of which cluster, and topics that lose
records or are made anew; several workers."""

import subprocess
import unittest

from feature_store import Feed, OnlineStore, StoreTest, document, group, headers, line, values
from flow import unique
from json_program import JsonProgram
from kafka_broker import Broker, class_path, java
from workers import Cluster, Millrace

TOOL_TIMEOUT = 60


def upsert(id, note, **more):
    return line(values(id, note), headers(**more))


class BrokerCase(StoreTest):
    """A broker for all tests of the class; topics and names of its own for each test."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(settings={"auto.create.topics.enable": "false"}).start()
        cls.addClassCleanup(cls.broker.close)
        cls.tool = JsonProgram("TopicTool.java", class_path(), cls.broker.bootstrap)
        cls.addClassCleanup(cls.tool.close)

    def make_worker(self):
        return Millrace({"bootstrap.servers": self.broker.bootstrap, "offset.flush.interval.ms": "100"})

    def setUp(self):
        super().setUp()
        self.topic = unique("bank") + "_onlinefs"
        self.feed = self.feed_of(self.topic)
        self.store = OnlineStore(self.worker.folder, document(group(topic=self.topic)), unique("online"))

    def feed_of(self, topic):
        return Feed(self.worker.folder, unique("feed"), topic)

    def source(self, feed=None):
        return (feed or self.feed).source(**{"topic.creation.default.partitions": "1",
                                             "topic.creation.default.replication.factor": "1"})

    def sink(self, **more):
        """`more` has the topics."""
        config = self.store.sink(**{"consumer.override.metadata.max.age.ms": "200", **more})
        if "topics" not in more:
            del config["topics"]
        return config

    def start(self, **more):
        self.worker.start(self.source(), self.sink(**{"topics": self.topic, **more}))

    def log(self):
        return {"bootstrap.servers": self.broker.bootstrap}

    def wait_position(self, offset, topic=None, partition=0):
        super().wait_position(offset, topic or self.topic, partition)

    def create(self, topic=None, partitions=1):
        self.tool.call("create", topic=topic or self.topic, partitions=partitions, configs={})

    def put_connector(self, worker, config):
        reply = worker.rest.call("PUT", f"/connectors/{config['name']}/config", config)
        self.assertLess(reply.status, 300, reply.body)


class PatternTest(BrokerCase):
    """Alone with its broker: each topic of an online store is read."""

    def test_topics_that_match_the_pattern_are_found_when_they_are_made(self):
        self.create()
        self.worker.start(self.source(), self.sink())
        self.feed.add(upsert(1, "a"))
        self.wait_note(1, "a")
        later = self.feed_of(unique("later") + "_onlinefs")
        other = self.feed_of(unique("later") + "_offline")
        for feed, note in ((later, "b"), (other, "c")):
            self.create(feed.topic)
            feed.add(upsert(2, note))
        self.put_connector(self.worker, self.source(other))
        self.wait(lambda: self.records(other.topic), 60, "the other topic")
        self.put_connector(self.worker, self.source(later))
        self.wait_note(2, "b")
        self.wait_position(1, later.topic)
        self.assertNotIn((other.topic, 0), self.positions())


class SelectionTest(BrokerCase):
    def test_the_list_of_topics_has_another_name(self):
        self.create()
        more = self.feed_of(unique("any"))
        self.create(more.topic)
        self.worker.start(self.source(), self.source(more),
                          self.sink(topic_list=f"{self.topic},{more.topic}"))
        self.feed.add(upsert(1, "a"))
        more.add(upsert(2, "b"))
        self.wait_note(1, "a")
        self.wait_note(2, "b")

    def test_the_consumer_group_has_the_name_that_it_was_given(self):
        self.create()
        name = unique("onlinefs_rondb")
        self.start(**{"consumer.group.id": name})
        self.feed.add(upsert(1, "a"))
        self.wait_note(1, "a")
        self.wait_position(1)
        said = subprocess.run(
            java("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                 self.broker.bootstrap, "--describe", "--group", name),
            check=True, capture_output=True, text=True, timeout=TOOL_TIMEOUT).stdout
        self.assertRegex(said, rf"{name}\s+{self.topic}\s+0\s+1\s+1\s+0")

    def test_the_cluster_of_the_properties_file_is_read(self):
        """The worker's own has a topic of the same name."""
        self.create()
        with Broker(settings={"auto.create.topics.enable": "false"}) as other, \
                Millrace({"bootstrap.servers": other.bootstrap, "offset.flush.interval.ms": "100"}) as theirs:
            tool = JsonProgram("TopicTool.java", class_path(), other.bootstrap)
            self.addCleanup(tool.close)
            tool.call("create", topic=self.topic, partitions=1, configs={})
            (self.worker.folder / "onlinefs-kafka.properties").write_text(
                f"# of the platform\nbootstrap.servers: {other.bootstrap}\nsecurity.protocol PLAINTEXT\n"
                "max.pol.records=5\nfetch.min.bytes=1\n")
            self.start(**{"feature.store.config.dir": str(self.worker.folder), **self.TOLERANT})
            self.feed.add(upsert(1, "of the worker's"))
            self.wait(lambda: self.records(self.topic), 60, "the worker's own topic")
            feed = Feed(theirs.folder, "theirs", self.topic)
            feed.add(upsert(2, "of the other"), line(b"\x07", headers()), upsert(3, "end"))
            theirs.start(self.source(feed))
            self.wait_note(3, "end")
            self.assertEqual((self.store.note(1), self.store.note(2)), (None, "of the other"))
            self.wait_position(3)
            output = self.worker.process.output()
            self.assertEqual(output.count("max.pol.records (did you mean max.poll.records?)"), 1)
            # Letters stay with the records.
            self.assertEqual(len(tool.call("read", topic="letters")["records"]), 1)


class LostRecordsTest(BrokerCase):
    def begin(self, count=10):
        self.create()
        self.start()
        self.feed.add(*(upsert(i, "a") for i in range(count)))
        self.wait_position(count)

    def only_sink(self, **more):
        self.worker.start(self.sink(**{"topics": self.topic, **more}))

    def test_a_topic_made_anew(self):
        self.begin()
        self.stop()
        self.tool.call("delete", topic=self.topic)
        self.create()
        feed = self.feed_of(self.topic)
        feed.add(upsert(1, "b"), upsert(20, "c"))
        self.worker.start(self.source(feed), self.sink(topics=self.topic))
        trace = self.failure()
        self.assertIn(f"the store goes on at offset 10 of {self.topic}-0, but the log ends at ", trace)
        self.assertIn("the topic was made anew", trace)
        self.assertEqual(self.store.note(1), "a")  # lookups go on
        self.stop()
        self.worker.start(self.source(feed), self.sink(
            **{"topics": self.topic, "store.offset.out.of.range": "earliest"}))
        self.wait_note(20, "c")
        self.assertEqual(self.store.notes(range(10)), {i: "b" if i == 1 else "a" for i in range(10)})
        self.wait_position(2, self.topic)

    def test_records_that_went_before_they_were_read(self):
        self.begin()
        self.stop()
        self.feed.add(*(upsert(i, "b") for i in range(10)))
        self.worker.start(self.source())
        self.wait(lambda: len(self.records(self.topic)) == 20, 60, "the records")
        self.stop()
        self.tool.call("cut", topic=self.topic, before=15)
        self.only_sink()
        self.assertIn(f"the store goes on at offset 10 of {self.topic}-0, but the log begins at 15: records are "
                      "lost; set store.offset.out.of.range=earliest", self.failure())
        self.stop()
        self.only_sink(**{"store.offset.out.of.range": "earliest"})
        self.wait_note(9, "b")
        self.assertEqual(self.store.notes(range(10)), {i: "b" if i >= 5 else "a" for i in range(10)})

    def test_a_topic_made_anew_while_it_is_read(self):
        for choice in ("fail", "earliest"):
            with self.subTest(choice=choice):
                self.topic = unique("bank") + "_onlinefs"
                self.feed = self.feed_of(self.topic)
                self.store = OnlineStore(self.worker.folder, document(group(topic=self.topic)), unique("online"))
                self.create()
                self.start(**{"store.offset.out.of.range": choice})
                self.feed.add(*(upsert(i, "a") for i in range(10)))
                self.wait_position(10)
                self.worker.rest.call("PUT", f"/connectors/{self.feed.name}/stop")
                self.wait(lambda: self.worker.state(self.feed.name) == ("STOPPED", []), what="the stop")
                self.tool.call("delete", topic=self.topic)
                self.create()
                self.feed.add(upsert(1, "b"), upsert(20, "c"))
                self.worker.rest.call("PUT", f"/connectors/{self.feed.name}/resume")
                if choice == "fail":
                    self.assertIn("the topic was made anew", self.failure())
                    self.assertEqual(self.store.note(1), "a")
                else:
                    self.wait_note(20, "c")
                    self.assertEqual(self.store.note(1), "b")
                self.stop()

class PlacementTest(BrokerCase):
    def test_each_replica_has_all_rows(self):
        self.create(partitions=3)
        self.feed.add(*(line(values(i, "a"), headers(), key=b"%d" % i) for i in range(300)))
        with self.make_worker() as second:
            other = OnlineStore(second.folder, self.store.metadata.read_text(), self.store.name)
            more = {"topics": self.topic, "store.placement": "replica"}
            self.start(**more)
            second.start(other.sink(**more))
            for store in (self.store, other):
                self.wait(lambda: len(self.all_notes(store)) == 300, 60, "all rows")
            self.feed.add(line(values(300, "end"), headers(), key=b"x"))
            for store in (self.store, other):
                self.wait_note(300, "end", store=store)

    @staticmethod
    def all_notes(store):
        try:
            return store.notes(range(300))
        except (OSError, AssertionError):
            return {}  # no server or no table yet

    def test_a_single_store_has_one_task_of_one_worker(self):
        self.create(partitions=4)
        cluster = Cluster(self.broker, {"offset.flush.interval.ms": "100"})
        with cluster.millrace(folder=None) as worker:
            worker.join()
            feed = Feed(worker.folder, unique("feed"), self.topic)
            store = OnlineStore(worker.folder, self.store.metadata.read_text(), unique("online"))
            self.worker = worker
            self.store = store
            config = self.sink(**{"topics": self.topic, "tasks.max": "4"})

            def put(config):
                reply = worker.rest.call("PUT", f"/connectors/{config['name']}/config", config)
                return reply.status < 300
            self.wait(lambda: put(config), 60, "the sink")
            self.wait(lambda: put(self.source(feed)), 60, "the source")
            worker.wait_running(store.name, 1, 60)
            feed.add(*(line(values(i, "a"), headers(), key=b"%d" % i) for i in range(300)))
            self.wait(lambda: len(self.all_notes(store)) == 300, 60, "all rows")
            self.assertIn("One task instead of tasks.max=4: store.placement=single keeps all rows on one worker",
                          worker.process.output())


if __name__ == "__main__":
    unittest.main()
