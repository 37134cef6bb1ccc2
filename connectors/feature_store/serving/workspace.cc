#include "connectors/feature_store/serving/workspace.h"

#include <chrono>

#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {

int64_t wall_clock_us() noexcept {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

void check_size(const std::string& answer, const ApiLimits& limits) {
  if (answer.size() <= limits.max_answer_bytes) return;
  throw RequestError(ErrorCode::BadInput, "The answer would have more than " +
                                              std::to_string(limits.max_answer_bytes) +
                                              " bytes; ask for fewer rows");
}

void Workspace::begin() {
  arena.reset();
  used_ = 0;
  if (lookups_.size() > kKeptLookups) {
    lookups_.resize(kKeptLookups);
    lookups_.shrink_to_fit();
  }
}

Lookup& Workspace::add_lookup(const StoredTablePtr& table) {
  if (used_ >= parts.limits.max_lookups) {
    throw RequestError(
        ErrorCode::BadInput,
        "A request may ask for " + std::to_string(parts.limits.max_lookups) + " rows at most");
  }
  if (used_ == lookups_.size()) lookups_.emplace_back();
  Lookup& lookup = lookups_[used_++];
  lookup.table = table;
  lookup.key.clear();
  return lookup;
}

void Workspace::look_up() {
  if (used_ == 0) return;
  parts.rows->get(std::span(lookups_).first(used_));
  const int64_t now = wall_clock_us();
  for (size_t i = 0; i < used_; ++i) {
    count(lookups_[i]);
    if (lookups_[i].found == Found::Row && lookups_[i].has_event_time) {
      stats.served_age(now - lookups_[i].event_time_us);
    }
  }
}

void Workspace::count(const Lookup& lookup) noexcept {
  stats.row(lookup.found == Found::Row      ? RowResult::Found
            : lookup.found == Found::Absent ? RowResult::Missing
                                            : RowResult::Expired);
}

}  // namespace millrace::feature_store
