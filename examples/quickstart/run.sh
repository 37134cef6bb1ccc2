#!/usr/bin/env bash
# A file of orders flows through the log to another file, managed by REST.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: examples/quickstart/run.sh [--keep] [--kafka HOST:PORT]
  --keep             leave the worker running and say how to reach and stop it
  --kafka HOST:PORT  use this Kafka broker instead of the embedded log
TEXT
}

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
keep=false
kafka=
while (($#)); do
  case $1 in
    --keep) keep=true ;;
    --kafka) kafka=$2; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

readonly FIRST_ORDERS=1000 MORE_ORDERS=5
readonly WAIT_TENTHS=300  # longest wait for the worker or for records

source "$repo/examples/common.sh"

orders() {  # FROM TO
  local i
  for ((i = $1; i <= $2; ++i)); do
    printf '{"id":%d,"item":"book","amount":%d.%02d}\n' "$i" $((i % 90 + 10)) $((i * 7 % 100))
  done
}

write_config() {
  {
    echo "key.converter=org.apache.kafka.connect.storage.StringConverter"
    echo "value.converter=org.apache.kafka.connect.storage.StringConverter"
    echo "offset.storage.file.filename=$work/connect.offsets"
    echo "offset.flush.interval.ms=1000"
    echo "listeners=http://127.0.0.1:$port"
    if [[ -n $kafka ]]; then echo "bootstrap.servers=$kafka"; else echo "embedded.log.dir=$work/log"; fi
  } >"$work/worker.properties"
  printf '%s\n' "name=orders-source" connector.class=FileStreamSource tasks.max=1 \
    "file=$work/orders.json" "topic=$topic" >"$work/source.properties"
  printf '%s\n' "name=orders-sink" connector.class=FileStreamSink tasks.max=1 \
    "file=$work/orders.out.json" "topics=$topic" >"$work/sink.properties"
}

show() {  # PATH
  printf '\n$ curl %s%s\n' "$url" "$1"
  curl -sS "$url$1"
  echo
}

same_files() { cmp -s "$work/orders.json" "$work/orders.out.json"; }
answers() { curl -sf "$url/connectors/orders-sink/status" >/dev/null 2>&1; }

build
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-quickstart.XXXXXX")
port=$(free_port)
url=http://127.0.0.1:$port
topic=quickstart-orders
[[ -z $kafka ]] || topic=quickstart-orders-$RANDOM$RANDOM
orders 1 "$FIRST_ORDERS" >"$work/orders.json"
write_config

step "Starting a standalone worker on ${kafka:-the embedded log}"
"$repo/build/release/bin/millrace" standalone "$work/worker.properties" "$work/source.properties" \
  "$work/sink.properties" >"$work/worker.log" 2>&1 &
worker=$!
trap '$keep || kill "$worker" 2>/dev/null || true' EXIT
wait_for "the worker" answers

step "What the worker says"
show /
show "/connectors?expand=status"
wait_for "the first $FIRST_ORDERS orders" same_files
echo "$FIRST_ORDERS orders went through: $work/orders.out.json equals $work/orders.json"

step "Appending $MORE_ORDERS orders while it runs"
orders $((FIRST_ORDERS + 1)) $((FIRST_ORDERS + MORE_ORDERS)) >>"$work/orders.json"
wait_for "the new orders" same_files
tail -n "$MORE_ORDERS" "$work/orders.out.json"
sleep 1.2  # one offset.flush.interval.ms, so that the offsets below are the last ones
show /connectors/orders-source/offsets
show /connectors/orders-sink/offsets

if $keep; then
  step "Left running (process $worker); stop it with: kill $worker"
  echo "REST: $url   log: $work/worker.log   append to: $work/orders.json"
  exit 0
fi
step "Stopping"
kill -TERM "$worker"
code=0
wait "$worker" || code=$?
trap - EXIT
((code == 143)) || { tail -n 20 "$work/worker.log"; echo "the worker ended with $code"; exit 1; }
same_files || { echo "the files differ"; exit 1; }
lines=$(wc -l <"$work/orders.out.json")
rm -rf "$work"
echo "Stopped in order; $lines orders in, $lines out, byte for byte equal."
