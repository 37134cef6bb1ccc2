"""What is wrong around a cluster: a clear error each, REST alive, nothing lost.

A full disk is no matter here: a worker of a cluster keeps no files. Clocks that jump are those of
tests with clocks of their own (GroupMemberTest, DistributedHerderTest): nothing that counts time here
looks at the wall clock.
"""

import os
import socket
import subprocess
import threading
import unittest
from pathlib import Path

from cluster import BROKER, SETTINGS, ClusterTest, Reader, datagen
from flow import unique
from kafka_broker import Broker, java
from log_tool import write_records
from metrics import Page
from process import Process
from secured_broker import PLAIN, USER, WORD, jaas, sasl_listener
from workers import Cluster, Millrace, file_sink, file_source

SKIPPED = "millrace_internal_topic_skipped_records_total"
ENDS_WITHIN = 30.0


def relay(listener, port):
    """Passes on what comes to `listener` until it is closed."""
    def pump(source, target):
        try:
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has gone; the worker's log tells

    ends = []

    def serve():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            ends.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return ends


class BadInputTest(ClusterTest):
    def write(self, topic, records, **settings):
        write_records(topic, records, {
            "bootstrap.servers": self.broker.bootstrap,
            **{"topic." + key.replace("_", "."): value for key, value in settings.items()}})

    def end_of(self, worker, code, *texts):
        """The worker gives up by itself and says why."""
        worker.launch()
        self.assertEqual(worker.process.wait(ENDS_WITHIN), code, worker.process.output()[-3000:])
        for text in texts:
            self.assertIn(text, worker.process.output())

    def await_log(self, worker, text, times=1):
        self.wait(lambda: worker.process.output().count(text) >= times, ENDS_WITHIN,
                  f"'{text}' in the log: {worker.process.output()[-2000:]}")

    # Internal topics.

    def test_a_cleanup_policy_that_loses_records(self):
        for kind, what in (("config", "connector configurations"),
                           ("offset", "source connector offsets"),
                           ("status", "connector and task statuses")):
            with self.subTest(kind):
                self.group = Cluster(self.broker, SETTINGS)
                topic = self.group.topic(kind)
                self.write(topic, [(b"k", b"v")], cleanup_policy="delete")
                self.end_of(self.member(), 1,
                            f"Topic '{topic}' supplied via the '{kind}.storage.topic' property is "
                            f"required to have 'cleanup.policy=compact' to guarantee consistency "
                            f"and durability of {what}, but found the topic currently has "
                            "'cleanup.policy=delete'.")

    def test_a_config_topic_with_several_partitions(self):
        self.group = Cluster(self.broker, SETTINGS)
        topic = self.group.topic("config")
        subprocess.run(java("org.apache.kafka.tools.TopicCommand", "--bootstrap-server",
                            self.broker.bootstrap, "--create", "--topic", topic, "--partitions",
                            "2", "--config", "cleanup.policy=compact"),
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.end_of(self.member(), 1,
                    f"Topic '{topic}' supplied via the 'config.storage.topic' property is required "
                    "to have a single partition in order to guarantee consistency of connector "
                    "configurations, but found 2 partitions.")

    def junk(self):
        """Records that no version of Kafka wrote, or a later one might, by topic."""
        bad = [b"\xff\xfe junk", b"", b"[1,2]", b"17", b'{"properties":', b'{"properties":7}',
               b'{"state":"HOVERING"}', b'{"tasks":"many"}', b'{"key":"!","algorithm":7}']
        keys = {"config": [b"connector-ghost", b"task-ghost-0", b"task-ghost-x", b"commit-ghost",
                           b"target-state-ghost", b"session-key", b"restart-connector-ghost",
                           b"tasks-fencing-ghost", b"logger-cluster-ghost", b"connector-", b"task-"],
                "status": [b"status-connector-ghost", b"status-task-ghost-0", b"status-task-ghost-x",
                           b"status-topic-ghost", b"status-topic-a:connector-b", b"status-"],
                "offset": [b"junk", b'{"a":1}', b'["ghost"]', b'["ghost",17]', b"[[],{}]"]}
        return {kind: [(key, value) for key in [*own, b"a-later-version", b"\xff", b""]
                       for value in bad] for kind, own in keys.items()}

    def skipped(self, worker):
        page = Page(worker.rest.get("/metrics").body)
        return {dict(labels)["topic"]: value for (name, labels), value in page.samples.items()
                if name == SKIPPED}

    def test_junk_in_internal_topics(self):
        self.group = Cluster(self.broker, SETTINGS)
        junk = self.junk()
        for kind, records in junk.items():
            self.write(self.group.topic(kind), records, cleanup_policy="compact")
        workers = [self.member().join() for _ in range(2)]
        source = workers[0].folder / "in.txt"
        source.write_text("one\n")
        name, topic = unique("src"), unique("src")
        self.create(workers[1], file_source(name, source, topic))
        with Reader(workers) as reader:
            before = [self.skipped(worker) for worker in workers]
            for kind, records in junk.items():  # and while it runs
                self.write(self.group.topic(kind), records, cleanup_policy="compact")
            for worker, counts in zip(workers, before):
                self.wait(lambda: all(self.skipped(worker)[kind] == 2 * count
                                      for kind, count in counts.items()), 30,
                          f"twice of {counts} skipped; now {self.skipped(worker)}")
                for kind, count in counts.items():
                    self.assertGreater(count, 10, kind)
            with open(source, "a") as out:
                out.write("two\n")
            self.wait(lambda: self.position(workers[0], name) == 8, 30, "the offset")
        self.check_reads(reader)
        self.assertEqual([r.value for r in self.records(topic)], [b"one", b"two"])
        for worker in workers:
            self.await_tasks([worker], name, 1)
            self.assertEqual(worker.rest.get("/connectors").json(), [name])
            for text in ("Skipping the record at offset", "Ignoring an offset partition key"):
                lines = [line for line in worker.process.output().splitlines() if text in line]
                kinds = {line.split(" of the ")[-1].split(" topic")[0] for line in lines}
                self.assertEqual(len(lines), len(kinds), lines)  # once for each topic
            self.call(worker, "PUT", f"/connectors/{name}/pause")
            self.await_tasks(workers, name, 1, "PAUSED")
            self.call(worker, "PUT", f"/connectors/{name}/resume")
            self.await_tasks(workers, name, 1)

    def test_two_clusters_on_the_same_topics(self):
        (worker,) = self.cluster(workers=1)
        name, topic = unique("gen"), unique("gen")
        self.create(worker, datagen(name, topic, **{"records.per.second": "50"}))
        other = self.member({"group.id": unique("another-group")}).join()
        # As with Java's, both run everything.
        self.wait(lambda: self.owners(worker, name).get(0) == other.id or
                  "another cluster" in worker.process.output(), 30, "the other cluster's tasks")
        for each in (worker, other):
            self.await_log(each, "another cluster uses the same status.storage.topic")
            self.assertEqual(each.process.output().count("another cluster uses the same"), 1)
            self.assertEqual(each.rest.get("/connectors").json(), [name])

    # The group.

    def test_a_group_id_of_consumers(self):
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as consumer:
            name, topic = unique("dst"), unique("topic")
            self.write(topic, [(b"k", b"v")])
            out = consumer.folder / "out.txt"
            consumer.start(file_sink(name, out, topic))
            self.wait(lambda: out.exists() and out.read_text() == "v\n", 30, "its consumer")
            self.group = Cluster(self.broker, SETTINGS)
            self.end_of(self.member({"group.id": f"connect-{name}"}), 1,
                        "the group has members of another type or without a common protocol; give "
                        "this cluster a group.id of its own")
            self.assertEqual(consumer.state(name), ("RUNNING", ["RUNNING"]))

    def stranger(self, folder, **more):
        """A member of the group whose metadata is in no format of Connect's."""
        file = folder / f"{unique('stranger')}.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in {
            "bootstrap.servers": self.broker.bootstrap,
            "group.id": self.group.settings["group.id"], **more}.items()))
        tool = Path(os.environ["MILLRACE_BUILD"]) / "tests" / "group_tool"
        process = Process([str(tool), str(file)], folder / f"{file.name}.log")
        self.addCleanup(process.kill)
        return process

    def test_a_member_of_an_unknown_version(self):
        workers = self.cluster(workers=2)
        flow = self.file_flow(workers[0])
        flow.input.write_text("line 0\n")
        flow.await_all(workers[0], 1)
        with Reader(workers) as reader:
            process = self.stranger(workers[0].folder)
            self.wait(lambda: '"joined"' in process.output(), 30, "the stranger's round")
            leader = next(worker for worker in workers if
                          "is left out of the round" in worker.process.output())
            self.assertIn("what it offers cannot be used: ", leader.process.output())
            with open(flow.input, "a") as out:
                out.write("line 1\n")
            flow.await_all(workers[0], 2)
            name, topic = unique("gen"), unique("gen")
            self.create(workers[1], datagen(name, topic, **{"tasks.max": "4"}), 4)
            process.stop()
            self.await_tasks(workers, name, 4)
        self.check_reads(reader)
        flow.check(2, [range(2)])

    # REST of the leader.

    def test_the_leader_cannot_be_reached(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]  # taken, but nobody listens
            self.group = Cluster(self.broker, SETTINGS)
            leader = self.member({"rest.advertised.port": str(port)}).join()
            follower = self.member().join()
            with Reader([leader, follower]) as reader:
                config = datagen(unique("gen"), unique("gen"))
                refused = follower.rest.call("POST", "/connectors",
                                             {"name": config["name"], "config": config})
                self.assertEqual(refused.status, 500, refused.body)
                self.assertIn("IO Error trying to forward REST request", refused.json()["message"])
                self.assertIn(f"127.0.0.1:{port}", follower.process.output())
                listener.listen()  # half open: it takes the request and never answers
                answers = []
                call = threading.Thread(target=lambda: answers.append(follower.rest.call(
                    "POST", "/connectors", {"name": config["name"], "config": config})))
                call.start()
                half_open, _ = listener.accept()
                self.assertIn(b"POST /connectors", half_open.recv(10_000))
                # The leader itself takes requests; a connector on the follower cannot tell it of
                # its tasks yet.
                names = [unique("gen") for _ in range(2)]
                for name in names:
                    self.call(leader, "POST", "/connectors", {
                        "name": name, "config": {**config, "name": name}})
                    for worker in (leader, follower):
                        self.wait(lambda: self.status(worker, name)["connector"].get("state") ==
                                  "RUNNING", 30, "the connector")
                self.call(follower, "PUT", f"/connectors/{names[0]}/pause")
                for worker in (leader, follower):
                    self.wait(lambda: self.status(worker, names[0])["connector"]["state"] ==
                              "PAUSED", 30, "the pause")
                self.assertEqual(answers, [])
                half_open.close()
                call.join(30)
                self.assertEqual([answer.status for answer in answers], [500])
                self.call(leader, "PUT", f"/connectors/{names[0]}/resume")
                ends = relay(listener, leader.port)  # reachable at last
                self.addCleanup(lambda: [end.close() for end in ends])
                for name in names:
                    self.await_tasks([leader, follower], name, 1)
                self.create(follower, config)
            self.check_reads(reader)
            self.assertEqual(set(follower.rest.get("/connectors").json()),
                             {config["name"], *names})


