#include "connectors/lakehouse/commit/position_replay.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "connectors/lakehouse/commit/written_batch.h"

namespace millrace::lakehouse {
namespace {

/// From a snapshot on as far as they are listed.
std::vector<Snapshot> history(const TableMetadata& table, int64_t from) {
  std::vector<Snapshot> snapshots;
  size_t left = table.snapshot_ids().size();  // a cycle ends as well
  for (std::optional<int64_t> id = from; id && left-- > 0; id = snapshots.back().parent_id) {
    std::optional<Snapshot> snapshot = table.snapshot(*id);
    if (!snapshot) break;
    snapshots.push_back(*std::move(snapshot));
  }
  return snapshots;
}

struct Move {
  TopicPartition partition;
  int64_t before = 0;  // negative: there was none
  int64_t after = 0;   // the same
};

/// None when the snapshot moved positions and does not say how.
std::optional<std::vector<Move>> moves_of(const Snapshot& snapshot) {
  std::vector<Move> moves;
  if (!snapshot.summary.contains(kOffsetsKey)) return moves;  // somebody else's
  const auto text = snapshot.summary.find(kRangesKey);
  if (text == snapshot.summary.end()) return std::nullopt;
  const Json json = Json::parse(text->second, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_object()) return std::nullopt;
    for (const auto& [name, range] : partitions.items()) {
      int32_t number = -1;
      std::from_chars(name.data(), name.data() + name.size(), number);
      const bool is_range = range.is_array() && range.size() == 2 && range[0].is_number_integer() &&
                            range[1].is_number_integer();
      if (number < 0 || !is_range || range[0] == OffsetStep::kAny) return std::nullopt;
      moves.push_back({{topic, number}, range[0].get<int64_t>(), range[1].get<int64_t>()});
    }
  }
  return moves;
}

void put(Positions& positions, const std::string& cluster, const TopicPartition& partition,
         int64_t next) {
  if (next < 0) {
    positions.erase(cluster, partition);
  } else {
    positions.set(cluster, partition, next);
  }
}

}  // namespace

std::optional<Positions> replay(const TableMetadata& table, Positions positions, int64_t from,
                                int64_t to) {
  const std::optional<std::string> cluster = positions.only_cluster();
  if (!cluster) return std::nullopt;  // the ranges do not name it
  const std::vector<Snapshot> forward = history(table, to);
  auto common = forward.end();
  for (const Snapshot& snapshot : history(table, from)) {
    common = std::find_if(forward.begin(), forward.end(),
                          [&](const Snapshot& other) { return other.id == snapshot.id; });
    if (common != forward.end()) break;
    const auto moves = moves_of(snapshot);
    if (!moves) return std::nullopt;
    for (const Move& move : *moves) put(positions, *cluster, move.partition, move.before);
  }
  if (common == forward.end()) return std::nullopt;
  for (auto snapshot = std::make_reverse_iterator(common); snapshot != forward.rend(); ++snapshot) {
    const auto moves = moves_of(*snapshot);
    if (!moves) return std::nullopt;
    for (const Move& move : *moves) put(positions, *cluster, move.partition, move.after);
  }
  return positions;
}

}  // namespace millrace::lakehouse
