#!/usr/bin/env bash
# Orders flow into an Iceberg table, once each, although the worker is killed in the middle.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: examples/lakehouse/run.sh [--keep] [--build FOLDER]
  --keep          leave the table, and say where it is
  --build FOLDER  use this build instead of build/release
TEXT
}

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
keep=false
tree=
while (($#)); do
  case $1 in
    --keep) keep=true ;;
    --build) tree=$2; shift ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

readonly FIRST_ORDERS=200000 MORE_ORDERS=1000
readonly WAIT_TENTHS=1200  # longest wait for one thing

source "$repo/examples/common.sh"

orders() {  # FROM TO [COUPON]
  awk -v from="$1" -v to="$2" -v coupon="${3:-}" 'BEGIN {
    for (i = from; i <= to; ++i)
      printf "{\"id\":%d,\"item\":\"book\",\"amount\":%d.%02d%s}\n", i, i % 90 + 10, i * 7 % 100,
             coupon == "" ? "" : ",\"coupon\":\"" coupon "\""
  }'
}

write_config() {
  printf '%s\n' key.converter=org.apache.kafka.connect.storage.StringConverter \
    value.converter=org.apache.kafka.connect.storage.StringConverter \
    "offset.storage.file.filename=$work/connect.offsets" offset.flush.interval.ms=500 \
    "listeners=http://127.0.0.1:$port" "embedded.log.dir=$work/log" >"$work/worker.properties"
  printf '%s\n' name=orders-source connector.class=FileStreamSource tasks.max=1 \
    "file=$work/orders.json" topic=orders >"$work/source.properties"
  printf '%s\n' name=orders-lake connector.class=org.millrace.LakehouseSinkConnector tasks.max=1 \
    topics=orders value.converter=org.apache.kafka.connect.json.JsonConverter \
    value.converter.schemas.enable=false iceberg.tables=shop.orders \
    iceberg.tables.auto-create-enabled=true iceberg.tables.evolve-schema-enabled=true \
    iceberg.catalog=lake iceberg.catalog.type=jdbc "iceberg.catalog.uri=jdbc:sqlite:$work/catalog.db" \
    "iceberg.catalog.warehouse=file://$work/warehouse" iceberg.control.commit.interval-ms=500 \
    lakehouse.flush.rows=1000 consumer.override.max.poll.records=500 \
    lakehouse.broker.columns=partition,offset >"$work/sink.properties"
}

start_worker() {  # CONNECTOR_FILE...
  "$tree/bin/millrace" standalone "$work/worker.properties" "$@" >>"$work/worker.log" 2>&1 &
  worker=$!
  wait_for "the worker" curl -sf -o "$work/answer" "$url/"
}

offsets_have() { curl -sf "$url/connectors/$1/offsets" 2>/dev/null | grep -q "$2"; }
source_is_at_the_end() { offsets_have orders-source "\"position\":$(stat -c %s "$work/orders.json")"; }
table_is_at() { offsets_have orders-lake "\"kafka_offset\":$1\\b"; }
# Each snapshot has a list of manifests; the first one says where reading begins and has no rows.
has_snapshots() { (($(find "$work/warehouse" -name 'snap-*.avro' 2>/dev/null | wc -l) >= $1)); }
show() { "$python" "$repo/examples/lakehouse/show.py" "$work/catalog.db" "$@"; }

if [[ -z $tree ]]; then
  build
  tree=$repo/build/release
fi
"$repo/scripts/setup" --python
python=$("$repo/scripts/setup" --print-python)
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-lakehouse.XXXXXX")
port=$(free_port)
url=http://127.0.0.1:$port
worker=
trap '[[ -z $worker ]] || kill "$worker" 2>/dev/null || true' EXIT
write_config

step "$FIRST_ORDERS orders flow from a file into the log"
orders 1 "$FIRST_ORDERS" >"$work/orders.json"
start_worker "$work/source.properties"
# A source gives some lines again after a kill; so it is done before the kill comes.
wait_for "the orders in the log" source_is_at_the_end

step "The sink begins to write them to the table; SIGKILL after the first commits"
"$python" - "$work/sink.properties" <<'PY' >"$work/sink.json"
import json, sys
config = dict(line.rstrip("\n").split("=", 1) for line in open(sys.argv[1]))
print(json.dumps({"name": config["name"], "config": config}))
PY
curl -sf -o "$work/answer" -H 'Content-Type: application/json' -d "@$work/sink.json" "$url/connectors"
wait_for "the first commits" has_snapshots 3
{ kill -KILL "$worker" && wait "$worker"; } 2>/dev/null || true
show --at-most $((FIRST_ORDERS - 1))

step "Starting the worker again"
start_worker "$work/source.properties" "$work/sink.properties"
wait_for "the rest of the orders" table_is_at "$FIRST_ORDERS"
show --exactly "$FIRST_ORDERS"

step "$MORE_ORDERS orders with a new field, coupon"
orders $((FIRST_ORDERS + 1)) $((FIRST_ORDERS + MORE_ORDERS)) SPRING >>"$work/orders.json"
wait_for "the new orders" table_is_at $((FIRST_ORDERS + MORE_ORDERS))
show --exactly $((FIRST_ORDERS + MORE_ORDERS)) --schema
printf '\n$ curl %s/connectors/orders-lake/offsets\n' "$url"
curl -sS "$url/connectors/orders-lake/offsets"
echo

step "Stopping"
kill -TERM "$worker"
code=0
wait "$worker" || code=$?
worker=
((code == 143)) || { tail -n 20 "$work/worker.log"; echo "the worker ended with $code"; exit 1; }
if $keep; then
  echo "The table is in $work/warehouse, its catalog is $work/catalog.db"
else
  rm -rf "$work"
fi
echo "Every order is in the table once."
