"""Benchmarks of the lakehouse sink beside Apache's Iceberg sink on the Java worker.

Both run the same configuration, under the name of Apache's class, on the same topic and REST catalog,
each with a table of its own. What is in a table is what the catalog says of its current snapshot: its
summary counts the rows. At the end they must be all rows of the topic, no more.
"""

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path

from catalog_server import CatalogServer
from kafka_broker import java
from lakehouse_rows import TimedProducer, write_rows
from memory_limit import MemoryLimit
from process import BusyTime, wait_until
from rest import Rest
from workers import REPO, JavaWorker, Millrace

SETUP = REPO / "scripts" / "setup"
SINK = "org.apache.iceberg.connect.IcebergSinkConnector"
JSON = "org.apache.kafka.connect.json.JsonConverter"
NAMESPACE = "lake"
TIMEOUT = 900
STATE_EVERY_S = 2.0  # a failed task ends a measure

APPEND_COMMIT_MS = 10_000
APPEND_POLL_S = 0.2

START_PART = 4  # the fourth part of the rows
# Short for both: the measure is the work, not the timer. Java is hardly faster with 10 s.
START_COMMIT_MS = 1_000
START_POLL_S = 0.05

FRESH_COMMIT_MS = 1_000
FRESH_RATE = 1_000  # rows a second
FRESH_POLL_S = 0.02
FRESH_WARM_UP_S = 10  # not measured: the table is made, the Java worker compiles

FANOUT_PARTITIONS = 2_000
FANOUT_COMMIT_MS = 20_000
FANOUT_LIMIT = 256 << 20
FANOUT_JAVA_PART = 4  # of ours: for all of them it takes ten minutes and more

COMMITS = 200
COMMITS_BEFORE = 100


class ApacheWorker(JavaWorker):
    """Kafka's worker with Apache's sink, its heap as the virtual machine chooses."""

    heap = []


class LimitedMillrace(Millrace):
    limit = None

    def command(self, arguments):
        return self.limit.wrap(super().command(arguments))


