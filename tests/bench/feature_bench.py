"""Benchmarks of the feature-store sink, beside a Java sink task that only decodes the same rows.

Rows are those of FeatureRows.java: 10 features, bare Avro, written to a real broker. The Java task
(feature_store_java/) reads them with Kafka's consumer and Apache Avro and throws them away.
"""

import datetime
import http.client
import json
import subprocess
import tempfile
import time
from pathlib import Path

from feature_store import OnlineStore, document
from kafka_broker import class_path, java
from metrics import Page
from process import wait_until
from workers import REPO, JavaWorker, Millrace

BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
TIMEOUT = 600
POLL_S = 0.05
SETTLE_S = 3.0
KEYS = 1_000_000
PASSES = 3

INGEST_RATE = 50_000  # rows a second, while lookups are measured
LOOKUP_KEYS = 200_000
LOOKUP_S = 15
LOOKUP_RATE = 1_000  # lookups a second, for how late they are
LOOKUP_CLIENTS = 4

FRESH_RATE = 1_000
FRESH_WARM_UP_S = 5
FRESH_EVERY = 10  # each so many-th row is waited for

MEMORY_ROWS = 10_000_000

FIRST_FIELDS = [("id", "long"), ("at", {"type": "long", "logicalType": "timestamp-micros"})]
PART_FIELDS = [("l1", "long"), ("l2", "long"), ("d1", "double"), ("d2", "double"), ("d3", "double"),
               ("t1", "string"), ("t2", "string"), ("ok", "boolean")]

BATCH_KEYS = 100
BATCH_PARTS = 6
BATCH_FEATURES = len(FIRST_FIELDS) + BATCH_PARTS * len(PART_FIELDS)
BATCH_RATE = 50


def fields(parts):
    return FIRST_FIELDS + [(f"{name}_{part}", type) for part in range(parts) for name, type in PART_FIELDS]


def schema(parts=1):
    return {"type": "record", "name": "txn_1", "namespace": "bank_featurestore",
            "fields": [{"name": name, "type": ["null", type]} for name, type in fields(parts)]}


def groups(parts=1):
    group = {"project": "bank", "projectId": 119, "id": 42, "name": "txn", "version": 1,
             "primaryKey": ["id"], "eventTime": "at", "schemas": {"17": schema(parts)},
             "online": {"types": {"at": "timestamp(6)"}}}
    return document(group, featureViews=[{
        "project": "bank", "name": "v", "version": 1,
        "features": [{"featureGroup": 42, "features": [name for name, _ in fields(parts)]}]}])


