#!/usr/bin/env bash
# Measures Millrace and the Java worker in one run on the same broker and data.
# Usage: tests/bench/run.sh [--records N] [--lake-rows N] [--lake-seconds N] [--fresh-seconds N] [--json FILE] [--record] [NAME ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scripts/setup --test
[[ -f build/release/build.ninja ]] || cmake --preset release >/dev/null
cmake --build build/release --parallel "$(nproc)" --target all commit_bench lookup_load -- --quiet
export MILLRACE_BIN=$PWD/build/release/bin/millrace
exec python3 tests/bench/bench.py "$@"
