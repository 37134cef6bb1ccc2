"""Side-by-side benchmarks: Millrace and the Java worker, alternating, on one broker and data.

Prints `NAME millrace=… java=… unit=… ratio=…` per measure. CPU is user and system time of the
worker's process; the broker's is not counted. Java runs several passes in one process: the first
is cold, the later ones are what a warmed-up worker costs.
"""

import argparse
import datetime
import filecmp
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cluster_bench import ClusterBench  # noqa: E402
from feature_bench import FeatureBench  # noqa: E402
from kafka_broker import Broker  # noqa: E402
from lakehouse_bench import LakehouseBench  # noqa: E402
from process import wait_until  # noqa: E402
from workers import JavaWorker, Millrace, file_sink, file_source  # noqa: E402

PIPELINES = ["json_smt", "json_source", "json_schema", "dlq"]
NAMES = ["start", "idle", *PIPELINES, "file_source", "file_sink", "memory",
         *ClusterBench.names, *LakehouseBench.names, *FeatureBench.names]
START_ROUNDS = 5
PASSES = 3
PASS_TIMEOUT = 300
IDLE_SETTLE = 3.0
LAST_LINE = 4096  # bytes that hold the last line of a sink's file
REJECT_EVERY = 1000

JSON = "org.apache.kafka.connect.json.JsonConverter"
TRANSFORMS = "org.apache.kafka.connect.transforms."
JSON_SINK = {"value.converter": JSON, "value.converter.schemas.enable": "false"}
JSON_SOURCE = JSON_SINK
SINK_CHAIN = {
    "transforms": "insert,mask,route",
    "transforms.insert.type": TRANSFORMS + "InsertField$Value",
    "transforms.insert.static.field": "origin", "transforms.insert.static.value": "shop",
    "transforms.mask.type": TRANSFORMS + "MaskField$Value",
    "transforms.mask.fields": "customer",
    "transforms.route.type": TRANSFORMS + "RegexRouter",
    "transforms.route.regex": "bench-(.*)", "transforms.route.replacement": "orders-$1",
}
SOURCE_CHAIN = {
    "transforms": "hoist,insert",
    "transforms.hoist.type": TRANSFORMS + "HoistField$Value", "transforms.hoist.field": "line",
    "transforms.insert.type": TRANSFORMS + "InsertField$Value",
    "transforms.insert.static.field": "origin", "transforms.insert.static.value": "shop",
}


