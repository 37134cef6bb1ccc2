#include "connectors/feature_store/rocksdb/ingestions.h"

#include "connectors/feature_store/rocksdb/counter_merge.h"
#include "connectors/feature_store/rocksdb/meta_keys.h"

namespace millrace::feature_store {
namespace {

std::optional<Ingestion> read(int64_t id, std::string_view text) {
  IngestionCounts counts;
  if (!counts.parse(text)) return std::nullopt;
  return Ingestion{.id = id, .entries = counts.entries, .rows = counts.rows};
}

}  // namespace

Ingestion Ingestions::begin(int64_t group_id, std::optional<int64_t> entries) {
  const std::lock_guard lock(mutex_);
  const std::vector<Ingestion> last = newest(group_id, 1);
  Ingestion made{.id = last.empty() ? 1 : last.front().id + 1, .entries = entries, .rows = {}};
  rocksdb::WriteBatch batch;
  // Merged, in case that a record has counted under this id by now.
  batch.Merge(engine_.meta(), ingestion_key(group_id, made.id), IngestionCounts{.entries = entries}.text());
  if (made.id > kMaxKept) batch.Delete(engine_.meta(), ingestion_key(group_id, made.id - kMaxKept));
  engine_.write(batch, "beginning an ingestion");
  return made;
}

std::vector<Ingestion> Ingestions::newest(int64_t group_id, size_t limit) const {
  std::vector<Ingestion> found;
  const std::string prefix = ingestions_prefix(group_id);
  const Engine::Use store = engine_.use();
  const std::unique_ptr<rocksdb::Iterator> at(store->NewIterator({}, store.meta));
  at->SeekForPrev(ingestion_key(group_id, INT64_MAX));
  for (; found.size() < limit && at->Valid() && at->key().starts_with(prefix); at->Prev()) {
    std::string_view rest = at->key().ToStringView().substr(prefix.size());
    int64_t id = 0;
    const auto one =
        take_big_endian(rest, id) ? read(id, at->value().ToStringView()) : std::nullopt;
    if (!one) engine_.fail_damaged("the counts of an ingestion");
    found.push_back(*one);
  }
  engine_.check(at->status(), "reading ingestions");
  return found;
}

std::optional<Ingestion> Ingestions::find(int64_t group_id, int64_t id) const {
  std::string text;
  const Engine::Use store = engine_.use();
  const auto status = store->Get({}, store.meta, ingestion_key(group_id, id), &text);
  if (status.IsNotFound()) return std::nullopt;
  engine_.check(status, "reading an ingestion");
  const auto found = read(id, text);
  if (!found) engine_.fail_damaged("the counts of an ingestion");
  return found;
}

void Ingestions::put(const CounterSteps& steps, rocksdb::WriteBatch& batch) const {
  for (auto at = steps.begin(); at != steps.end();) {
    const auto [group, ingestion, first] = at->first;
    IngestionCounts counts;
    for (; at != steps.end() && std::get<0>(at->first) == group && std::get<1>(at->first) == ingestion;
         ++at) {
      counts.rows[static_cast<size_t>(std::get<2>(at->first))] += at->second;
    }
    batch.Merge(engine_.meta(), ingestion_key(group, ingestion), counts.text());
  }
}

}  // namespace millrace::feature_store
