"""Side-by-side benchmarks: Millrace and the Java worker, alternating, on one broker and data.

Prints `NAME millrace=… java=… unit=… ratio=…` per measure. CPU is user and system time of the
worker's process; the broker's is not counted. Java runs several passes in one process: the first
is cold, the later ones are what a warmed-up worker costs.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from kafka_broker import Broker  # noqa: E402
from process import wait_until  # noqa: E402
from workers import JavaWorker, Millrace, file_sink, file_source  # noqa: E402

NAMES = ["start", "idle", "file_source", "file_sink", "memory"]
START_ROUNDS = 5
JAVA_PASSES = 3
MILLRACE_PASSES = 3
PASS_TIMEOUT = 300
IDLE_SETTLE = 3.0


class Bench:
    def __init__(self, arguments):
        self.records = arguments.records
        self.results = []
        self.folder = Path(tempfile.mkdtemp(prefix="millrace-bench-"))
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

    def input_file(self):
        path = self.folder / "input.txt"
        if not path.exists():
            with open(path, "w") as out:
                for i in range(self.records):
                    out.write(f'{{"id":{i:08d},"customer":"c{i % 1000:04d}","item":"book-{i % 97:03d}",'
                              f'"amount":{i % 90 + 10}.50,"currency":"EUR"}}\n')
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

    def source_pass(self, worker):
        self.serial += 1
        file, topic = self.input_file(), f"bench-{self.serial}"
        name = f"source-{self.serial}"
        size = file.stat().st_size

        def done():
            offsets = worker.rest.get(f"/connectors/{name}/offsets").json().get("offsets", [])
            return offsets and offsets[0]["offset"]["position"] >= size
        return topic, self.one_pass(worker, file_source(name, file, topic), done)

    def sink_pass(self, worker, topic):
        self.serial += 1
        out = self.folder / f"out-{self.serial}.txt"
        size = self.input_file().stat().st_size
        result = self.one_pass(worker, file_sink(f"sink-{self.serial}", out, topic),
                               lambda: out.exists() and out.stat().st_size >= size)
        if out.read_bytes() != self.input_file().read_bytes():
            raise RuntimeError("the sink's file differs from the input")
        out.unlink()
        return result

    def flow(self, broker, names):
        """Source and sink passes of both workers in turn, and their peak memory."""
        costs = {kind: {"source": [], "sink": []} for kind in (Millrace, JavaWorker)}
        peak = {}
        ours, java = self.worker(Millrace, broker), self.worker(JavaWorker, broker)
        with ours, java:
            for worker in (ours, java):
                worker.start()
            for turn in range(max(MILLRACE_PASSES, JAVA_PASSES)):
                for kind, worker in ((Millrace, ours), (JavaWorker, java)):
                    print(f"  pass {turn + 1}: {kind.__name__}", file=sys.stderr, flush=True)
                    topic, result = self.source_pass(worker)
                    costs[kind]["source"].append(result)
                    costs[kind]["sink"].append(self.sink_pass(worker, topic))
            for kind, worker in ((Millrace, ours), (JavaWorker, java)):
                peak[kind] = worker.process.memory_bytes("VmHWM") / 2**20
                worker.stop()
        for half in ("source", "sink"):
            if f"file_{half}" in names:
                self.report_flow(half, costs)
        if "memory" in names:
            self.report("memory", peak[Millrace], peak[JavaWorker], "MiB_peak")

    def report_flow(self, half, costs):
        def per_record(cpu):
            return cpu * 1e6 / self.records
        ours = [per_record(cpu) for cpu, _ in costs[Millrace][half]]
        java = [per_record(cpu) for cpu, _ in costs[JavaWorker][half]]
        rate = {kind: max(self.records / wall for _, wall in costs[kind][half]) for kind in costs}
        self.report(f"file_{half}", statistics.median(ours), min(java[1:] or java),
                    "cpu_us/record", java_first=f"{java[0]:.2f}",
                    millrace_rate=f"{rate[Millrace] / 1e3:.0f}k/s",
                    java_rate=f"{rate[JavaWorker] / 1e3:.0f}k/s", records=self.records)

    def run(self, names):
        with Broker(settings={"log.flush.interval.messages": "1000000000"}) as broker:
            for name in ("start", "idle"):
                if name in names:
                    getattr(self, name)(broker)
            if {"file_source", "file_sink", "memory"} & set(names):
                self.flow(broker, names)


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
