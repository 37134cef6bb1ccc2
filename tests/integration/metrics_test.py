"""GET /metrics beside what was sent, and beside the beans of Kafka's worker."""

import json
import math
import re
import unittest

from flow import FlowTest, bootstrap, unique
from kafka_broker import free_port
from metrics import jmx_attributes, jmx_options, scrape
from workers import JavaWorker, Millrace, file_sink, file_source

ROWS = 3000
BAD_EVERY = 100  # of these lines one is not JSON
BAD = ROWS // BAD_EVERY
DROPPED = 700
JMX = "kafka_connect_"
JSON = {"value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false"}


class Flow:
    """Two sources, one of which drops all it reads, and a sink that skips what is not JSON."""

    def __init__(self, test, worker, **sink):
        self.test = test
        self.sink = sink
        self.worker = worker
        self.topic = unique("metrics")
        (worker.folder / "in").write_text("".join(
            "not json\n" if i % BAD_EVERY == 0 else json.dumps({"n": i}) + "\n"
            for i in range(ROWS)))
        (worker.folder / "dropped").write_text("line\n" * DROPPED)

    def start(self):
        folder = self.worker.folder
        self.worker.start(
            file_source("src", folder / "in", self.topic),
            file_source("drop", folder / "dropped", self.topic, **{
                "transforms": "all", "predicates": "here",
                "transforms.all.type": "org.apache.kafka.connect.transforms.Filter",
                "transforms.all.predicate": "here",
                "predicates.here.type":
                    "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
                "predicates.here.pattern": ".*"}),
            file_sink("dst", folder / "out", self.topic, **JSON, **{
                "errors.tolerance": "all", "errors.log.enable": "true",
                "consumer.override.group.id": unique("group"), **self.sink}))
        out = folder / "out"
        self.test.wait(lambda: out.exists() and
                       len(out.read_text().splitlines()) == ROWS - BAD, 60, "the sink's lines")
        return self


