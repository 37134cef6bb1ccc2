#!/usr/bin/env python3
"""Builds the fuzz targets with Clang and runs each for a bounded time.

run.py [TARGET ...] [--seconds N] [--build-only | --no-build]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
BUILD = REPO / "build" / "fuzz"
SECONDS = 15         # for each target
INPUT_SECONDS = 10   # for one input; ASan makes them slow
MAX_BYTES = 4096     # of an input
MEMORY_MIB = 2048


def targets():
    """Those that have a corpus."""
    return sorted(folder.name for folder in (HERE / "corpus").iterdir() if folder.is_dir())


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=REPO, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "fuzz"], cwd=REPO, check=True)


def fuzz(target, seconds):
    """True when nothing was found."""
    found = BUILD / "found" / target
    corpus = BUILD / "corpus" / target  # what this machine has learnt
    for folder in (found, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = [str(f) for f in (HERE / "corpus" / target, HERE / "regressions" / target) if f.is_dir()]
    command = [str(BUILD / "bin" / f"fuzz_{target}"), f"-max_total_time={seconds}",
               f"-timeout={INPUT_SECONDS}", f"-max_len={MAX_BYTES}",
               f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={found}/",
               "-print_final_stats=1", str(corpus), *seeds]
    print(" ".join(command), flush=True)
    done = subprocess.run(command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=seconds + 60, check=False)
    lines = done.stdout.splitlines()
    if done.returncode == 0:
        print("\n".join(line for line in lines if "Seed:" in line or "stat::" in line))
        return True
    print("\n".join(lines[:8] + ["..."] + lines[-60:]))
    print(f"\n{target}: an input breaks it. Mend the code, and add the file named above to "
          f"tests/fuzz/regressions/{target}/.")
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target", nargs="*", default=targets())
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--no-build", action="store_true")
    options = parser.parse_args()
    if not options.no_build:
        build()
    if options.build_only:
        return 0
    os.nice(10)  # the tests beside it have deadlines, this one has not
    return 0 if all([fuzz(target, options.seconds) for target in options.target]) else 1


if __name__ == "__main__":
    sys.exit(main())
