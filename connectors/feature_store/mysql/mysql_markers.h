#pragma once
// Deleted rows of event-time mode (feature-store-sink.md §6): an older row that comes late must not
// bring them back.

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/mysql/connection.h"

namespace millrace::feature_store {

/// Used by one thread, within transactions. Functions throw MysqlError.
class MysqlMarkers {
 public:
  static constexpr size_t kMaxKeyBytes = 3'000;   // no marker is kept for longer keys
  static constexpr int64_t kPurgedRows = 10'000;  // at a time
  static constexpr std::chrono::seconds kPurgeEvery{60};

  explicit MysqlMarkers(const MysqlOptions& options);

  /// Last event times, as text, of those keys that have a marker; the markers stay locked.
  std::map<std::string, std::string, std::less<>> find(
      MysqlConnection& connection, int64_t group_id, std::span<const std::string_view> keys) const;
  struct Marker {
    std::string_view key;
    int64_t event_us = 0;
  };
  void put(MysqlConnection& connection, int64_t group_id, std::span<const Marker> markers) const;
  void remove(MysqlConnection& connection, int64_t group_id,
              std::span<const std::string_view> keys) const;
  /// Outside of a transaction: drops markers that are older than the retention, now and then.
  void purge(MysqlConnection& connection);

 private:
  std::string table_;
  int64_t retention_ms_;
  std::chrono::steady_clock::time_point last_purge_ = std::chrono::steady_clock::now();
};

}  // namespace millrace::feature_store
