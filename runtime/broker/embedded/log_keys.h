#pragma once
// Keys of the store: one letter for the kind, then big-endian numbers, so that key order is offset
// order (docs/design/embedded-log.md).

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/ids.h"

namespace millrace::embedded {

inline constexpr char kMetaKey = 'm';
inline constexpr char kTopicKey = 't';
inline constexpr char kRecordsKey = 'r';
inline constexpr char kStartKey = 's';
inline constexpr char kGroupKey = 'g';

inline void put_be(std::string& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift));
  }
}

/// `text` must be long enough.
inline uint64_t get_be(std::string_view text, size_t at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8U | static_cast<uint8_t>(text[at + i]);
  return value;
}

inline std::string partition_key(char kind, uint32_t topic, int32_t partition) {
  std::string key(1, kind);
  put_be(key, topic, 4);
  put_be(key, static_cast<uint32_t>(partition), 4);
  return key;
}
inline constexpr size_t kOffsetAt = 9;  // behind kind, topic and partition
inline constexpr size_t kChunkKeySize = kOffsetAt + 8;

inline std::string chunk_key(uint32_t topic, int32_t partition, int64_t offset) {
  std::string key = partition_key(kRecordsKey, topic, partition);
  put_be(key, static_cast<uint64_t>(offset), 8);
  return key;
}
/// Behind every chunk of the partition.
inline std::string chunks_end(uint32_t topic, int32_t partition) {
  std::string key = partition_key(kRecordsKey, topic, partition);
  put_be(key, UINT64_MAX, 8);
  return key;
}
inline int64_t offset_of_key(std::string_view key) {
  return static_cast<int64_t>(get_be(key, kOffsetAt, 8));
}

/// Neither group nor topic names have a NUL.
inline std::string group_key(const std::string& group, const TopicPartition& tp) {
  std::string key = std::string(1, kGroupKey) + group + '\0' + tp.topic + '\0';
  put_be(key, static_cast<uint32_t>(tp.partition), 4);
  return key;
}

// A stored chunk: bytes of the partition in front of it (8), then the chunk. The difference of two
// positions is the size of what lies between, so retention never has to add up the whole log.
inline constexpr size_t kPositionSize = 8;

inline int64_t position_of(std::string_view stored) {
  return static_cast<int64_t>(get_be(stored, 0, kPositionSize));
}
inline std::string_view chunk_of(std::string_view stored) {
  return stored.size() < kPositionSize ? std::string_view() : stored.substr(kPositionSize);
}

}  // namespace millrace::embedded