class LakehouseBench:
    """`bench` fills topics and reports; `rows` are those of iceberg_append, `seconds` of iceberg_fresh."""

    names = ["iceberg_append", "iceberg_start", "iceberg_fresh", "iceberg_fanout", "iceberg_commit"]

    def __init__(self, bench, broker, rows, seconds):
        self.bench = bench
        self.broker = broker
        self.rows = rows
        self.seconds = seconds
        self.topics = {}

    def run(self, names):
        chosen = [name for name in self.names if name in names]
        if not chosen:
            return
        subprocess.run([SETUP, "--iceberg-sink"], check=True)
        self.sink_jars = Path(self.setup("--print-iceberg-sink-jars"))
        with tempfile.TemporaryDirectory(prefix="millrace-lake-") as folder:
            self.folder = Path(folder)
            server = CatalogServer(self.setup("--print-iceberg-jars"), folder)
            self.catalog = Rest(server.uri)
            try:
                for name in chosen:
                    getattr(self, name)()
            finally:
                server.stop()

    @staticmethod
    def setup(what):
        return subprocess.run([SETUP, what], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def worker(self, kind):
        settings = {"bootstrap.servers": self.broker.bootstrap}
        if kind is ApacheWorker:
            settings["plugin.path"] = str(self.sink_jars.parent)
        return kind(settings)

    def topic(self, rows):
        """One partition with so many rows; made once."""
        if rows not in self.topics:
            path = self.folder / "rows.json"
            write_rows(path, rows)
            self.topics[rows] = self.bench.fill(self.broker, path)
            path.unlink()
        return self.topics[rows]

    def make_topic(self, name):
        subprocess.run(java("org.apache.kafka.tools.TopicCommand", "--create", "--topic", name,
                            "--bootstrap-server", self.broker.bootstrap, "--partitions", "1"),
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return name

    def sink(self, topic, commit_ms, **more):
        """A connector with a table and a control topic of its own, all of one name."""
        name = self.bench.next_name("iceberg")
        return {"name": name, "connector.class": SINK, "tasks.max": "1", "topics": topic,
                "value.converter": JSON, "value.converter.schemas.enable": "false",
                "iceberg.tables": f"{NAMESPACE}.{name}",
                "iceberg.tables.auto-create-enabled": "true",
                "iceberg.tables.evolve-schema-enabled": "true",  # ours makes no columns without
                "iceberg.tables.auto-create-props.write.parquet.compression-codec": "zstd",
                "iceberg.control.commit.interval-ms": str(commit_ms),
                "iceberg.control.topic": self.make_topic(f"control-{name}"),
                "iceberg.kafka.bootstrap.servers": self.broker.bootstrap,
                "iceberg.catalog": "lake", "iceberg.catalog.type": "rest",
                "iceberg.catalog.uri": self.catalog.base, **more}

    def summary(self, name):
        """Of the table's current snapshot; empty when there is none."""
        reply = self.catalog.get(f"/v1/namespaces/{NAMESPACE}/tables/{name}?snapshots=refs")
        if reply.status == 404:
            return {}
        if reply.status != 200:
            raise RuntimeError(f"loading {name}: {reply.status} {reply.body[:500]}")
        metadata = reply.json()["metadata"]
        return next((snapshot["summary"] for snapshot in metadata.get("snapshots", [])
                     if snapshot["snapshot-id"] == metadata.get("current-snapshot-id")), {})

    def rows_in(self, name):
        return int(self.summary(name).get("total-records", 0))

    def wait_rows(self, worker, name, rows, interval, seen=lambda count: None):
        """Until the table has the rows; `seen` gets each count. Raises when the worker cannot go on."""
        look = 0.0

        def done():
            nonlocal look
            if time.monotonic() > look:
                self.check(worker, name)
                look = time.monotonic() + STATE_EVERY_S
            count = self.rows_in(name)
            seen(count)
            return count >= rows
        wait_until(done, TIMEOUT, f"{rows} rows in the table of {name}", interval)

    @staticmethod
    def check(worker, name):
        if not worker.process.alive():
            raise RuntimeError(f"the worker ended with {worker.process.wait()}:\n"
                               + worker.process.output()[-4000:])
        with contextlib.suppress(OSError):  # it may be starting
            connector, tasks = worker.state(name)
            if "FAILED" in [connector, *tasks]:
                raise RuntimeError(worker.rest.get(f"/connectors/{name}/status").body)

    def finish(self, worker, name, rows):
        """Stops the worker; the table has exactly the rows. Its last summary."""
        worker.stop()
        summary = self.summary(name)
        if int(summary["total-records"]) != rows:
            raise RuntimeError(f"{type(worker).__name__}: {summary['total-records']} rows in the "
                               f"table of {name}, not {rows}")
        return summary

    @staticmethod
    def create(worker, connector):
        name = connector["name"]
        reply = worker.rest.call("POST", "/connectors", {"name": name, "config": connector})
        if reply.status != 201:
            raise RuntimeError(f"creating {name}: {reply.status} {reply.body}")

    def each_kind(self, measure, kinds=(Millrace, ApacheWorker)):
        """What measure(worker) says of ours and of Java's."""
        found = []
        for kind in kinds:
            with self.worker(kind) as worker:
                found.append(measure(worker))
        return found

    def iceberg_append(self):
        """A topic into a table by a worker that is up, until the last row is readable."""
        topic = self.topic(self.rows)

        def measure(worker):
            connector = self.sink(topic, APPEND_COMMIT_MS)
            worker.start()
            cpu, begun = worker.process.cpu_seconds(), time.monotonic()
            with BusyTime(worker.process) as busy:
                self.create(worker, connector)
                self.wait_rows(worker, connector["name"], self.rows, APPEND_POLL_S)
            cpu, wall = worker.process.cpu_seconds() - cpu, time.monotonic() - begun
            peak = worker.process.memory_bytes("VmHWM") / 2**20
            summary = self.finish(worker, connector["name"], self.rows)
            return {"cpu": cpu * 1e6 / self.rows, "peak": peak, "wall": f"{wall:.1f}s",
                    "busy_rate": f"{self.rows / busy.seconds / 1e3:.0f}k/s",
                    "files": summary["total-data-files"],
                    "megabytes": f"{int(summary['total-files-size']) / 1e6:.0f}"}
        ours, java_one = self.each_kind(measure)
        self.bench.report("iceberg_append", ours["cpu"], java_one["cpu"], "cpu_us/row",
                          rows=self.rows, commit_ms=APPEND_COMMIT_MS, **{
                              prefix + key: found[key]
                              for key in ("busy_rate", "wall", "files", "megabytes")
                              for prefix, found in (("", ours), ("java_", java_one))})
        self.bench.report("iceberg_append_memory", ours["peak"], java_one["peak"], "MiB_peak")

    def iceberg_start(self):
        """From exec of a worker with the connector on its command line to the last row readable."""
        rows = max(1, self.rows // START_PART)
        topic = self.topic(rows)

        def measure(worker):
            connector = self.sink(topic, START_COMMIT_MS)
            worker.launch(connector)
            self.wait_rows(worker, connector["name"], rows, START_POLL_S)
            took = time.monotonic() - worker.process.started
            self.finish(worker, connector["name"], rows)
            return took
        ours, java_one = self.each_kind(measure)
        self.bench.report("iceberg_start", ours, java_one, "s", rows=rows,
                          commit_ms=START_COMMIT_MS, rate=f"{rows / ours / 1e3:.0f}k/s",
                          java_rate=f"{rows / java_one / 1e3:.0f}k/s")

    def iceberg_fresh(self):
        """From giving a row to a producer until it is readable.

        The topic has one partition and the connector one task, so that rows come into the table in the
        order of the topic: a snapshot with N rows has the first N. A row is readable when an answer of
        the catalog first counts it; the answer is asked for every FRESH_POLL_S, which with the time of
        the answer is how much too late a row may be seen. The producer's own delay is in the figures.
        """
        def measure(worker):
            rows = FRESH_RATE * (FRESH_WARM_UP_S + self.seconds)
            first = FRESH_RATE * FRESH_WARM_UP_S
            topic = self.make_topic(self.bench.next_name("fresh"))
            connector = self.sink(topic, FRESH_COMMIT_MS)
            name = connector["name"]
            worker.start()
            self.create(worker, connector)
            worker.wait_running(name)
            producer, delays, known = TimedProducer(self.broker, topic, rows, FRESH_RATE), [], 0

            def seen(count):
                nonlocal known
                now = time.monotonic()
                delays.extend(now - producer.sent[number]
                              for number in range(max(known, first), count))
                known = max(known, count)
            producer.start()
            try:
                self.wait_rows(worker, name, rows, FRESH_POLL_S, seen)
            finally:
                producer.join(1.0)
                producer.child.kill()
                producer.child.wait()
            self.finish(worker, name, rows)
            delays.sort()
            return {part: delays[int((len(delays) - 1) * part)] for part in (0.5, 0.99, 1)}
        ours, java_one = self.each_kind(measure)
        self.bench.report("iceberg_fresh", ours[0.99], java_one[0.99], "s_p99",
                          rate=f"{FRESH_RATE}/s", seconds=self.seconds, commit_ms=FRESH_COMMIT_MS,
                          median=f"{ours[0.5]:.2f}", java_median=f"{java_one[0.5]:.2f}",
                          worst=f"{ours[1]:.2f}", java_worst=f"{java_one[1]:.2f}")

    def iceberg_fanout(self):
        """Rows that are spread over all partitions. Ours has a limit of memory; Java's has none, and fewer
        rows."""
        def measure(worker):
            ours = isinstance(worker, LimitedMillrace)
            rows = max(1, self.rows // START_PART // (1 if ours else FANOUT_JAVA_PART))
            connector = self.sink(self.topic(rows), FANOUT_COMMIT_MS, **{
                "iceberg.tables.default-partition-by": f"bucket(id, {FANOUT_PARTITIONS})"})
            worker.start()
            begun = time.monotonic()
            self.create(worker, connector)
            self.wait_rows(worker, connector["name"], rows, APPEND_POLL_S)
            wall = time.monotonic() - begun
            peak = worker.process.memory_bytes("VmHWM")
            if ours and peak > FANOUT_LIMIT:
                raise RuntimeError(f"{peak / 2**20:.0f} MiB, above {FANOUT_LIMIT / 2**20:.0f} MiB")
            summary = self.finish(worker, connector["name"], rows)
            files = int(summary["total-data-files"])
            return {"peak": peak / 2**20, "rows": rows, "files": files, "wall": f"{wall:.1f}s",
                    "mean_kilobytes": f"{int(summary['total-files-size']) / files / 1e3:.1f}"}
        with MemoryLimit(FANOUT_LIMIT) as limit:
            LimitedMillrace.limit = limit
            ours, java_one = self.each_kind(measure, (LimitedMillrace, ApacheWorker))
            self.bench.report("iceberg_fanout", ours["peak"], java_one["peak"], "MiB_peak",
                              partitions=FANOUT_PARTITIONS, limit=f"{FANOUT_LIMIT >> 20}MiB",
                              enforced="yes" if limit.enforced else "no", **{
                                  prefix + key: found[key]
                                  for key in ("rows", "files", "mean_kilobytes", "wall")
                                  for prefix, found in (("", ours), ("java_", java_one))})

    def iceberg_commit(self):
        """Commits to a table of many manifests, by commit_bench, beside Iceberg's library."""
        program = Path(Millrace.binary).parent / "commit_bench"
        if not program.exists():
            raise RuntimeError(f"there is no {program}: build the target commit_bench")
        arguments = [str(self.folder), str(COMMITS), str(COMMITS_BEFORE)]
        ours = self.commit_times([str(program), *arguments])
        java_one = self.commit_times(["java", "-cp", f"{self.sink_jars}/*",
                                      str(Path(__file__).with_name("CommitBench.java")), *arguments])
        for catalog in ours:
            self.bench.report(f"iceberg_commit_{catalog}", ours[catalog][1], java_one[catalog][1],
                              "ms_p99", median=ours[catalog][0], java_median=java_one[catalog][0],
                              commits=COMMITS, manifests_before=COMMITS_BEFORE)

    @staticmethod
    def commit_times(command):
        """{catalog: (median, p99)} in ms, from lines of `CATALOG P50 P99 WORST`."""
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, timeout=TIMEOUT).stdout
        lines = [line.split() for line in text.splitlines()]
        return {catalog: (float(median), float(p99)) for catalog, median, p99, _ in lines}
