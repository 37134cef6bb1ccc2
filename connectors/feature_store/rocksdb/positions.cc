#include "connectors/feature_store/rocksdb/positions.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/rocksdb/meta_keys.h"

namespace millrace::feature_store {
namespace {

std::string offset_text(int64_t offset) {
  std::string text;
  append_big_endian(text, offset);
  return text;
}

/// The part up to the next 0 byte, which is cut off with it.
bool take_name(std::string_view& in, std::string& name) {
  const size_t end = in.find('\0');
  if (end == std::string_view::npos) return false;
  name = in.substr(0, end);
  in.remove_prefix(end + 1);
  return true;
}

}  // namespace

Positions::Positions(Engine& engine) : engine_(engine) {
  engine_.each_meta(std::string(1, kOffsetTag), [this](std::string_view rest, std::string_view value) {
    std::string cluster;
    TopicPartition partition;
    int64_t offset = 0;
    if (!take_name(rest, cluster) || !take_name(rest, partition.topic) ||
        !take_big_endian(rest, partition.partition) || !take_big_endian(value, offset)) {
      engine_.fail_damaged("a partition's offset");
    }
    clusters_[cluster][partition].offset = offset;
  });
}

OffsetMap Positions::of(const std::string& cluster, std::span<const TopicPartition> partitions) const {
  OffsetMap found;
  const std::lock_guard lock(mutex_);
  const auto places = clusters_.find(cluster);
  if (places == clusters_.end()) return found;
  for (const TopicPartition& partition : partitions) {
    const auto place = places->second.find(partition);
    if (place != places->second.end() && place->second.offset) {
      found.emplace(partition, Offset{*place->second.offset});
    }
  }
  return found;
}

OffsetMap Positions::all() const {
  OffsetMap found;
  const std::lock_guard lock(mutex_);
  for (const auto& [cluster, places] : clusters_) {
    for (const auto& [partition, place] : places) {
      if (!place.offset) continue;
      const auto [at, is_new] = found.emplace(partition, Offset{*place.offset});
      if (!is_new) at->second = std::max(at->second, Offset{*place.offset});
    }
  }
  return found;
}

bool Positions::wait(const TopicPartition& partition, int64_t offset,
                     std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] {
    return std::any_of(clusters_.begin(), clusters_.end(), [&](const auto& cluster) {
      const auto place = cluster.second.find(partition);
      return place != cluster.second.end() && place->second.offset && *place->second.offset >= offset;
    });
  });
}

void Positions::set(const std::string& cluster,
                    const std::map<TopicPartition, std::optional<Offset>>& positions) {
  std::unique_lock lock(mutex_);
  Places& places = clusters_[cluster];
  changed_.wait(lock, [&] {
    return std::none_of(positions.begin(), positions.end(),
                        [&](const auto& one) { return places[one.first].claimed; });
  });
  rocksdb::WriteBatch batch;
  for (const auto& [partition, offset] : positions) {
    const std::string key = offset_key(cluster, partition);
    if (offset) {
      batch.Put(engine_.meta(), key, offset_text(raw(*offset)));
    } else {
      batch.Delete(engine_.meta(), key);
    }
  }
  engine_.write(batch, "moving offsets");
  for (const auto& [partition, offset] : positions) {
    places[partition].offset = offset ? std::optional(raw(*offset)) : std::nullopt;
  }
  changed_.notify_all();
}

Positions::Claim::Claim(Positions& positions, const std::string& cluster, const OffsetMap& expected,
                        const OffsetMap& next)
    : positions_(positions), cluster_(cluster), next_(next) {
  std::unique_lock lock(positions_.mutex_);
  positions_.changed_.wait(lock, [this] { return is_free(); });
  check(expected);
  Places& places = positions_.clusters_[cluster_];
  for (const auto& [partition, offset] : next_) places[partition].claimed = true;
}

Positions::Claim::~Claim() {
  const std::lock_guard lock(positions_.mutex_);
  Places& places = positions_.clusters_[cluster_];
  for (const auto& [partition, offset] : next_) places[partition].claimed = false;
  positions_.changed_.notify_all();
}

bool Positions::Claim::is_free() const {
  const Places& places = positions_.clusters_[cluster_];
  return std::none_of(next_.begin(), next_.end(), [&](const auto& one) {
    const auto place = places.find(one.first);
    return place != places.end() && place->second.claimed;
  });
}

void Positions::Claim::check(const OffsetMap& expected) const {
  const Places& places = positions_.clusters_[cluster_];
  for (const auto& [partition, offset] : expected) {
    const auto place = places.find(partition);
    if (place != places.end() && place->second.offset == raw(offset)) continue;
    const bool has = place != places.end() && place->second.offset;
    throw FencedException(fmt::format(
        "applying rows of {}: the store {} goes on at {}, not at {}; another task has moved it",
        partition.to_string(), positions_.engine_.folder(),
        has ? std::to_string(*place->second.offset) : "no offset", raw(offset)));
  }
}

void Positions::Claim::put(rocksdb::WriteBatch& batch) const {
  for (const auto& [partition, offset] : next_) {
    batch.Put(positions_.engine_.meta(), offset_key(cluster_, partition), offset_text(raw(offset)));
  }
}

void Positions::Claim::publish() {
  const std::lock_guard lock(positions_.mutex_);
  Places& places = positions_.clusters_[cluster_];
  for (const auto& [partition, offset] : next_) places[partition].offset = raw(offset);
}

}  // namespace millrace::feature_store