class NativeCases:
    """On whatever log `make_worker()` has."""

    def value(self, name, **labels):
        return scrape(self.worker).get(JMX + name, **labels)

    def setUp(self):
        self.worker = self.make_worker({})
        self.addCleanup(self.worker.close)

    def task(self, name, connector):
        return self.value(name, connector=connector, task=0)

    def test_totals_are_what_was_sent(self):
        Flow(self, self.worker).start()
        self.wait(lambda: self.task("sink_task_metrics_sink_record_active_count", "dst") == 0 and
                  self.task("source_task_metrics_source_record_active_count", "src") == 0, 30,
                  "a commit of everything")
        self.wait(lambda: self.task(
            "source_task_metrics_source_record_poll_total", "drop") == DROPPED, 30, "the poll")
        expected = {
            ("source_task_metrics_source_record_poll_total", "src"): ROWS,
            ("source_task_metrics_source_record_write_total", "src"): ROWS,
            ("source_task_metrics_source_record_write_total", "drop"): 0,
            ("source_task_metrics_source_record_active_count", "drop"): 0,
            ("sink_task_metrics_sink_record_read_total", "dst"): ROWS,
            ("sink_task_metrics_sink_record_send_total", "dst"): ROWS - BAD,
            ("sink_task_metrics_partition_count", "dst"): 1,
            ("task_error_metrics_total_records_skipped", "dst"): BAD,
            ("task_error_metrics_total_errors_logged", "dst"): BAD,
            ("task_error_metrics_total_record_errors", "src"): 0,
            ("task_error_metrics_last_error_timestamp", "src"): 0,
            ("connector_task_metrics_offset_commit_failure_percentage", "dst"): 0,
            ("connector_task_metrics_offset_commit_success_percentage", "dst"): 1,
        }
        page = scrape(self.worker)
        for (name, connector), value in expected.items():
            with self.subTest(name=name, connector=connector):
                self.assertEqual(page.get(JMX + name, connector=connector, task=0), value)
        self.assertGreater(self.task("task_error_metrics_last_error_timestamp", "dst"), 1.7e12)
        self.assertGreater(self.task("source_task_metrics_source_record_poll_rate", "src"), 0)
        self.assertEqual(self.value("connect_worker_metrics_task_startup_success_total"), 3)
        self.assertEqual(self.value("connect_worker_metrics_task_startup_success_percentage"), 1)
        self.check_own_metrics(page)

    def check_own_metrics(self, page):
        self.assertEqual(page.get("millrace_sink_task_lag_records", connector="dst", task=0), 0)
        self.assertEqual(page.get("millrace_sink_task_lag_records_max", connector="dst", task=0), 0)
        latency = "millrace_sink_task_record_latency_seconds"
        self.assertEqual(page.get(latency + "_count", connector="dst", task=0), ROWS - BAD)
        buckets = page.find(latency + "_bucket", connector="dst")
        counts = [page.get(latency + "_bucket", **labels) for labels in buckets]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(page.get(latency + "_bucket", connector="dst", task=0, le="+Inf"),
                         ROWS - BAD)
        for connector in ("src", "dst"):
            for name in ("seconds_since_progress", "newest_record_age_seconds"):
                age = page.get("millrace_task_" + name, connector=connector, task=0)
                self.assertTrue(0 <= age < 120, f"{name} of {connector}: {age}")
            self.assertEqual(page.get("millrace_task_bytes_in_flight", connector=connector,
                                      task=0), 0)
            self.assertEqual(page.get("millrace_task_state", connector=connector, task=0,
                                      state="running"), 1)
        for name in ("batches", "records"):
            self.assertEqual(page.get(f"millrace_source_task_{name}_in_flight", connector="src",
                                      task=0), 0)
        self.assertGreater(page.get("process_resident_memory_bytes"), 1e6)
        self.assertGreater(page.get("process_cpu_seconds_total"), 0)
        self.assertGreater(page.get("process_open_fds"), 3)
        self.assertGreater(page.get("process_start_time_seconds"), 1.7e9)

    def test_series_follow_the_life_of_tasks(self):
        Flow(self, self.worker).start()
        rest = self.worker.rest
        total = "sink_task_metrics_sink_record_read_total"
        self.assertEqual(self.task(total, "dst"), ROWS)
        rest.call("POST", "/connectors/dst/tasks/0/restart")
        self.wait(lambda: self.task(total, "dst") == 0, 30, "the metrics of the new task")
        self.wait(lambda: self.value("connect_worker_metrics_task_startup_attempts_total") == 4, 30,
                  "the start")
        rest.call("PUT", "/connectors/src/pause")
        self.wait(lambda: (self.task("connector_task_metrics_pause_ratio", "src") or 0) > 0, 30,
                  "time in pause")
        self.assertEqual(self.value("connect_worker_metrics_connector_paused_task_count",
                                    connector="src"), 1)
        self.assertEqual(self.value("connect_worker_metrics_connector_running_task_count",
                                    connector="src"), 0)
        rest.call("DELETE", "/connectors/dst")
        page = scrape(self.worker)
        self.assertEqual([key for key in page.samples if ("connector", "dst") in key[1]], [])
        self.assertEqual(page.get(JMX + "connect_worker_metrics_connector_count"), 2)
        self.assertEqual(page.get(JMX + "connect_worker_metrics_task_count"), 2)

    def test_failed_tasks_are_counted(self):
        broken = file_sink("bad", self.worker.folder / "missing" / "out", unique("none"))
        self.worker.start(broken)
        self.wait(lambda: self.worker.state("bad") == ("RUNNING", ["FAILED"]), 30, "the failure")
        self.assertEqual(self.value("connect_worker_metrics_task_startup_failure_total"), 1)
        self.assertEqual(self.value("connect_worker_metrics_task_startup_failure_percentage"), 1)
        self.assertEqual(self.value("connect_worker_metrics_connector_failed_task_count",
                                    connector="bad"), 1)
        self.assertEqual(self.task("connector_task_metrics_running_ratio", "bad"), 0)
        self.assertTrue(math.isnan(self.task("connector_task_metrics_batch_size_max", "bad")))


