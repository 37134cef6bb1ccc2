"""SIGKILL at random moments: every line arrives at least once, and the worker starts again by itself."""

import os
import random
import time
import unittest
from collections import Counter

from flow import FlowTest, bootstrap, unique
from workers import Millrace, file_sink, file_source

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
FLUSH_MS = "20"  # many commits between two kills


class KillWorkerTest(FlowTest):
    def run_rounds(self, worker, rounds, longest_life):
        print(f"seed {SEED}", flush=True)
        rng = random.Random(SEED)
        source, sink = worker.folder / "in.txt", worker.folder / "out.txt"
        source.write_bytes(b"")
        topic, src, dst = unique("kill"), unique("src"), unique("dst")
        connectors = [file_source(src, source, topic, **{"batch.size": "37"}),
                      file_sink(dst, sink, topic)]
        written = 0
        for _ in range(rounds):
            worker.launch(*connectors)
            life = rng.uniform(0.01, longest_life)
            end = time.monotonic() + life
            while time.monotonic() < end:
                count = rng.randrange(1, 200)
                with open(source, "a") as out:
                    out.write("".join(f"line {written + i}\n" for i in range(count)))
                written += count
                time.sleep(rng.uniform(0, life / 4))
            worker.process.kill()
        worker.start(*connectors)
        expected = {f"line {i}" for i in range(written)}
        self.wait(lambda: set(sink.read_text().splitlines()) >= expected, 60,
                  "every line to arrive")
        size = source.stat().st_size
        self.wait(lambda: worker.rest.get(f"/connectors/{src}/offsets").json()["offsets"]
                  == [{"partition": {"filename": str(source)}, "offset": {"position": size}}],
                  what="the last offset")
        self.assertEqual(worker.stop(), 143)
        lines = Counter(sink.read_text().splitlines())
        for odd in set(lines) - expected:
            # A write that the kill cut short; the next life begins a new line.
            self.assertTrue(any(line.startswith(odd) for line in expected),
                            f"a line that was never written: {odd!r}")
        repeated = sum(lines.values()) - written
        print(f"{rounds} kills, {written} lines, {repeated} repeated", flush=True)

    def test_on_the_embedded_log(self):
        with Millrace.embedded({"offset.flush.interval.ms": FLUSH_MS}) as worker:
            self.run_rounds(worker, 60, 0.25)

    def test_on_a_broker(self):
        settings = {"bootstrap.servers": bootstrap(), "offset.flush.interval.ms": FLUSH_MS,
                    "consumer.session.timeout.ms": "6000"}
        with Millrace(settings) as worker:
            self.run_rounds(worker, 15, 1.5)


if __name__ == "__main__":
    unittest.main()
