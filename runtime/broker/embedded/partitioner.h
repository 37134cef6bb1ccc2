#pragma once
// Kafka's default partitioner for keyed records: murmur2 of the key bytes.

#include <cstdint>
#include <string_view>

namespace millrace::embedded {

/// org.apache.kafka.common.utils.Utils.murmur2.
inline uint32_t murmur2(std::string_view key) noexcept {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  constexpr unsigned kShift = 24;
  const auto* p = reinterpret_cast<const uint8_t*>(key.data());
  size_t n = key.size();
  uint32_t h = kSeed ^ static_cast<uint32_t>(n);
  for (; n >= 4; n -= 4, p += 4) {
    uint32_t k =
        uint32_t{p[0]} | uint32_t{p[1]} << 8U | uint32_t{p[2]} << 16U | uint32_t{p[3]} << 24U;
    k *= kMultiplier;
    k ^= k >> kShift;
    k *= kMultiplier;
    h = h * kMultiplier ^ k;
  }
  if (n == 3) h ^= uint32_t{p[2]} << 16U;
  if (n >= 2) h ^= uint32_t{p[1]} << 8U;
  if (n >= 1) h = (h ^ p[0]) * kMultiplier;
  h ^= h >> 13U;
  h *= kMultiplier;
  return h ^ h >> 15U;
}

inline int32_t partition_of_key(std::string_view key, int32_t partitions) noexcept {
  return static_cast<int32_t>(murmur2(key) & 0x7fffffffU) % partitions;
}

}  // namespace millrace::embedded
