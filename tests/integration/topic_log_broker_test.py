"""Internal topics on a real broker: as Kafka's own worker makes, writes and reads them."""

import json
import os
import random
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from flow import FlowTest, bootstrap, unique
from kafka_broker import Broker, class_path, free_port, java
from workers import REPO, JavaWorker, file_source

TOOL = Path(os.environ["MILLRACE_BUILD"]) / "tests" / "topic_log_tool"
LOG_TOOL = TOOL.with_name("log_tool")
ORACLE = REPO / "tests" / "oracle" / "OffsetTopic.java"


def kafka_tool(main, *arguments):
    done = subprocess.run(java(main, *arguments), capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-1000:] + done.stderr[-3000:])


def oracle(*arguments, stdin=""):
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                           "-cp", class_path(), str(ORACLE), *arguments],
                          input=stdin, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.splitlines()


class Log:
    """One internal topic, as the native worker uses it."""

    def __init__(self, kind, topic, servers=None, **settings):
        names = {f"{each}.storage.topic": f"{topic}-{each}" for each in ("config", "offset", "status")}
        names[f"{kind}.storage.topic"] = topic
        all_settings = {"bootstrap.servers": servers or bootstrap(), "group.id": unique("group"), "log": kind,
                        f"{kind}.storage.replication.factor": "1", "reconnect.backoff.max.ms": "500",
                        **names, **{key.replace("__", "."): value for key, value in settings.items()}}
        self.errors = open(os.devnull, "w")
        self.child = subprocess.Popen([str(TOOL), *(f"{k}={v}" for k, v in all_settings.items())],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                      text=True, encoding="utf-8")

    def line(self):
        return self.child.stdout.readline().rstrip("\n").split("\t")

    def tell(self, *fields):
        self.child.stdin.write("\t".join(str(field) for field in fields) + "\n")
        self.child.stdin.flush()

    def ask(self, *fields):
        self.tell(*fields)
        return self.line()

    def done(self, *fields):
        """The answer's fields; an error fails the test."""
        answer = self.ask(*fields)
        if answer[0] != "ok":
            raise AssertionError(f"{fields}: {answer}")
        return answer[1:]

    def dump(self):
        count = int(self.done("dump")[0])
        rows = [self.line() for _ in range(count)]
        return [(int(row[0]), int(row[1]), row[2], row[3]) for row in rows]

    def rewrite(self, entries):
        self.tell("rewrite")
        for key, value in entries.items():
            self.tell(key, value)
        self.tell(".")
        return int(self.line()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        try:
            self.child.wait(30)
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()
            self.errors.close()


class JavaDistributed(JavaWorker):
    def __init__(self, settings):
        super().__init__(settings)
        # It would become a setting of the offset topic.
        del self.settings["offset.storage.file.filename"]

    def command(self, arguments):
        command = super().command(arguments)
        return [part.replace("ConnectStandalone", "ConnectDistributed") for part in command]


def latest(rows):
    return {key: value for _, _, key, value in rows}


class TopicLogTest(FlowTest):
    def test_a_topic_whose_first_records_are_gone(self):
        topic = unique("log")
        with Log("config", topic) as log:
            log.done("start")
            for i in range(10):
                log.done("append", f"k{i}", str(i))
        servers = ("--bootstrap-server", bootstrap())
        config = ("kafka.admin.ConfigCommand", *servers, "--alter", "--entity-type", "topics",
                  "--entity-name", topic, "--add-config")
        with tempfile.NamedTemporaryFile("w") as offsets:
            json.dump({"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 6}]}, offsets)
            offsets.flush()
            kafka_tool(*config, "cleanup.policy=[compact,delete]")
            kafka_tool("org.apache.kafka.tools.DeleteRecordsCommand", *servers,
                       "--offset-json-file", offsets.name)
            kafka_tool(*config, "cleanup.policy=compact")
        with Log("config", topic) as log:
            log.done("start")
            self.assertEqual(log.dump(), [(0, i, f"k{i}", str(i)) for i in range(6, 10)])

    def test_topics_are_those_a_java_worker_makes(self):
        base = unique("java")
        more = {"offset.storage.segment.bytes": "1048576", "offset.storage.partitions": "7",
                "config.storage.min.insync.replicas": "1", "status.storage.max.message.bytes": "500000"}
        settings = {"bootstrap.servers": bootstrap(), "group.id": base, **more}
        for kind in ("config", "offset", "status"):
            settings[f"{kind}.storage.topic"] = f"{base}-{kind}"
            settings[f"{kind}.storage.replication.factor"] = "1"
        with JavaDistributed(settings) as worker:
            source = worker.folder / "in.txt"
            source.write_text("a\nb\n")
            worker.start()
            self.wait(lambda: worker.rest.call("PUT", "/connectors/src/config",
                                              file_source("src", source, unique("out"))).status in (200, 201),
                      60, "the connector to be taken")
            worker.wait_running("src", timeout=60)
            offsets = [{"partition": {"filename": str(source)}, "offset": {"position": 4}}]
            self.wait(lambda: worker.offsets("src") == offsets, 60, "the offset to be committed")
            worker.stop()
        for kind in ("config", "offset", "status"):
            with self.subTest(kind=kind), Log(kind, f"{base}-native-{kind}", **more) as log:
                log.done("start")
                native = log.done("describe", f"{base}-native-{kind}")
                java = log.done("describe", f"{base}-{kind}")
                self.assertIn("cleanup.policy=compact", java)
                self.assertEqual(native, java)
        # What it wrote is read, and written in the same bytes to the same partitions.
        with Log("offset", f"{base}-offset") as java, Log("offset", f"{base}-again", **more) as native:
            java.done("start")
            native.done("start")
            rows = java.dump()
            self.assertEqual(latest(rows), {f'["src",{{"filename":"{source}"}}]': '{"position":4}'})
            self.assertEqual(native.rewrite(latest(rows)), 0)
            native.done("end")
            places = {(partition, key) for partition, _, key, _ in rows}
            self.assertEqual({(partition, key) for partition, _, key, _ in native.dump()}, places)
        with Log("config", f"{base}-config") as configs, Log("status", f"{base}-status") as statuses:
            configs.done("start")
            statuses.done("start")
            self.assertIn("connector-src", latest(configs.dump()))
            self.assertIn("status-task-src-0", latest(statuses.dump()))

    def test_offsets_have_the_bytes_and_partitions_of_kafkas_store(self):
        seed, count = random.randrange(1 << 30), 3000
        print(f"seed {seed}", flush=True)
        theirs, ours = unique("theirs"), unique("ours")
        oracle("write", bootstrap(), theirs, str(seed), str(count))
        with Log("offset", theirs) as java, Log("offset", ours) as native:
            java.done("start")
            native.done("start")
            rows = java.dump()
            self.assertGreater(len(latest(rows)), count // 2)
            self.assertIn("-", latest(rows).values())
            self.assertEqual(native.rewrite(latest(rows)), 0)
            native.done("end")
            written = native.dump()
            self.assertEqual(latest(written), latest(rows))
            self.assertEqual({(partition, key) for partition, _, key, _ in written},
                             {(partition, key) for partition, _, key, _ in rows})
            self.assertEqual(len({partition for partition, *_ in written}), 25)
        keys = list(latest(written))
        values = oracle("read", bootstrap(), ours, stdin="".join(key.encode().hex() + "\n" for key in keys))
        self.assertEqual([value if value == "-" else bytes.fromhex(value).decode() for value in values],
                         [latest(written)[key] for key in keys])

    def test_what_must_not_be_used_is_refused(self):
        topic = unique("policy")
        subprocess.run([LOG_TOOL, "write", topic, f"bootstrap.servers={bootstrap()}"], check=True,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with Log("status", topic) as log:
            kind, text = log.ask("start")
            self.assertEqual(kind, "error")
            self.assertIn(f"ConfigException: Topic '{topic}' supplied via the 'status.storage.topic' property is "
                          "required to have 'cleanup.policy=compact'", text)
            self.assertIn("but found the topic currently has 'cleanup.policy=delete'", text)
            self.assertEqual(log.ask("append", "k", "v"), [kind, text])
        topic = unique("partitions")
        with Log("status", topic) as several:
            several.done("start")
        with Log("config", topic) as log:
            self.assertEqual(log.ask("start"), ["error", "org.apache.kafka.common.config.ConfigException: Topic "
                             f"'{topic}' supplied via the 'config.storage.topic' property is required to have a "
                             "single partition in order to guarantee consistency of connector configurations, but "
                             "found 5 partitions."])
        with Log("offset", unique("factor"), offset__storage__replication__factor="3",
                 default__api__timeout__ms="1000") as log:
            kind, text = log.ask("start")
            self.assertEqual(kind, "error")
            self.assertIn("(offset.storage.topic)", text)
            self.assertIn("INVALID_REPLICATION_FACTOR", text)

    def test_an_unreachable_broker_is_named(self):
        with Log("config", "c", servers=f"127.0.0.1:{free_port()}", default__api__timeout__ms="1500") as log:
            kind, text = log.ask("start")
            self.assertEqual(kind, "error")
            self.assertIn("topic c (config.storage.topic): check bootstrap.servers", text)
            self.assertIn("Connection refused", text)

    def test_many_records(self):
        topic, count = unique("many"), 100_000
        with Log("offset", topic) as log:
            log.done("start")
            started = time.monotonic()
            log.done("send", count, "key")
            self.assertEqual(log.done("acks"), ["0"])
            written = time.monotonic() - started
            log.done("end")
            alone = []
            for i in range(20):
                log.done("append", "one", i)
                alone.append(int(log.done("end")[0]))
        with Log("offset", topic) as log:
            started = time.monotonic()
            log.done("start")
            read = time.monotonic() - started
            rows = log.dump()
            self.assertEqual(len(rows), count + 20)
            self.assertEqual(latest(rows)["key99999"], "99999")
            self.assertEqual(latest(rows)["one"], "19")
        print(f"{count} records: written in {written:.2f} s, read at a start in {read:.2f} s; "
              f"a read to the end takes {sorted(alone)[10]} ms", flush=True)

    def test_transactions_do_not_hold_up_readers(self):
        topic = unique("transactions")
        with Log("config", topic) as log, Log("config", topic, exactly__once__source__support="enabled") as strict:
            log.done("start")
            strict.done("start")
            oracle("transactions", bootstrap(), topic)
            log.done("end")
            strict.done("end")
            self.assertEqual(list(latest(log.dump())), ["committed", "aborted"])
            self.assertEqual(list(latest(strict.dump())), ["committed"])
            strict.done("append", "after", "1")
            strict.done("end")
            self.assertEqual(list(latest(strict.dump())), ["committed", "after"])
        # Nothing but marks of transactions follows the last record a start reads.
        oracle("transactions", bootstrap(), topic)
        with Log("config", topic, exactly__once__source__support="enabled") as strict:
            strict.done("start")
            self.assertEqual(list(latest(strict.dump())), ["committed", "after"])

    def test_a_deleted_topic_is_named(self):
        topic = unique("deleted")
        with Log("status", topic) as log:
            log.done("start")
            log.done("append", "k", "v")
            oracle("delete", bootstrap(), topic)
            kind, text = log.ask("end")
            self.assertEqual(kind, "error")
            self.assertIn(f"topic {topic} (status.storage.topic) does not exist any more", text)

    def test_topics_that_share_clients_do_not_share_their_troubles(self):
        base = unique("shared")
        with Log("config", base, status__storage__replication__factor="1",
                 offset__storage__replication__factor="1") as log:
            for kind in ("config", "status", "offset"):  # one after another: each is added to those that are read
                log.done("use", kind)
                log.done("start")
                log.done("send", 100, kind)
                self.assertEqual(log.done("acks"), ["0"])
                log.done("end")
                self.assertEqual(latest(log.dump()), {f"{kind}{i}": str(i) for i in range(100)})
            oracle("delete", bootstrap(), f"{base}-status")
            log.done("use", "status")
            log.done("send", 2000, "gone")
            kind, text = log.ask("end")
            self.assertEqual(kind, "error")
            self.assertIn("(status.storage.topic) does not exist any more", text)
            for kind in ("config", "offset"):
                log.done("use", kind)
                log.done("append", "after", kind)
                log.done("end")
                self.assertEqual(latest(log.dump())["after"], kind)


class BrokerRestartTest(FlowTest):
    def test_nothing_is_lost_while_the_broker_is_away(self):
        with Broker() as broker, Log("offset", "offsets", servers=broker.bootstrap) as log:
            log.done("start")
            expected = {}
            for round_ in range(2):
                log.done("append", f"before{round_}", "1")
                broker.kill() if round_ else broker.stop()
                log.done("send", 1000, f"away{round_}-")
                log.tell("end")  # waits for the broker as well
                broker.start()
                answer = log.line()
                self.assertEqual(answer[0], "ok", answer)
                self.assertEqual(log.done("acks"), ["0"])
                log.done("append", f"after{round_}", "1")
                log.done("end")
                expected.update({f"before{round_}": "1", f"after{round_}": "1"})
                expected.update({f"away{round_}-{i}": str(i) for i in range(1000)})
                self.assertEqual(latest(log.dump()), expected)
            with Log("offset", "offsets", servers=broker.bootstrap) as again:
                again.done("start")
                self.assertEqual(latest(again.dump()), expected)

    def test_what_was_abandoned_is_never_written(self):
        with Broker() as broker, Log("offset", "offsets", servers=broker.bootstrap) as log:
            log.done("start")
            log.done("append", "before", "1")
            for away in (broker.stop, broker.kill):
                away()
                log.done("send", 3000, "lost")
                log.done("abandon")
                self.assertEqual(log.done("acks"), ["3000"])
                log.done("send", 10, "later")  # by a producer that never saw the broker
                broker.start()
                self.assertEqual(log.done("acks"), ["0"])
            log.done("end")
            self.assertEqual(latest(log.dump()),
                             {"before": "1", **{f"later{i}": str(i) for i in range(10)}})

    def test_abandoned_offsets_take_no_configuration_with_them(self):
        with Broker() as broker, Log("offset", "offsets", servers=broker.bootstrap,
                                     config__storage__replication__factor="1") as log:
            for kind in ("config", "offset"):
                log.done("use", kind)
                log.done("start")
                log.done("append", "before", "1")
            broker.stop()
            log.done("send", 3000, "lost")
            log.done("use", "config")
            log.done("send", 1000, "kept")
            log.done("use", "offset")
            log.done("abandon")
            broker.start()
            self.assertEqual(log.done("acks"), ["3000"])
            log.done("end")
            self.assertEqual(latest(log.dump()), {"before": "1"})
            log.done("use", "config")
            log.done("end")
            self.assertEqual([row[2] for row in log.dump()], ["before", *(f"kept{i}" for i in range(1000))])


if __name__ == "__main__":
    unittest.main()
