#include "connectors/lakehouse/commit/positions.h"

#include <openssl/evp.h>

#include <array>
#include <functional>

#include "connectors/lakehouse/commit/position_replay.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr int kVersion = 1;

std::string sha256_hex(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw ConnectException("hashing positions: OpenSSL failed");
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

int32_t partition_of(const std::string& text) {
  const int32_t number = whole_number<int32_t>(text).value_or(-1);
  if (number < 0) {
    throw DataException("reading positions: '" + text + "' is no partition");
  }
  return number;
}

/// An object of the version we know.
Json parse_versioned(const std::string& text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("v")) {
    throw DataException("reading positions: " + where + " is no object with a version");
  }
  if (json["v"] != kVersion) {
    throw DataException("reading positions: " + where + " has version " +
                        json["v"].dump() + ", which a newer Millrace wrote; use that one");
  }
  return json;
}

/// From the head on to the first ancestor that is not listed any more.
void for_each_ancestor(const TableMetadata& table, const std::string& branch,
                       const std::function<bool(const Snapshot&)>& go_on) {
  std::optional<int64_t> id = table.ref(branch);
  size_t left = table.snapshot_ids().size();  // a cycle ends as well
  while (id && left-- > 0) {
    const std::optional<Snapshot> snapshot = table.snapshot(*id);
    if (!snapshot || !go_on(*snapshot)) return;
    id = snapshot->parent_id;
  }
}

struct Checkpoint {
  Positions positions;
  int64_t sequence_number = 0;
  int64_t snapshot_id = 0;
};

std::optional<Checkpoint> read_checkpoint(const TableMetadata& table, const std::string& key) {
  const std::string* text = table.property(key);
  if (text == nullptr) return std::nullopt;
  const Json json = parse_versioned(*text, key);
  if (!json.contains("c") || !json.contains("seq") || !json["seq"].is_number_integer() ||
      !json.contains("snapshot") || !json["snapshot"].is_number_integer()) {
    throw DataException("reading positions: " + key + " is incomplete");
  }
  return Checkpoint{Positions::from_json(json["c"]), json["seq"].get<int64_t>(),
                    json["snapshot"].get<int64_t>()};
}

bool has_hash(const Positions& positions, const Json& hash) {
  return hash == sha256_hex(positions.to_json().dump());
}

/// Of a snapshot whose summary has `text`.
Positions of_summary(const TableMetadata& table, int64_t snapshot_id, const std::string& text,
                     const std::optional<Checkpoint>& checkpoint, const std::string& key) {
  const Json json = parse_versioned(text, kOffsetsKey);
  if (json.contains("c")) return Positions::from_json(json["c"]);
  if (json.contains("sha256") && checkpoint) {
    if (has_hash(checkpoint->positions, json["sha256"])) return checkpoint->positions;
    auto then = replay(table, checkpoint->positions, checkpoint->snapshot_id, snapshot_id);
    if (then && has_hash(*then, json["sha256"])) return *std::move(then);
  }
  // Beginning anew by the policy would repeat the rows that the table still has.
  throw DataException("reading positions: the table property " + key +
                      " is not the one that snapshot " + std::to_string(snapshot_id) +
                      " was made with, and what lies between them is not known: was the table "
                      "rolled back? Give the property the value it had then");
}

}  // namespace

std::string checkpoint_key(const std::string& branch) {
  return branch == "main" ? kCheckpointKey : std::string(kCheckpointKey) + "." + branch;
}

std::optional<int64_t> Positions::next(const std::string& cluster,
                                       const TopicPartition& partition) const {
  const auto topics = clusters_.find(cluster);
  if (topics == clusters_.end()) return std::nullopt;
  const auto partitions = topics->second.find(partition.topic);
  if (partitions == topics->second.end()) return std::nullopt;
  const auto at = partitions->second.find(partition.partition);
  return at == partitions->second.end() ? std::nullopt : std::optional(at->second);
}

bool Positions::knows_topic(const std::string& cluster, const std::string& topic) const {
  const auto topics = clusters_.find(cluster);
  return topics != clusters_.end() && topics->second.contains(topic);
}

void Positions::set(const std::string& cluster, const TopicPartition& partition, int64_t next) {
  clusters_[cluster][partition.topic][partition.partition] = next;
}