class Bench:
    def __init__(self, arguments):
        self.records = arguments.records
        self.lake_rows = arguments.lake_rows
        self.lake_seconds = arguments.lake_seconds
        self.fresh_seconds = arguments.fresh_seconds
        self.results = []
        self.temporary = tempfile.TemporaryDirectory(prefix="millrace-bench-")  # until the end
        self.folder = Path(self.temporary.name)
        self.serial = 0

    def report(self, name, millrace, java, unit, **details):
        ratio = java / millrace if millrace else float("inf")
        extra = "".join(f" {key}={value}" for key, value in details.items())
        print(f"{name} millrace={millrace:.3f} java={java:.3f} unit={unit} ratio={ratio:.1f}{extra}",
              flush=True)
        self.results.append({"name": name, "millrace": millrace, "java": java, "unit": unit,
                             "ratio": ratio, **details})

    def worker(self, kind, broker):
        return kind({"bootstrap.servers": broker.bootstrap})

    def start(self, broker):
        times = {Millrace: [], JavaWorker: []}
        for _ in range(START_ROUNDS):
            for kind in times:
                with self.worker(kind, broker) as worker:
                    worker.start()
                    times[kind].append((time.monotonic() - worker.process.started) * 1000)
                    worker.stop()
        ours, java = (statistics.median(times[k]) for k in (Millrace, JavaWorker))
        self.report("start", ours, java, "ms", rounds=START_ROUNDS)

    def idle(self, broker):
        sizes = {}
        for kind in (Millrace, JavaWorker):
            with self.worker(kind, broker) as worker:
                worker.start()
                time.sleep(IDLE_SETTLE)  # measured at rest
                sizes[kind] = worker.process.memory_bytes() / 2**20
                worker.stop()
        self.report("idle", sizes[Millrace], sizes[JavaWorker], "MiB")

    def input_file(self, bad_every=0):
        """Lines of JSON orders with six fields; with `bad_every`, one in so many is cut short."""
        path = self.folder / f"input-{bad_every}.txt"
        if not path.exists():
            with open(path, "w") as out:
                for i in range(self.records):
                    line = (f'{{"id":{i:d},"customer":"c{i % 1000:04d}","item":"book-{i % 97:03d}",'
                            f'"amount":{i % 90 + 10}.50,"currency":"EUR","paid":true}}')
                    bad = bad_every and i % bad_every == bad_every // 2
                    out.write((line[:-1] if bad else line) + "\n")
        return path

    def one_pass(self, worker, connector, done):
        """CPU seconds and wall seconds until done()."""
        name = connector["name"]
        cpu, wall = worker.process.cpu_seconds(), time.monotonic()
        reply = worker.rest.call("POST", "/connectors", {"name": name, "config": connector})
        if reply.status != 201:
            raise RuntimeError(f"creating {name}: {reply.status} {reply.body}")
        wait_until(done, PASS_TIMEOUT, f"{name} to finish", 0.02)
        cpu, wall = worker.process.cpu_seconds() - cpu, time.monotonic() - wall
        worker.rest.call("DELETE", f"/connectors/{name}")
        return cpu, wall

    def next_name(self, what):
        self.serial += 1
        return f"{what}-{self.serial}"

    def source_pass(self, worker, file=None, **settings):
        """File to a new topic: the topic and the cost."""
        file = file or self.input_file()
        topic, name = self.next_name("bench"), self.next_name("source")
        size = file.stat().st_size

        def done():
            offsets = worker.offsets(name)
            return offsets and offsets[0]["offset"]["position"] >= size
        return topic, self.one_pass(worker, file_source(name, file, topic, **settings), done)

    def sink_pass(self, worker, topic, **settings):
        """A topic to a file, until its last record is there: the file and the cost."""
        out = self.folder / self.next_name("out")
        last = str(self.records - 1).encode()

        def done():
            if not out.exists():
                return False
            with open(out, "rb") as file:
                file.seek(max(0, out.stat().st_size - LAST_LINE))
                tail = file.read()
            return tail.endswith(b"\n") and last in tail.split(b"\n")[-2]
        return out, self.one_pass(worker, file_sink(self.next_name("sink"), out, topic, **settings),
                                  done)

    def alternate(self, broker, turn):
        """Both workers in turn: turn(worker) gives the cost of each measure by name. Returns
        {name: {kind: [(cpu, wall), ...]}} and the peak memory of each."""
        costs = defaultdict(lambda: {Millrace: [], JavaWorker: []})
        peak = {}
        ours, java = self.worker(Millrace, broker), self.worker(JavaWorker, broker)
        with ours, java:
            for worker in (ours, java):
                worker.start()
            for number in range(PASSES):
                for kind, worker in ((Millrace, ours), (JavaWorker, java)):
                    print(f"  pass {number + 1}: {kind.__name__}", file=sys.stderr, flush=True)
                    for name, cost in turn(worker).items():
                        costs[name][kind].append(cost)
            for kind, worker in ((Millrace, ours), (JavaWorker, java)):
                peak[kind] = worker.process.memory_bytes("VmHWM") / 2**20
                worker.stop()
        return costs, peak

    def report_pipeline(self, name, costs, **details):
        def per_record(cpu):
            return cpu * 1e6 / self.records
        ours = [per_record(cpu) for cpu, _ in costs[Millrace]]
        java = [per_record(cpu) for cpu, _ in costs[JavaWorker]]
        rate = {kind: max(self.records / wall for _, wall in costs[kind]) for kind in costs}
        self.report(name, statistics.median(ours), min(java[1:] or java),
                    "cpu_us/record", java_first=f"{java[0]:.2f}",
                    millrace_rate=f"{rate[Millrace] / 1e3:.0f}k/s",
                    java_rate=f"{rate[JavaWorker] / 1e3:.0f}k/s", records=self.records, **details)

    def flow(self, broker, names):
        def turn(worker):
            topic, source = self.source_pass(worker)
            out, sink = self.sink_pass(worker, topic)
            if out.read_bytes() != self.input_file().read_bytes():
                raise RuntimeError("the sink's file differs from the input")
            out.unlink()
            return {"file_source": source, "file_sink": sink}
        costs, peak = self.alternate(broker, turn)
        for name in costs:
            if name in names:
                self.report_pipeline(name, costs[name])
        if "memory" in names:
            self.report("memory", peak[Millrace], peak[JavaWorker], "MiB_peak")

    def fill(self, broker, file):
        """A topic with the lines of a file."""
        with self.worker(Millrace, broker) as worker:
            worker.start()
            return self.source_pass(worker, file)[0]

    def same_output(self, outputs):
        """Whether both workers wrote the same bytes; removes the files."""
        files = [outputs[kind] for kind in (Millrace, JavaWorker)]
        same = filecmp.cmp(*files, shallow=False)
        for file in files:
            file.unlink()
        return "yes" if same else "no"

    def json_smt(self, broker):
        topic, outputs = self.fill(broker, self.input_file()), {}

        def turn(worker):
            out, cost = self.sink_pass(worker, topic, **JSON_SINK, **SINK_CHAIN)
            outputs[type(worker)] = out
            return {"json_smt": cost}
        costs, _ = self.alternate(broker, turn)
        self.report_pipeline("json_smt", costs["json_smt"], same_bytes=self.same_output(outputs))

    def json_source(self, broker):
        costs, _ = self.alternate(broker, lambda worker: {
            "json_source": self.source_pass(worker, **JSON_SOURCE, **SOURCE_CHAIN)[1]})
        self.report_pipeline("json_source", costs["json_source"])

    def json_schema(self, broker):
        schemas = {"value.converter.schemas.enable": "true"}
        outputs = {}

        def turn(worker):
            topic, source = self.source_pass(worker, **{**JSON_SOURCE, **schemas}, **SOURCE_CHAIN)
            out, sink = self.sink_pass(worker, topic, **{**JSON_SINK, **schemas})
            outputs[type(worker)] = out
            return {"json_schema": (source[0] + sink[0], source[1] + sink[1]),
                    "json_schema_source": source, "json_schema_sink": sink}
        costs, _ = self.alternate(broker, turn)
        for name in costs:
            self.report_pipeline(name, costs[name])
        print(f"  json_schema: same bytes: {self.same_output(outputs)}", file=sys.stderr)

    def dlq(self, broker):
        """Throughput with one record in 1,000 rejected, in parts of that without rejects."""
        clean = self.fill(broker, self.input_file())
        dirty = self.fill(broker, self.input_file(REJECT_EVERY))

        def turn(worker):
            costs = {}
            for name, topic in (("clean", clean), ("dlq", dirty)):
                out, costs[name] = self.sink_pass(
                    worker, topic, **JSON_SINK, **{
                        "errors.tolerance": "all",
                        "errors.deadletterqueue.topic.name": self.next_name("letters"),
                        "errors.deadletterqueue.topic.replication.factor": "1",
                        "errors.deadletterqueue.context.headers.enable": "true"})
                out.unlink()
            return costs
        costs, _ = self.alternate(broker, turn)
        kept = {kind: min(w for _, w in costs["clean"][kind]) / min(w for _, w in costs["dlq"][kind])
                for kind in (Millrace, JavaWorker)}
        self.report_pipeline("dlq", costs["dlq"], throughput_kept=f"{kept[Millrace]:.2f}",
                             java_throughput_kept=f"{kept[JavaWorker]:.2f}")

    def run(self, names):
        with Broker(settings={"log.flush.interval.messages": "1000000000"}) as broker:
            for name in ("start", "idle"):
                if name in names:
                    getattr(self, name)(broker)
            for name in PIPELINES:
                if name in names:
                    getattr(self, name)(broker)
            if {"file_source", "file_sink", "memory"} & set(names):
                self.flow(broker, names)
            ClusterBench(broker, self.report).run(names)
            LakehouseBench(self, broker, self.lake_rows, self.lake_seconds).run(names)
            FeatureBench(self, broker, self.records, self.fresh_seconds).run(names)