class EmbeddedMetricsTest(NativeCases, FlowTest):
    def make_worker(self, settings):
        return Millrace.embedded(settings)

    def test_the_answer_is_prometheus_text(self):
        self.worker.start()
        reply = self.worker.rest.get("/metrics")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(set(scrape(self.worker).types.values()),
                         {"untyped", "gauge", "counter"})

    def test_names_of_connectors_are_escaped(self):
        name = 'a "b" \\ c'
        self.worker.start()
        config = file_source(name, self.worker.folder / "none", unique("t"))
        self.worker.rest.call("POST", "/connectors", {"name": name, "config": config})
        self.wait(lambda: scrape(self.worker).find("millrace_task_state", connector=name,
                                                   state="running"), 30, "the task")

    def test_the_hash_of_a_configuration_shows_changes_but_no_secrets(self):
        self.worker.start()
        hashes = []
        for password, size in (("one", "10"), ("two", "10"), ("two", "20")):
            config = {**file_source("src", self.worker.folder / "none", unique("t")),
                      "topic": "t", "batch.size": size,
                      "producer.override.ssl.key.password": password}
            self.worker.rest.call("PUT", "/connectors/src/config", config)
            self.worker.wait_running("src")
            found = self.wait(lambda: scrape(self.worker).find("millrace_task_config_info",
                                                               connector="src"), 30, "the task")
            hashes.append(found[0]["hash"])
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[1], hashes[2])
        self.assertRegex(hashes[0], "^[0-9a-f]{16}$")

    def test_the_window_is_that_of_the_configuration(self):
        self.worker.settings.update({"metrics.sample.window.ms": "200", "metrics.num.samples": "2"})
        Flow(self, self.worker).start()
        size = "connector_task_metrics_batch_size_max"
        written = "source_task_metrics_source_record_write_total"
        self.wait(lambda: self.task(written, "src") == ROWS, 30, "the acknowledgements")
        self.wait(lambda: math.isnan(self.task(size, "src")), 30, "an empty window")
        self.wait(lambda: self.task("source_task_metrics_source_record_write_rate", "src") == 0, 30,
                  "a rate of nothing")
        self.assertEqual(self.task(written, "src"), ROWS)

    def test_lag_grows_while_the_sink_rests(self):
        self.worker.settings["offset.flush.interval.ms"] = "100"
        Flow(self, self.worker).start()
        self.worker.rest.call("PUT", "/connectors/dst/pause")
        self.wait(lambda: self.worker.state("dst") == ("PAUSED", ["PAUSED"]), 30, "the pause")
        with open(self.worker.folder / "in", "a") as file:
            file.write('{"n":0}\n' * 800)

        def lag():
            page = scrape(self.worker)
            return [page.get("millrace_sink_task_lag_records" + end, connector="dst", task=0)
                    for end in ("", "_max")]
        self.wait(lambda: lag() == [800, 800], 30, "a lag of 800")
        self.worker.rest.call("PUT", "/connectors/dst/resume")
        self.wait(lambda: lag() == [0, 0], 30, "no lag")
        self.assertGreater(self.task("connector_task_metrics_pause_ratio", "dst"), 0)

    def test_strimzi_names(self):
        self.worker.settings["millrace.metrics.names"] = "strimzi"
        Flow(self, self.worker).start()
        page = scrape(self.worker)
        self.assertEqual(page.get("kafka_connect_worker_connector_count"), 3)
        self.assertEqual(page.get("kafka_connect_worker_connector_total_task_count",
                                  connector="src"), 1)
        self.assertEqual(page.get("kafka_connect_sink_task_sink_record_read_total",
                                  connector="dst", task=0), ROWS)
        self.assertEqual(page.get("kafka_connect_connector_status", connector="src", task=0,
                                  status="running"), 1)
        self.assertEqual([name for name, _ in page.samples if re.search(
            r"^kafka_.*(_rate|_max)$|^kafka_connect_connector_task_.*percentage$|^kafka_.*metrics",
            name)], [])

    def test_an_unknown_naming_is_refused(self):
        self.worker.settings["millrace.metrics.names"] = "other"
        self.worker.launch()
        self.assertEqual(self.worker.process.wait(), 2)
        self.assertIn("millrace.metrics.names", self.worker.process.output())