class AclTest(ClusterTest):
    """A broker that asks who may do what."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(listeners={"SASL": "SASL_PLAINTEXT"}, scram_users={USER: WORD}, settings={
            **BROKER, **sasl_listener("SASL"), "super.users": "User:ANONYMOUS",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer"})
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def allow(self, *arguments):
        subprocess.run(java("org.apache.kafka.tools.AclCommand", "--bootstrap-server",
                            self.broker.bootstrap, "--add", "--allow-principal", f"User:{USER}",
                            *arguments), check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def test_missing_acls(self):
        config = jaas(PLAIN, username=USER, password=WORD)
        self.group = Cluster(self.broker, {
            **SETTINGS, "bootstrap.servers": self.broker.address("SASL")})
        for prefix in ("", "producer.", "consumer.", "admin."):
            self.group.settings.update({prefix + "security.protocol": "SASL_PLAINTEXT",
                                        prefix + "sasl.mechanism": "PLAIN",
                                        prefix + "sasl.jaas.config": config})
        ends = []

        def run(*texts):
            worker = self.member().launch()
            self.assertEqual(worker.process.wait(120), 1, worker.process.output()[-3000:])
            for text in texts:
                self.assertIn(text, worker.process.output())
            self.assertNotIn(WORD, worker.process.output())
            ends.append(worker)
        run(self.group.topic("config"), "uthoriz")
        group = self.group.settings["group.id"]
        self.allow("--operation", "All", "--topic", group, "--resource-pattern-type", "prefixed")
        run("the worker's principal needs READ on its group", group)
        self.allow("--operation", "Read", "--group", group)
        worker = self.member().join()
        # Its own topics and group are allowed, those of connectors are not.
        source = worker.folder / "in.txt"
        source.write_text("one\n")
        name = unique("src")
        self.call(worker, "POST", "/connectors", {"name": name, "config": file_source(
            name, source, unique("forbidden"))})
        self.wait(lambda: [t["state"] for t in self.status(worker, name)["tasks"]] == ["FAILED"],
                  60, "the task's failure")
        self.assertIn("uthoriz", self.status(worker, name)["tasks"][0]["trace"])
        allowed = unique("src")
        self.create(worker, file_source(allowed, source, f"{group}-data"))
        self.wait(lambda: self.position(worker, allowed) == 4, 30, "its offset")
        self.assertEqual(worker.stop(), 143)


if __name__ == "__main__":
    unittest.main()
