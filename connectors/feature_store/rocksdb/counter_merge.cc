#include "connectors/feature_store/rocksdb/counter_merge.h"

#include <rocksdb/merge_operator.h>

#include "connectors/feature_store/rocksdb/big_endian.h"

namespace millrace::feature_store {
namespace {

constexpr int64_t kNoEntries = -1;

class CounterMerge : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& step,
             std::string* sum, rocksdb::Logger*) const override {
    IngestionCounts counts;
    IngestionCounts more;
    if (existing != nullptr && !counts.parse(existing->ToStringView())) return false;
    if (!more.parse(step.ToStringView())) return false;
    counts.add(more);
    *sum = counts.text();
    return true;
  }
  const char* Name() const override { return "millrace.IngestionCounts"; }
};

}  // namespace

std::string IngestionCounts::text() const {
  std::string out;
  append_big_endian(out, entries.value_or(kNoEntries));
  for (const int64_t count : rows) append_big_endian(out, count);
  return out;
}

bool IngestionCounts::parse(std::string_view text) {
  int64_t number = 0;
  if (!take_big_endian(text, number)) return false;
  entries = number == kNoEntries ? std::nullopt : std::optional<int64_t>(number);
  for (int64_t& count : rows) {
    if (!take_big_endian(text, count)) return false;
  }
  return text.empty();
}

void IngestionCounts::add(const IngestionCounts& more) {
  if (more.entries) entries = more.entries;
  for (size_t i = 0; i < kRowStatuses; ++i) rows[i] += more.rows[i];
}

std::shared_ptr<rocksdb::MergeOperator> counter_merge() { return std::make_shared<CounterMerge>(); }

}  // namespace millrace::feature_store
