#!/usr/bin/env python3
"""Compares assignments and blobs of the native group with those of Kafka's own classes.

group.py --native PROGRAM --jars FOLDER --source GroupOracle.java [--seed N] [--sequences N] [--blobs N]
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time

CLASS = "org.apache.kafka.connect.runtime.distributed.GroupOracle"
# What must have occurred, or the comparison proves little.
WANTED = ["mismatches", "with work", "revoking connectors", "revoking tasks", "with full delay",
          "with part delay", "blobs read", "blobs refused"]


def play(options, classes):
    """Output and exit code of the native program, which reads what the Java one prints."""
    path = f"{options.jars}/*"
    subprocess.run(["javac", "-XDignore.symbol.file=true", "-cp", path, "-d", classes, options.source], check=True)
    java = subprocess.Popen(["java", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                             "-cp", f"{classes}:{path}", CLASS, str(options.seed), str(options.sequences),
                             str(options.blobs)], stdout=subprocess.PIPE)
    native = subprocess.run([options.native], stdin=java.stdout, capture_output=True, text=True)
    java.stdout.close()
    if java.wait() != 0:
        sys.exit(f"{CLASS} ended with code {java.returncode}")
    return native


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--blobs", type=int, default=5000, help="of each kind")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.sequences} sequences, {options.blobs} blobs of each kind", flush=True)
    with tempfile.TemporaryDirectory() as classes:
        native = play(options, classes)
    print(native.stdout + native.stderr)
    counts = {what: int(number) for what, number in re.findall(r"^([a-z ]+): (\d+)$", native.stdout, re.MULTILINE)}
    missing = [what for what in WANTED if not counts.get(what)]
    if missing:
        sys.exit(f"never occurred: {', '.join(missing)}")
    if counts.get("sequences") != options.sequences:
        sys.exit(f"compared {counts.get('sequences')} sequences of {options.sequences}")
    return 1 if native.returncode != 0 or counts.get("differences") != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
