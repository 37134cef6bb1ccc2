#include "connectors/feature_store/mysql/mysql_markers.h"

#include <fmt/format.h>

namespace millrace::feature_store {
namespace {

constexpr const char* kNowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

constexpr size_t kMaxAtOnce = 1'000;  // of one statement

std::string list_of(std::string_view one, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    if (i != 0) out += ", ";
    out += one;
  }
  return out;
}

}  // namespace

MysqlMarkers::MysqlMarkers(const MysqlOptions& options)
    : table_(sql_name(options.metadata_database) + ".fs_deleted"),
      retention_ms_(options.marker_retention.count()) {}

std::map<std::string, std::string, std::less<>> MysqlMarkers::find(
    MysqlConnection& connection, int64_t group_id, std::span<const std::string_view> keys) const {
  std::map<std::string, std::string, std::less<>> found;
  if (keys.empty()) return found;
  Parameters parameters;
  parameters.whole(group_id).whole(retention_ms_);
  for (const std::string_view key : keys) parameters.bytes(key);
  const std::string sql = fmt::format(
      "SELECT row_key, event_us FROM {} WHERE group_id = ? AND deleted_ms > {} - ? AND "
      "row_key IN ({}) FOR UPDATE",
      table_, kNowMs, list_of("?", keys.size()));
  for (MysqlConnection::Row& row : connection.query(sql, parameters)) {
    found.emplace(row[0].value_or(""), row[1].value_or(""));
  }
  return found;
}

void MysqlMarkers::put(MysqlConnection& connection, int64_t group_id,
                       std::span<const Marker> markers) const {
  for (; markers.size() > kMaxAtOnce; markers = markers.subspan(kMaxAtOnce)) {
    put(connection, group_id, markers.first(kMaxAtOnce));
  }
  Parameters parameters;
  size_t count = 0;
  for (const Marker& marker : markers) {
    if (marker.key.size() > kMaxKeyBytes) continue;
    parameters.whole(group_id).bytes(marker.key).whole(marker.event_us);
    ++count;
  }
  if (count == 0) return;
  connection.execute(
      fmt::format("REPLACE INTO {} (group_id, row_key, event_us, deleted_ms) VALUES {}", table_,
                  list_of(fmt::format("(?, ?, ?, {})", kNowMs), count)),
      parameters);
}

void MysqlMarkers::remove(MysqlConnection& connection, int64_t group_id,
                          std::span<const std::string_view> keys) const {
  for (; keys.size() > kMaxAtOnce; keys = keys.subspan(kMaxAtOnce)) {
    remove(connection, group_id, keys.first(kMaxAtOnce));
  }
  if (keys.empty()) return;
  Parameters parameters;
  parameters.whole(group_id);
  for (const std::string_view key : keys) parameters.bytes(key);
  connection.execute(fmt::format("DELETE FROM {} WHERE group_id = ? AND row_key IN ({})", table_,
                                 list_of("?", keys.size())),
                     parameters);
}

void MysqlMarkers::purge(MysqlConnection& connection) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_purge_ < kPurgeEvery) return;
  last_purge_ = now;
  Parameters parameters;
  connection.execute(fmt::format("DELETE FROM {} WHERE deleted_ms <= {} - ? LIMIT {}", table_,
                                 kNowMs, kPurgedRows),
                     parameters.whole(retention_ms_));
}

}  // namespace millrace::feature_store
