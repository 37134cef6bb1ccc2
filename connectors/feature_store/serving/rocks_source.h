#pragma once
// The embedded store as lookups' source of rows.

#include <memory>

#include "connectors/feature_store/serving/row_source.h"

namespace millrace::feature_store {

class RocksSource final : public RowSource {
 public:
  explicit RocksSource(std::shared_ptr<RocksDatabase> database) : database_(std::move(database)) {}

  StoredTablePtr table(int64_t group_id) const override { return database_->table(group_id); }
  void get(std::span<Lookup> lookups) const override { database_->get(lookups); }
  bool scan(
      const StoredTable& table, std::string_view prefix, std::string_view after, size_t limit,
      const std::function<bool(std::string_view key, const Lookup& row)>& visit) const override {
    return database_->scan(table, prefix, after, limit, visit);
  }
  bool is_applied(const TopicPartition& partition, int64_t offset) const override {
    // Positions are the offsets of the records that come next.
    return database_->wait_applied(partition, offset + 1,
                                   std::chrono::steady_clock::time_point());
  }
  OnlineStore& local() override { return database_->local(); }
  uint64_t ttl_filtered() const noexcept override { return database_->ttl_filtered(); }

  OffsetMap checkpoint(const std::string& folder) override { return database_->checkpoint(folder); }

 private:
  std::shared_ptr<RocksDatabase> database_;
};

}  // namespace millrace::feature_store
