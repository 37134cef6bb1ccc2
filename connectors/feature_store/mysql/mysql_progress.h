#pragma once
// Offsets and ingestions in the database (feature-store-sink.md §11, §14).

#include <span>
#include <string>
#include <vector>

#include "connectors/feature_store/mysql/connection.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

/// Used by one thread. Functions throw MysqlError.
class MysqlProgress {
 public:
  static constexpr int64_t kMaxIngestions = 10'000;  // that are kept of a group
  static constexpr int kMaxIdTries = 10;  // when others begin ingestions at the same time

  explicit MysqlProgress(const MysqlOptions& options);

  OffsetMap positions(MysqlConnection& connection,
                      std::span<const TopicPartition> partitions) const;
  void set(MysqlConnection& connection, const TopicPartition& partition,
           std::optional<Offset> offset) const;
  /// In a transaction: moves the offsets of a batch, which locks out others. Throws FencedException
  /// when one is not the expected one.
  void advance(MysqlConnection& connection, const ApplyBatch& batch) const;
  /// In a transaction.
  void count(MysqlConnection& connection, const CounterSteps& steps) const;

  Ingestion begin(MysqlConnection& connection, int64_t group_id,
                  std::optional<int64_t> entries) const;
  /// The newest first.
  std::vector<Ingestion> newest(MysqlConnection& connection, int64_t group_id, size_t limit) const;
  std::optional<Ingestion> find(MysqlConnection& connection, int64_t group_id, int64_t id) const;

 private:
  bool move(MysqlConnection& connection, const TopicPartition& partition, Offset expected,
            Offset next) const;
  bool begin_at(MysqlConnection& connection, const TopicPartition& partition, Offset next) const;

  std::string group_;
  std::string offsets_;  // quoted names of tables
  std::string ingestions_;
};

}  // namespace millrace::feature_store
