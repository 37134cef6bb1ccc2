#include "connectors/feature_store/rocksdb/stored_value.h"

#include <cstring>

namespace millrace::feature_store {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kMarker = 1;
constexpr uint8_t kEventTime = 2;
constexpr uint8_t kExpiry = 4;
constexpr size_t kMaxVarint = 10;

/// Little-endian, as all machines this runs on.
template <typename Number>
char* put(char* out, Number number) noexcept {
  std::memcpy(out, &number, sizeof number);
  return out + sizeof number;
}

template <typename Number>
bool take(std::string_view& in, Number& number) noexcept {
  if (in.size() < sizeof number) return false;
  std::memcpy(&number, in.data(), sizeof number);
  in.remove_prefix(sizeof number);
  return true;
}

char* put_varint(char* out, uint64_t number) noexcept {
  while (number >= 0x80) {
    *out++ = static_cast<char>((number & 0x7F) | 0x80);
    number >>= 7;
  }
  *out++ = static_cast<char>(number);
  return out;
}

bool take_varint(std::string_view& in, uint64_t& number) noexcept {
  number = 0;
  for (size_t i = 0; i < kMaxVarint && i < in.size(); ++i) {
    const auto byte = static_cast<uint8_t>(in[i]);
    number |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace

size_t write_head(char* out, const StoredValue& value) noexcept {
  char* at = out;
  const int flags = (value.is_marker ? kMarker : 0) | (value.has_event_time ? kEventTime : 0) |
                    (value.expiry_us != 0 ? kExpiry : 0);
  *at++ = static_cast<char>(kFormat);
  *at++ = static_cast<char>(flags);
  at = put_varint(at, static_cast<uint64_t>(value.schema_id));
  at = put(at, value.has_event_time ? value.event_time_us : int64_t{0});
  at = put(at, value.kafka_ms);
  at = put(at, value.partition);
  at = put(at, value.offset);
  if (value.expiry_us != 0) at = put(at, value.expiry_us);
  return static_cast<size_t>(at - out);
}

bool read_value(std::string_view bytes, StoredValue& value) noexcept {
  uint8_t format = 0;
  uint8_t flags = 0;
  uint64_t schema_id = 0;
  if (!take(bytes, format) || format != kFormat || !take(bytes, flags)) return false;
  if (!take_varint(bytes, schema_id)) return false;
  value.is_marker = (flags & kMarker) != 0;
  value.has_event_time = (flags & kEventTime) != 0;
  value.schema_id = static_cast<int64_t>(schema_id);
  value.expiry_us = 0;
  if (!take(bytes, value.event_time_us) || !take(bytes, value.kafka_ms) ||
      !take(bytes, value.partition) || !take(bytes, value.offset)) {
    return false;
  }
  if ((flags & kExpiry) != 0 && !take(bytes, value.expiry_us)) return false;
  value.row = bytes;
  return true;
}

}  // namespace millrace::feature_store
