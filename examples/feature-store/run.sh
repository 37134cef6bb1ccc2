#!/usr/bin/env bash
# Card transactions, as Hopsworks' clients write them, into an online store that answers lookups.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: examples/feature-store/run.sh [--keep] [--build FOLDER]
  --keep          leave the worker running, and say how to ask it
  --build FOLDER  use this build instead of build/release
TEXT
}

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/examples/feature-store
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

readonly CARDS=20000
readonly WAIT_TENTHS=600  # longest wait for one thing
readonly API_KEY=example-key

source "$repo/examples/common.sh"

write_config() {
  printf '%s\n' key.converter=org.apache.kafka.connect.converters.ByteArrayConverter \
    value.converter=org.apache.kafka.connect.converters.ByteArrayConverter \
    "offset.storage.file.filename=$work/connect.offsets" offset.flush.interval.ms=500 \
    "listeners=http://127.0.0.1:$port" "embedded.log.dir=$work/log" >"$work/worker.properties"
  # Lines of the producer's file become records with headers and bytes.
  printf '%s\n' name=producer connector.class=FileStreamSource tasks.max=1 \
    "file=$work/records.json" topic=bank_onlinefs transforms=record \
    transforms.record.type=org.millrace.transforms.ReadJsonRecord >"$work/producer.properties"
  printf '%s\n' name=online connector.class=org.millrace.FeatureStoreSinkConnector tasks.max=1 \
    topics=bank_onlinefs "metadata.file=$here/groups.json" "store.path=$work/store" \
    "serving.rondb.port=$rondb" "serving.feast.port=$feast" "serving.api.keys.file=$work/api.keys" \
    errors.tolerance=all >"$work/online.properties"
  printf 'example:%s\n' "$(printf %s "$API_KEY" | sha256sum | cut -d' ' -f1)" >"$work/api.keys"
  : >"$work/records.json"
}

produce() { "$here/producer.py" "$@" >>"$work/records.json"; }

ask() {  # URL [JSON]
  curl -sS -H "X-API-KEY: $API_KEY" ${2:+-H 'Content-Type: application/json' -d "$2"} "$1"
}
show() {  # TITLE URL [JSON]
  printf '\n# %s\n$ curl %s%s\n' "$1" "$2" "${3:+ -d '$3'}"
  ask "${@:2}"
  echo
}
card_url() { echo "http://127.0.0.1:$rondb/0.1.0/bank/$1/pk-read"; }
card() { printf '{"filters":[{"column":"cc_num","value":%d}]}' "$1"; }
answer_has() { ask "$(card_url "$1")" "$(card "$2")" 2>/dev/null | grep -q "$3"; }
answer_is() { [[ $(curl -s -o "$work/answer" -w '%{http_code}' -H "X-API-KEY: $API_KEY" -d "$(card "$2")" "$(card_url "$1")") == "$3" ]]; }
report() { ask "$resource?filter_by=LATEST"; }
report_is_complete() { report | grep -q "\"rows\":$CARDS\\b"; }

if [[ -z $tree ]]; then
  build
  tree=$repo/build/release
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-feature-store.XXXXXX")
port=$(free_port)
rondb=$(free_port)
feast=$(free_port)
resource=http://127.0.0.1:$rondb/project/119/featurestores/67/featuregroups/42/online_ingestion
worker=
trap '[[ -z $worker ]] || kill "$worker" 2>/dev/null || true' EXIT
write_config

step "Starting the worker on the embedded log"
"$tree/bin/millrace" standalone "$work/worker.properties" "$work/producer.properties" \
  "$work/online.properties" >>"$work/worker.log" 2>&1 &
worker=$!
wait_for "lookups" curl -sf -o "$work/answer" -H "X-API-KEY: $API_KEY" "http://127.0.0.1:$rondb/0.1.0/ping"

step "$CARDS transactions, one for each card, as one ingestion"
produce transaction 1 1.00 first  # the table is made with its first row
wait_for "the first row" answer_has txn_1 1 first
ingestion=$(ask "$resource" "{\"id\":null,\"numEntries\":$CARDS}" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
produce transactions "$CARDS" --ingestion "$ingestion"
wait_for "the ingestion" report_is_complete
show "The ingestion report" "$resource?filter_by=ID:$ingestion"

show "One card, by RonDB's API" "$(card_url txn_1)" "$(card 4711)"
produce session 4711 12
wait_for "the session" answer_has session_1 4711 12
show "A vector of the feature view fraud" "http://127.0.0.1:$rondb/0.1.0/feature_store" \
  '{"featureStoreName":"bank","featureViewName":"fraud","featureViewVersion":1,"entries":{"cc_num":4711},"metadataOptions":{"featureName":true,"featureType":true}}'
show "Two cards, by Feast's API" "http://127.0.0.1:$feast/get-online-features" \
  '{"features":["transactions:amount","transactions:merchant"],"entities":{"cc_num":[4711,99999999]}}'

step "An update"
produce transaction 4711 99.5 bookshop
wait_for "the update" answer_has txn_1 4711 bookshop
show "Card 4711" "$(card_url txn_1)" "$(card 4711)"

step "A delete"
produce delete 4711
wait_for "the delete" answer_is txn_1 4711 404
show "Card 4711" "$(card_url txn_1)" "$(card 4711)"

step "An expiry: a session lives for 5 seconds"
wait_for "the expiry" answer_is session_1 4711 404
show "The session of card 4711" "$(card_url session_1)" "$(card 4711)"

step "Without a key there is no answer"
code=$(curl -s -o "$work/answer" -w '%{http_code}' -d "$(card 1)" "$(card_url txn_1)")
((code == 401)) || { echo "expected 401, got $code"; exit 1; }
echo "401"

if $keep; then
  trap - EXIT
  echo "Worker: http://127.0.0.1:$port (process $worker), files in $work, X-API-KEY: $API_KEY"
  exit 0
fi
step "Stopping"
kill -TERM "$worker"
code=0
wait "$worker" || code=$?
worker=
((code == 143)) || { tail -n 20 "$work/worker.log"; echo "the worker ended with $code"; exit 1; }
rm -rf "$work"
echo "Lookups saw each change."