void Positions::erase(const std::string& cluster, const TopicPartition& partition) {
  const auto topics = clusters_.find(cluster);
  if (topics == clusters_.end()) return;
  const auto partitions = topics->second.find(partition.topic);
  if (partitions == topics->second.end()) return;
  partitions->second.erase(partition.partition);
  if (partitions->second.empty()) topics->second.erase(partitions);
  if (topics->second.empty()) clusters_.erase(topics);
}

OffsetMap Positions::of_cluster(const std::string& cluster) const {
  OffsetMap offsets;
  const auto topics = clusters_.find(cluster);
  if (topics == clusters_.end()) return offsets;
  for (const auto& [topic, partitions] : topics->second) {
    for (const auto& [partition, next] : partitions) {
      offsets.emplace(TopicPartition{topic, partition}, Offset{next});
    }
  }
  return offsets;
}

size_t Positions::partitions() const noexcept {
  size_t count = 0;
  for (const auto& [cluster, topics] : clusters_) {
    for (const auto& [topic, partitions] : topics) count += partitions.size();
  }
  return count;
}

std::optional<std::string> Positions::only_cluster() const {
  if (clusters_.size() != 1) return std::nullopt;
  return clusters_.begin()->first;
}

Json Positions::to_json() const {
  Json json = Json::object();
  for (const auto& [cluster, topics] : clusters_) {
    for (const auto& [topic, partitions] : topics) {
      for (const auto& [partition, next] : partitions) {
        json[cluster][topic][std::to_string(partition)] = next;
      }
    }
  }
  return json;
}

Positions Positions::from_json(const Json& json) {
  Positions positions;
  if (!json.is_object()) throw DataException("reading positions: no object of clusters");
  for (const auto& [cluster, topics] : json.items()) {
    if (!topics.is_object()) throw DataException("reading positions: no object of topics");
    for (const auto& [topic, partitions] : topics.items()) {
      if (!partitions.is_object()) throw DataException("reading positions: no object of partitions");
      for (const auto& [partition, next] : partitions.items()) {
        if (!next.is_number_integer() || next.get<int64_t>() < 0) {
          throw DataException("reading positions: " + next.dump() + " is no offset");
        }
        positions.set(cluster, {topic, partition_of(partition)}, next.get<int64_t>());
      }
    }
  }
  return positions;
}

std::string summary_text(const Positions& positions, size_t most) {
  const Json all = positions.to_json();
  if (positions.partitions() <= most) return Json{{"v", kVersion}, {"c", all}}.dump();
  return Json{{"v", kVersion}, {"sha256", sha256_hex(all.dump())}}.dump();
}

std::string checkpoint_text(const Positions& positions, int64_t sequence_number,
                            int64_t snapshot_id) {
  return Json{{"v", kVersion},
              {"seq", sequence_number},
              {"snapshot", snapshot_id},
              {"c", positions.to_json()}}
      .dump();
}

StoredPositions read_positions(const TableMetadata& table, const std::string& branch) {
  const std::string key = checkpoint_key(branch);
  const std::optional<Checkpoint> checkpoint = read_checkpoint(table, key);
  std::optional<Positions> found;
  bool is_ancestor = false;  // of the head, or it: the checkpoint's snapshot
  int64_t head_sequence = -1;
  for_each_ancestor(table, branch, [&](const Snapshot& snapshot) {
    head_sequence = std::max(head_sequence, snapshot.sequence_number);
    is_ancestor = is_ancestor || (checkpoint && snapshot.id == checkpoint->snapshot_id);
    const auto text = snapshot.summary.find(kOffsetsKey);
    if (text == snapshot.summary.end()) return true;
    found = of_summary(table, snapshot.id, text->second, checkpoint, key);
    return false;
  });
  if (found) return {std::move(*found), false};
  if (!checkpoint) return {};
  const bool is_listed = table.snapshot(checkpoint->snapshot_id).has_value();
  const bool is_gone = (is_listed && !is_ancestor) || head_sequence < checkpoint->sequence_number;
  if (is_gone) return {{}, true};
  return {checkpoint->positions, false};
}

std::optional<int64_t> find_commit(const TableMetadata& table, const std::string& branch,
                                   const std::string& commit_id) {
  std::optional<int64_t> found;
  for_each_ancestor(table, branch, [&](const Snapshot& snapshot) {
    const auto id = snapshot.summary.find(kCommitIdKey);
    if (id != snapshot.summary.end() && id->second == commit_id) found = snapshot.id;
    return !found;
  });
  return found;
}

}  // namespace millrace::lakehouse
