#!/usr/bin/env python3
"""Runs random events at made-up times through Kafka's windowed statistics and the worker's, and
compares every number.

metrics_compare.py --native PROGRAM --jars FOLDER --source MetricsOracle.java [--seed N] [--cases N]
"""

import argparse
import glob
import math
import random
import subprocess
import sys

STATES = ["UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "DESTROYED"]


def case(r):
    """Lines of one case. Times stand still, creep, and leap over whole windows."""
    window = r.choice([1, 7, 100, 1000, 30000])
    samples = r.choice([1, 1, 2, 2, 2, 3, 5])
    lines = [f"window {window} {samples}"]
    time = r.choice([0, 1, 10**6, 1795260473498])
    ones = r.random() < 0.4
    for _ in range(r.randrange(0, 60)):
        time += r.choice([0, 0, 1, r.randrange(0, window + 1), r.randrange(0, window + 1), window,
                          window * samples - 1, window * samples, window * (samples + 1) + 3,
                          window * r.randrange(1, 12)])
        if r.random() < 0.35:
            lines.append(f"measure {time}")
        elif r.random() < 0.15:
            lines.append(f"state {time} {r.choice(STATES)}")
        elif r.random() < 0.15:
            lines.append(f"ratio {time}")
        else:
            value = r.choice([0, 1]) if ones else r.choice([0, 1, 500, r.random() * 1e4, -3.5])
            lines.append(f"record {time} {value!r}")
    lines += [f"measure {time}", f"measure {time + window * samples}", f"ratio {time + 5}"]
    return lines, ones


def answers(command, text):
    out = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return [[float(word) for word in line.split()] for line in out.stdout.splitlines()]


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--cases", type=int, default=3000)
    options = parser.parse_args()
    print("seed", options.seed)
    r = random.Random(options.seed)
    cases = [case(r) for _ in range(options.cases)]
    text = "\n".join("\n".join(lines) for lines, _ in cases) + "\n"
    path = ":".join(sorted(glob.glob(options.jars + "/*.jar")))
    java = answers(["java", "-cp", path, options.source], text)
    ours = answers([options.native], text)
    at = 0
    wrong = 0
    numbers = 0
    for lines, ones in cases:
        for index, line in enumerate(lines):
            if not line.startswith(("measure", "ratio")):
                continue
            # The two shares are defined for values that are 0 or 1.
            count = 3 if line.startswith("measure") and not ones else len(java[at])
            numbers += count
            if not all(map(same, java[at][:count], ours[at][:count])):
                wrong += 1
                if wrong <= 5:
                    print("\n".join(lines[:index + 1]), "\nKafka:", java[at], "\nours: ", ours[at])
            at += 1
    if len(java) != at or len(ours) != at or at == 0:
        print(f"expected {at} answers; Kafka gave {len(java)}, the worker {len(ours)}")
        return 1
    print(f"{options.cases} cases, {numbers} numbers, {wrong} answers differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
