#!/usr/bin/env bash
# Three workers in a group: load, a killed worker, the hand-over.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: examples/cluster/run.sh [--kafka HOST:PORT]
  --kafka HOST:PORT  use this Kafka broker instead of starting one
TEXT
}

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kafka=
while (($#)); do
  case $1 in
    --kafka) kafka=$2; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

readonly WORKERS=3 LINES=200000 WAIT_TENTHS=600
readonly SESSION_TIMEOUT_MS=6000  # a killed worker's share moves after it

source "$repo/examples/common.sh"

if [[ -z $kafka ]]; then
  "$repo/scripts/setup" --test
  exec python3 "$repo/tests/support/kafka_broker.py" run -- \
    bash -c "\"$0\" --kafka \"\$MILLRACE_TEST_BOOTSTRAP\""
fi

start_worker() {  # NUMBER
  local port
  port=$(free_port)
  urls[$1]=http://127.0.0.1:$port
  {
    echo "bootstrap.servers=$kafka"
    echo "group.id=$group"
    echo "key.converter=org.apache.kafka.connect.storage.StringConverter"
    echo "value.converter=org.apache.kafka.connect.storage.StringConverter"
    for kind in config offset status; do
      echo "$kind.storage.topic=$group-$kind"
      echo "$kind.storage.replication.factor=1"
    done
    echo "offset.flush.interval.ms=1000"
    echo "session.timeout.ms=$SESSION_TIMEOUT_MS"
    echo "heartbeat.interval.ms=2000"
    echo "scheduled.rebalance.max.delay.ms=0"
    echo "listeners=${urls[$1]}"
    echo "rest.advertised.host.name=127.0.0.1"
  } >"$work/worker$1.properties"
  "$repo/build/release/bin/millrace" distributed "$work/worker$1.properties" \
    >"$work/worker$1.log" 2>&1 &
  workers[$1]=$!
}

healthy() { curl -sf "${urls[$1]}/health" >/dev/null; }
put() {  # CONNECTOR JSON
  curl -sSf -X PUT -H 'Content-Type: application/json' -d "$2" "$url/connectors/$1/config" >/dev/null
}
# One line per connector and task: name, state, worker.
layout() {
  curl -sS "$url/connectors?expand=status" | python3 -c '
import json, sys
for name, entry in sorted(json.load(sys.stdin).items()):
    status = entry["status"]
    print(name, status["connector"]["state"], status["connector"]["worker_id"])
    for task in status["tasks"]:
        print("  task", task["id"], task["state"], task["worker_id"])'
}
all_run_on() {  # NUMBER OF WORKERS
  local tasks
  tasks=$(layout | grep '  task') || return 1
  [[ $(wc -l <<<"$tasks") == "$TASKS" && $(grep -c RUNNING <<<"$tasks") == "$TASKS" ]] &&
    [[ $(awk '{print $4}' <<<"$tasks" | sort -u | wc -l) == "$1" ]]
}
all_lines_there() {
  [[ -f $work/out.txt ]] && [[ $(sort -u "$work/out.txt" | wc -l) == $(wc -l <"$work/in.txt") ]]
}

build
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-cluster.XXXXXX")
group=example-$RANDOM$RANDOM
declare -a urls workers
trap 'kill -9 "${workers[@]}" 2>/dev/null || true' EXIT

step "Starting $WORKERS workers"
for ((i = 0; i < WORKERS; ++i)); do start_worker "$i"; done
for ((i = 0; i < WORKERS; ++i)); do wait_for "worker $i" healthy "$i"; done
url=${urls[0]}

step "Creating connectors"
readonly TASKS=8  # six of the generator, one of each file connector
seq -f 'line %.0f' 1 "$LINES" >"$work/in.txt"
put orders '{"connector.class":"DatagenSource","tasks.max":"6","topic":"'"$group"'-orders","fields":"id:sequence,item:string","records.per.second":"1000"}'
put file-in '{"connector.class":"FileStreamSource","file":"'"$work/in.txt"'","topic":"'"$group"'-lines"}'
put file-out '{"connector.class":"FileStreamSink","file":"'"$work/out.txt"'","topics":"'"$group"'-lines"}'
wait_for "all tasks to run on $WORKERS workers" all_run_on "$WORKERS"
layout

step "Killing worker 2 (${urls[2]}) with SIGKILL; its share moves after session.timeout.ms ($SESSION_TIMEOUT_MS)"
begun=$(date +%s%N)
kill -9 "${workers[2]}"
wait "${workers[2]}" 2>/dev/null || true  # the shell says nothing of it
wait_for "all tasks to run on two workers" all_run_on 2
echo "after $((($(date +%s%N) - begun) / 1000000)) ms:"
layout

step "Stopping worker 1 (${urls[1]}) with SIGTERM; its share moves at once"
begun=$(date +%s%N)
kill -TERM "${workers[1]}"
wait_for "all tasks to run on one worker" all_run_on 1
echo "after $((($(date +%s%N) - begun) / 1000000)) ms:"
layout

step "More lines for the worker that is left"
seq -f 'more %.0f' 1 1000 >>"$work/in.txt"
wait_for "every line" all_lines_there
total=$(wc -l <"$work/in.txt")
written=$(wc -l <"$work/out.txt")
kill -TERM "${workers[0]}"
wait "${workers[0]}" || true
trap - EXIT
rm -rf "$work"
echo "All $total lines arrived; $((written - total)) came twice (what the killed worker had not committed)."