class FeatureBench:
    """`rows` are those of fs_apply, `seconds` of fs_fresh."""

    names = ["fs_apply", "fs_lookup", "fs_batch", "fs_fresh", "fs_memory"]

    def __init__(self, bench, broker, rows, seconds):
        self.bench = bench
        self.broker = broker
        self.rows = rows
        self.seconds = seconds
        self.topics = {}

    def run(self, names):
        with tempfile.TemporaryDirectory(prefix="millrace-fs-") as folder:
            self.folder = Path(folder)
            for name in self.names:
                if name in names:
                    getattr(self, name)()

    # Rows.

    def make_topic(self):
        name = self.bench.next_name("rows")
        subprocess.run(java("org.apache.kafka.tools.TopicCommand", "--create", "--topic", name,
                            "--bootstrap-server", self.broker.bootstrap, "--partitions", "1"),
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return name

    def writer(self, topic, rows, keys, rate, parts=1):
        return subprocess.Popen(["java", "-Xmx256m", "-cp", class_path(),
                                 str(Path(__file__).with_name("FeatureRows.java")), self.broker.bootstrap,
                                 topic, str(rows), str(keys), str(rate), "0", str(parts)],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def fill(self, rows, keys, parts=1):
        if (rows, keys, parts) not in self.topics:
            topic = self.make_topic()
            writer = self.writer(topic, rows, keys, 0, parts)
            out, _ = writer.communicate(timeout=TIMEOUT)
            if out.strip() != f"wrote {rows}":
                raise RuntimeError(f"writing {rows} rows: {out}")
            self.topics[rows, keys, parts] = topic
        return self.topics[rows, keys, parts]

    # Our worker.

    def store(self, worker, parts=1):
        return OnlineStore(worker.folder, groups(parts), self.bench.next_name("online"))

    def begin(self, worker, config):
        reply = worker.rest.call("POST", "/connectors", {"name": config["name"], "config": config})
        if reply.status != 201:
            raise RuntimeError(f"creating {config['name']}: {reply.status} {reply.body}")

    @staticmethod
    def stored(worker, name):
        """Where the store goes on."""
        page = Page(worker.rest.get("/metrics").body)
        found = [value for (metric, labels), value in page.samples.items()
                 if metric == "millrace_fs_sink_store_offset" and dict(labels)["connector"] == name]
        return found[0] if found else 0

    def await_stored(self, worker, name, offset):
        def done():
            state = worker.state(name)
            if "FAILED" in [state[0], *state[1]]:
                raise RuntimeError(worker.rest.get(f"/connectors/{name}/status").body)
            return self.stored(worker, name) >= offset
        wait_until(done, TIMEOUT, f"{offset} rows in {name}", POLL_S)

    # Measures.

    def fs_apply(self):
        topic = self.fill(self.rows, KEYS)
        ours, java_ones = [], []
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as worker:
            worker.start()
            for _ in range(PASSES):
                store = self.store(worker)
                cpu, wall = worker.process.cpu_seconds(), time.monotonic()
                self.begin(worker, store.sink(topics=topic))
                self.await_stored(worker, store.name, self.rows)
                wall = time.monotonic() - wall
                time.sleep(SETTLE_S)  # compactions go on: they are part of the cost
                ours.append((worker.process.cpu_seconds() - cpu, wall))
                worker.rest.call("DELETE", f"/connectors/{store.name}")
            peak = worker.process.memory_bytes("VmHWM") / 2**20
            worker.stop()
        with JavaWorker({"bootstrap.servers": self.broker.bootstrap,
                         "plugin.path": str(self.java_plugin().parent)}) as worker:
            worker.start()
            for _ in range(PASSES):
                name = self.bench.next_name("decode")
                cpu, wall = worker.process.cpu_seconds(), time.monotonic()
                self.begin(worker, {"name": name, "connector.class": "DecodeSinkConnector", "tasks.max": "1",
                                    "topics": topic, "schema": json.dumps(schema()), "key.converter": BYTES,
                                    "value.converter": BYTES, "header.converter": BYTES})
                wait_until(lambda: any(o["offset"]["kafka_offset"] >= self.rows
                                       for o in worker.offsets(name)), TIMEOUT, "Java's last row", POLL_S)
                java_ones.append((worker.process.cpu_seconds() - cpu, time.monotonic() - wall))
                worker.rest.call("DELETE", f"/connectors/{name}")
            worker.stop()
        cpu = sorted(one for one, _ in ours)[PASSES // 2] * 1e6 / self.rows
        java_cpu = min(one for one, _ in java_ones[1:]) * 1e6 / self.rows
        self.bench.report("fs_apply", cpu, java_cpu, "cpu_us/row", rows=self.rows,
                          rate=f"{self.rows / min(w for _, w in ours) / 1e3:.0f}k/s",
                          java_rate=f"{self.rows / min(w for _, w in java_ones) / 1e3:.0f}k/s",
                          java_first=f"{java_ones[0][0] * 1e6 / self.rows:.2f}", java_work="decodes only",
                          peak=f"{peak:.0f}MiB")

    def java_plugin(self):
        """A folder with the decoding task and Apache Avro."""
        plugin = self.folder / "plugins" / "decode"
        if plugin.exists():
            return plugin
        classes = self.folder / "classes"
        services = classes / "META-INF" / "services"
        services.mkdir(parents=True)
        (services / "org.apache.kafka.connect.sink.SinkConnector").write_text("DecodeSinkConnector\n")
        jars = Path(subprocess.run([REPO / "scripts" / "setup", "--print-iceberg-jars"], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.strip())
        sources = [str(path) for path in (Path(__file__).parent / "feature_store_java").glob("*.java")]
        subprocess.run(["javac", "-cp", f"{class_path()}:{jars}/*", "-d", str(classes), *sources], check=True)
        plugin.mkdir(parents=True)
        subprocess.run(["jar", "cf", str(plugin / "decode.jar"), "-C", str(classes), "."], check=True)
        for pattern in ("avro-*.jar", "jackson-*.jar"):
            for jar in jars.glob(pattern):
                (plugin / jar.name).symlink_to(jar)
        return plugin

    def load(self, store, seconds, rate, kind, keys, *more, clients=LOOKUP_CLIENTS):
        program = Path(Millrace.binary).parent / "lookup_load"
        if not program.exists():
            raise RuntimeError(f"there is no {program}: build the target lookup_load")
        done = subprocess.run([program, str(store.port), str(clients), str(seconds), str(rate), kind,
                               str(keys), *map(str, more)], check=True, stdout=subprocess.PIPE, text=True,
                              timeout=TIMEOUT)
        found = json.loads(done.stdout)
        if found["failed"]:
            raise RuntimeError(f"{found['failed']} of {found['count']} lookups failed")
        return found

    def fs_lookup(self):
        """How late lookups are while rows come in, and how many a core answers."""
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as worker:
            worker.start()
            store = self.store(worker)
            topic = self.make_topic()
            self.writer(topic, LOOKUP_KEYS, 0, 0).communicate(timeout=TIMEOUT)
            self.begin(worker, store.sink(topics=topic))
            self.await_stored(worker, store.name, LOOKUP_KEYS)
            seconds = 5 * LOOKUP_S
            writer = self.writer(topic, INGEST_RATE * seconds, LOOKUP_KEYS, INGEST_RATE)
            try:
                wait_until(lambda: self.stored(worker, store.name) > LOOKUP_KEYS + INGEST_RATE, TIMEOUT,
                           "rows to come in", POLL_S)
                for kind in ("pk-read", "feature_store"):
                    self.measure_lookups(worker, store, kind)
            finally:
                writer.kill()
                writer.wait()
            worker.stop()

    def measure_lookups(self, worker, store, kind):
        before = self.stored(worker, store.name), worker.process.cpu_seconds(), time.monotonic()
        time.sleep(LOOKUP_S / 2)  # what rows cost without lookups
        rows = self.stored(worker, store.name) - before[0]
        seconds = time.monotonic() - before[2]
        idle = (worker.process.cpu_seconds() - before[1]) / rows
        paced = self.load(store, LOOKUP_S, LOOKUP_RATE, kind, LOOKUP_KEYS)
        start = self.stored(worker, store.name), worker.process.cpu_seconds()
        full = self.load(store, LOOKUP_S, 0, kind, LOOKUP_KEYS)
        more = self.stored(worker, store.name) - start[0]
        cpu = worker.process.cpu_seconds() - start[1] - idle * more
        name = "fs_lookup_" + kind.replace("-", "_")
        # With a rate a client sleeps in between, and how late it wakes on a machine this busy counts, too.
        self.bench.report(name, full["p99_us"] / 1e3, 0, "ms_p99", rate=f"{full['rate']}/s",
                          clients=LOOKUP_CLIENTS, median=f"{full['p50_us'] / 1e3:.3f}",
                          ingest=f"{more / LOOKUP_S / 1e3:.0f}k/s",
                          p99_at=f"{paced['rate']}/s: {paced['p99_us'] / 1e3:.2f}ms")
        self.bench.report(name + "_rate", full["count"] / cpu / 1e3, 0, "k/s_core",
                          ingest=f"{more / LOOKUP_S / 1e3:.0f}k/s",
                          ingest_alone=f"{rows / seconds / 1e3:.0f}k/s")

    def fs_batch(self):
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as worker:
            worker.start()
            store = self.store(worker, BATCH_PARTS)
            topic = self.fill(LOOKUP_KEYS, 0, BATCH_PARTS)
            self.begin(worker, store.sink(topics=topic))
            self.await_stored(worker, store.name, LOOKUP_KEYS)
            time.sleep(SETTLE_S)
            paced = self.load(store, LOOKUP_S, BATCH_RATE, "batch_feature_store", LOOKUP_KEYS, BATCH_KEYS)
            full = self.load(store, LOOKUP_S, 0, "batch_feature_store", LOOKUP_KEYS, BATCH_KEYS, clients=1)
            worker.stop()
        self.bench.report("fs_batch", full["p99_us"] / 1e3, 0, "ms_p99", keys=BATCH_KEYS,
                          features=BATCH_FEATURES, rate=f"{full['rate']}/s",
                          median=f"{full['p50_us'] / 1e3:.2f}",
                          p99_at=f"{paced['rate']}/s: {paced['p99_us'] / 1e3:.2f}ms")

    def fs_fresh(self):
        """From giving a row to a producer until a lookup answers with it."""
        rows = FRESH_RATE * (self.seconds + FRESH_WARM_UP_S)
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as worker:
            worker.start()
            store = self.store(worker)
            topic = self.make_topic()
            self.begin(worker, store.sink(topics=topic))
            worker.wait_running(store.name)
            writer = self.writer(topic, rows, 0, FRESH_RATE)
            delays = []
            client = http.client.HTTPConnection("127.0.0.1", store.port)
            try:
                for id in range(FRESH_RATE * FRESH_WARM_UP_S, rows, FRESH_EVERY):
                    delays.append(self.await_row(client, id))
            finally:
                client.close()
                writer.kill()
                writer.wait()
            worker.stop()
        delays.sort()
        self.bench.report("fs_fresh", delays[int(len(delays) * 0.99)], 0, "ms_p99", rate=f"{FRESH_RATE}/s",
                          median=f"{delays[len(delays) // 2]:.1f}", worst=f"{delays[-1]:.1f}",
                          measured=len(delays))

    @staticmethod
    def await_row(client, id):
        """Milliseconds from the row's own time to the answer that has it."""
        body = json.dumps({"filters": [{"column": "id", "value": id}], "readColumns": [{"column": "at"}]})
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            client.request("POST", "/0.1.0/bank/txn_1/pk-read", body)
            reply = client.getresponse()
            text = reply.read()
            if reply.status == 200:
                now = datetime.datetime.now(datetime.timezone.utc)
                made = datetime.datetime.fromisoformat(json.loads(text)["data"]["at"] + "+00:00")
                return (now - made).total_seconds() * 1e3
        raise RuntimeError(f"row {id} did not come")

    def fs_memory(self):
        topic = self.fill(MEMORY_ROWS, 0)
        with Millrace({"bootstrap.servers": self.broker.bootstrap}) as worker:
            worker.start()
            store = self.store(worker)
            config = store.sink(topics=topic)
            self.begin(worker, config)
            self.await_stored(worker, store.name, MEMORY_ROWS)
            time.sleep(2 * SETTLE_S)
            after = worker.process.memory_bytes() / 2**20
            peak = worker.process.memory_bytes("VmHWM") / 2**20
            worker.stop()
            worker.start(config)
            self.await_stored(worker, store.name, MEMORY_ROWS)
            self.load(store, LOOKUP_S, 0, "pk-read", MEMORY_ROWS)
            time.sleep(SETTLE_S)
            rest = worker.process.memory_bytes() / 2**20
            size = sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
            worker.stop()
        self.bench.report("fs_memory", max(after, rest), 0, "MiB_rest", rows=MEMORY_ROWS,
                          after_ingest=f"{after:.0f}", started_again=f"{rest:.0f}", peak=f"{peak:.0f}",
                          store=f"{size / 1e6:.0f}MB")