def record(results, command):
    path = Path(__file__).with_name("RESULTS.md")
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    lines = [f"\n## {datetime.date.today()}\n\n",
             f"Machine: {cpu}, {os.cpu_count()} processors. Command: `{command}`\n\n",
             "| name | millrace | java | unit | ratio | details |\n|---|---|---|---|---|---|\n"]
    for r in results:
        details = ", ".join(f"{k} {v}" for k, v in r.items()
                            if k not in ("name", "millrace", "java", "unit", "ratio"))
        lines.append(f"| {r['name']} | {r['millrace']:.3f} | {r['java']:.3f} | {r['unit']} | "
                     f"{r['ratio']:.1f} | {details} |\n")
    with open(path, "a") as out:
        out.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--lake-rows", type=int, default=12_000_000,
                        help="of iceberg_append; iceberg_start and iceberg_fanout take a quarter")
    parser.add_argument("--lake-seconds", type=int, default=60, help="of iceberg_fresh")
    parser.add_argument("--fresh-seconds", type=int, default=30, help="of fs_fresh")
    parser.add_argument("--json", help="also write the results to this file")
    parser.add_argument("--record", action="store_true", help="append the results to RESULTS.md")
    arguments = parser.parse_args()
    names = arguments.names or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    bench = Bench(arguments)
    bench.run(names)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(bench.results, indent=2))
    if arguments.record:
        record(bench.results, "tests/bench/run.sh " + " ".join(sys.argv[1:]))


if __name__ == "__main__":
    main()