class KafkaMetricsTest(NativeCases, FlowTest):
    def make_worker(self, settings):
        return Millrace({"bootstrap.servers": bootstrap(), **settings})


class JavaMetricsTest(FlowTest):
    """Every numeric attribute of Kafka's worker is here under its mechanical name, and no other."""

    GROUPS = {"connect-worker-metrics", "connector-task-metrics", "source-task-metrics",
              "sink-task-metrics", "task-error-metrics", "app-info"}
    # Kafka 4.1.1 counts tasks that fail to be made, but none that start or fail in start().
    NOT_COUNTED = {"task-startup-attempts-total", "task-startup-success-total",
                   "task-startup-success-percentage"}
    EQUAL = re.compile(r"record.*-total$|^total-|-task-count$|^(connector|task|partition)-count$|"
                       r"-startup-|^source-record-active-count$|deadletterqueue|"
                       r"offset-commit-(success|failure)-percentage")

    def collect(self, kind, env, read):
        with kind({"bootstrap.servers": bootstrap()}, env=env) as worker:
            Flow(self, worker, **{
                "errors.deadletterqueue.topic.name": unique("letters"),
                "errors.deadletterqueue.topic.replication.factor": "1"}).start()
            self.wait(lambda: worker.offsets("dst") and worker.offsets("src"), 30, "a commit")
            return self.wait(lambda: self.settled(read(worker)), 30, "numbers at rest")

    def settled(self, values):
        """The values once everything sent is counted and committed by every task."""
        number = {(attribute, dict(labels).get("connector")): value
                  for (_, labels, attribute), value in values.items()}
        done = (number.get(("source-record-poll-total", "drop")) == DROPPED and
                number.get(("source-record-active-count", "src")) == 0 and
                number.get(("sink-record-active-count", "dst")) == 0 and
                all(number.get(("offset-commit-success-percentage", c)) == 1
                    for c in ("src", "drop", "dst")))
        return values if done else None

    def java_values(self, port):
        found = {}
        for (group, labels, attribute), value in jmx_attributes(port).items():
            if group in self.GROUPS and isinstance(value, float):
                found[(group, labels, attribute)] = value
        return found

    def native_values(self, worker, known):
        """Ours by Kafka's names: `known` says what a metric's name may stand for."""
        found = {}
        for (name, labels), value in scrape(worker).samples.items():
            if name.startswith(JMX):
                group, attribute = known.get(name, ("?", name))
                found[(group, labels, attribute)] = value
        return found

    def test_attributes_and_totals_are_those_of_kafka(self):
        port = free_port()
        java = self.collect(JavaWorker, {"JAVA_TOOL_OPTIONS": jmx_options(port)},
                            lambda _: self.java_values(port))
        known = {JMX + re.sub("[-.]", "_", f"{group}_{attribute}").lower(): (group, attribute)
                 for group, _, attribute in java}
        ours = self.collect(Millrace, {}, lambda worker: self.native_values(worker, known))

        def without_id(values):  # it has the port in it
            return {(group, frozenset((k, v if k != "id" else "") for k, v in labels), attribute)
                    for group, labels, attribute in values}
        self.assertEqual({group for group, _, _ in java}, self.GROUPS)
        self.assertEqual(without_id(ours), without_id(java))
        compared = 0
        for key, value in java.items():
            if self.EQUAL.search(key[2]) and key[2] not in self.NOT_COUNTED:
                compared += 1
                with self.subTest(key=key):
                    self.assertEqual(ours[key], value)
        self.assertGreater(compared, 60)
        self.assertEqual([value for (_, _, attribute), value in ours.items()
                          if attribute == "deadletterqueue-produce-requests" and value], [BAD])


if __name__ == "__main__":
    unittest.main()
