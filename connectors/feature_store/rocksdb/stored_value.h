#pragma once
// Values of the column family `data`: a head, and the row as it came (feature-store-sink.md §9).

#include <cstdint>
#include <string_view>

namespace millrace::feature_store {

struct StoredValue {
  bool is_marker = false;  // of a delete: keeps older rows away; has no row
  bool has_event_time = false;
  int64_t schema_id = 0;
  int64_t event_time_us = 0;
  int64_t kafka_ms = 0;
  uint16_t partition = 0;  // PartitionRefs
  int64_t offset = -1;
  int64_t expiry_us = 0;  // 0: never; of a marker: when it is forgotten
  std::string_view row = {};
};

inline constexpr size_t kMaxValueHead = 2 + 10 + 8 + 8 + 2 + 8 + 8;

/// Writes all but the row to `out`, which has room for kMaxValueHead bytes. Returns how many.
size_t write_head(char* out, const StoredValue& value) noexcept;
/// False: of another format, or cut short. `value.row` points into `bytes`.
bool read_value(std::string_view bytes, StoredValue& value) noexcept;

/// Expired rows, when they are to expire, and aged markers: what counts as not there at all.
inline bool is_gone(const StoredValue& value, int64_t now_us, bool enforce_ttl) noexcept {
  return value.expiry_us != 0 && value.expiry_us <= now_us && (value.is_marker || enforce_ttl);
}

}  // namespace millrace::feature_store
