#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test, those on a real Kafka broker included.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: tests/run.sh [--preset NAME | --asan | --tsan] [-L LABEL] [-R REGEX] [-j N]
  --preset NAME   build preset: dev (default), asan, tsan
  -L LABEL        only tests with this label: unit, broker, java, integration, chaos, fuzz, style
  -R REGEX        only tests whose name matches
  -j N            tests at a time (default: processors)
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=dev
jobs=$(nproc)
select=()
while (($#)); do
  case $1 in
    --asan) preset=asan ;;
    --tsan) preset=tsan ;;
    --preset) preset=$2; shift ;;
    -L | --label) select+=(-L "$2"); shift ;;
    -R) select+=(-R "$2"); shift ;;
    -j) jobs=$2; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

scripts/setup --test
build=build/$preset
[[ -f $build/build.ninja ]] || cmake --preset "$preset" >/dev/null
echo "building $build"
cmake --build "$build" --parallel "$(nproc)" -- --quiet

export MILLRACE_BIN=$PWD/$build/bin/millrace
export TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp history_size=4 ${TSAN_OPTIONS:-}"
export ASAN_OPTIONS="detect_leaks=1 ${ASAN_OPTIONS:-}"
export LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp print_suppressions=0"
# One broker for all tests that need one; each uses topics of its own.
exec python3 tests/support/kafka_broker.py run -- \
  ctest --test-dir "$build" --output-on-failure --no-tests=error -j "$jobs" "${select[@]}"
