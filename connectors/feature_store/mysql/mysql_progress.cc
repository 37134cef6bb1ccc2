#include "connectors/feature_store/mysql/mysql_progress.h"

#include <fmt/format.h>

#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr const char* kCounts = "upserted, deleted, ignored, failed";  // by RowStatus

int64_t number(const MysqlConnection::Row& row, size_t index) {
  return whole_number<int64_t>(row[index].value_or("")).value_or(0);
}

Ingestion ingestion_of(const MysqlConnection::Row& row) {
  Ingestion out;
  out.id = number(row, 0);
  if (row[1]) out.entries = number(row, 1);
  for (size_t i = 0; i < kRowStatuses; ++i) out.rows[i] = number(row, 2 + i);
  return out;
}

}  // namespace

MysqlProgress::MysqlProgress(const MysqlOptions& options)
    : group_(options.consumer_group),
      offsets_(sql_name(options.metadata_database) + ".kafka_offsets"),
      ingestions_(sql_name(options.metadata_database) + ".fs_ingestions") {}

OffsetMap MysqlProgress::positions(MysqlConnection& connection,
                                   std::span<const TopicPartition> partitions) const {
  OffsetMap found;
  const std::string sql = "SELECT `offset` FROM " + offsets_ +
                          " WHERE consumer_group = ? AND topic = ? AND `partition` = ?";
  for (const TopicPartition& partition : partitions) {
    Parameters parameters;
    parameters.text(group_).text(partition.topic).whole(partition.partition);
    const auto rows = connection.query(sql, parameters);
    if (!rows.empty()) found[partition] = Offset{number(rows[0], 0)};
  }
  return found;
}

void MysqlProgress::set(MysqlConnection& connection, const TopicPartition& partition,
                        std::optional<Offset> offset) const {
  Parameters parameters;
  parameters.text(group_).text(partition.topic).whole(partition.partition);
  if (!offset) {
    connection.execute(
        "DELETE FROM " + offsets_ + " WHERE consumer_group = ? AND topic = ? AND `partition` = ?",
        parameters);
    return;
  }
  connection.execute("REPLACE INTO " + offsets_ +
                         " (consumer_group, topic, `partition`, `offset`) "
                         "VALUES (?, ?, ?, ?)",
                     parameters.whole(raw(*offset)));
}

bool MysqlProgress::move(MysqlConnection& connection, const TopicPartition& partition,
                         Offset expected, Offset next) const {
  Parameters parameters;
  parameters.whole(raw(next))
      .text(group_)
      .text(partition.topic)
      .whole(partition.partition)
      .whole(raw(expected));
  const uint64_t changed = connection.execute(
      "UPDATE " + offsets_ +
          " SET `offset` = ? WHERE consumer_group = ? AND topic = ? AND `partition` = ? "
          "AND `offset` = ?",
      parameters);
  if (changed != 0 || next != expected) return changed != 0;
  // What is as before counts as no change.
  const OffsetMap stored = positions(connection, {&partition, 1});
  return !stored.empty() && stored.begin()->second == expected;
}

bool MysqlProgress::begin_at(MysqlConnection& connection, const TopicPartition& partition,
                             Offset next) const {
  Parameters parameters;
  parameters.text(group_).text(partition.topic).whole(partition.partition).whole(raw(next));
  try {
    connection.execute("INSERT INTO " + offsets_ +
                           " (consumer_group, topic, `partition`, `offset`) "
                           "VALUES (?, ?, ?, ?)",
                       parameters);
    return true;
  } catch (const MysqlError& error) {
    if (error.code() != MysqlError::kDuplicateKey) throw;
    return false;
  }
}

void MysqlProgress::advance(MysqlConnection& connection, const ApplyBatch& batch) const {
  for (const auto& [partition, next] : batch.next) {
    const auto expected = batch.expected.find(partition);
    const bool is_ours = expected == batch.expected.end()
                             ? begin_at(connection, partition, next)
                             : move(connection, partition, expected->second, next);
    if (is_ours) continue;
    throw FencedException(
        fmt::format("writing a batch: another task has moved the offset of {} for group {}; "
                    "positions are read again",
                    partition.to_string(), group_));
  }
}

void MysqlProgress::count(MysqlConnection& connection, const CounterSteps& steps) const {
  std::map<std::pair<int64_t, int64_t>, std::array<int64_t, kRowStatuses>> rows;
  for (const auto& [step, count] : steps) {
    const auto& [group, ingestion, status] = step;
    rows[{group, ingestion}][static_cast<size_t>(status)] += count;
  }
  const std::string sql = fmt::format(
      "INSERT INTO {} (group_id, id, {}) VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
      "upserted = upserted + VALUES(upserted), deleted = deleted + VALUES(deleted), "
      "ignored = ignored + VALUES(ignored), failed = failed + VALUES(failed)",
      ingestions_, kCounts);
  for (const auto& [ids, counts] : rows) {
    Parameters parameters;
    parameters.whole(ids.first).whole(ids.second);
    for (const int64_t count : counts) parameters.whole(count);
    connection.execute(sql, parameters);
  }
}

Ingestion MysqlProgress::begin(MysqlConnection& connection, int64_t group_id,
                               std::optional<int64_t> entries) const {
  for (int turn = 1;; ++turn) {
    Parameters parameters;
    const auto last =
        connection.query("SELECT COALESCE(MAX(id), 0) FROM " + ingestions_ + " WHERE group_id = ?",
                         parameters.whole(group_id));
    Ingestion made{.id = number(last[0], 0) + 1, .entries = entries};
    parameters.whole(made.id);
    if (entries)
      parameters.whole(*entries);
    else
      parameters.null();
    try {
      connection.execute("INSERT INTO " + ingestions_ + " (group_id, id, entries) VALUES (?, ?, ?)",
                         parameters);
    } catch (const MysqlError& error) {
      if (error.code() != MysqlError::kDuplicateKey || turn == kMaxIdTries) throw;
      continue;
    }
    parameters.clear();
    parameters.whole(group_id).whole(made.id - kMaxIngestions);
    connection.execute("DELETE FROM " + ingestions_ + " WHERE group_id = ? AND id <= ?",
                       parameters);
    return made;
  }
}

std::vector<Ingestion> MysqlProgress::newest(MysqlConnection& connection, int64_t group_id,
                                             size_t limit) const {
  Parameters parameters;
  parameters.whole(group_id).whole(static_cast<int64_t>(limit));
  std::vector<Ingestion> out;
  for (const MysqlConnection::Row& row : connection.query(
           fmt::format("SELECT id, entries, {} FROM {} WHERE group_id = ? ORDER BY id DESC LIMIT ?",
                       kCounts, ingestions_),
           parameters)) {
    out.push_back(ingestion_of(row));
  }
  return out;
}

std::optional<Ingestion> MysqlProgress::find(MysqlConnection& connection, int64_t group_id,
                                             int64_t id) const {
  Parameters parameters;
  const auto rows =
      connection.query(fmt::format("SELECT id, entries, {} FROM {} WHERE group_id = ? AND id = ?",
                                   kCounts, ingestions_),
                       parameters.whole(group_id).whole(id));
  return rows.empty() ? std::nullopt : std::optional(ingestion_of(rows[0]));
}

}  // namespace millrace::feature_store
