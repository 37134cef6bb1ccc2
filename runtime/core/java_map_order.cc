// java.util.HashMap: buckets in ascending order, within one the order of insertion.

#include "millrace/java_map_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "millrace/utf8.h"
#include "runtime/core/interned_names.h"

namespace millrace {

uint32_t java_string_hash(std::string_view text) noexcept {
  uint32_t hash = 0;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      hash = 31 * hash + static_cast<unsigned char>(text[0]);
      text.remove_prefix(1);
      continue;
    }
    const utf8::Decoded c = utf8::decode(text);
    text.remove_prefix(c.length);
    if (c.code_point >= 0x10000) {
      const uint32_t v = static_cast<uint32_t>(c.code_point) - 0x10000;
      hash = 31 * hash + 0xD800 + (v >> 10U);
      hash = 31 * hash + 0xDC00 + (v & 0x3FFU);
    } else {
      hash = 31 * hash + static_cast<uint32_t>(c.code_point);
    }
  }
  return hash;
}

namespace {

uint32_t fold(uint64_t v) noexcept { return static_cast<uint32_t>(v ^ v >> 32U); }

/// BigInteger.hashCode: over the magnitude's 32-bit words, times the sign.
uint32_t big_integer_hash(std::span<const uint8_t> bytes) noexcept {
  const bool negative = (bytes[0] & 0x80U) != 0;
  size_t lowest = bytes.size();  // behind the last byte that is not zero
  while (lowest > 0 && bytes[lowest - 1] == 0) --lowest;
  uint32_t hash = 0;
  uint32_t word = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint32_t byte = bytes[i];
    if (negative && i < lowest) byte = (i + 1 == lowest ? 0x100U - byte : 0xFFU - byte) & 0xFFU;
    word = word << 8U | byte;
    if ((bytes.size() - i - 1) % 4 == 0) {
      hash = 31 * hash + word;  // leading zero words add nothing
      word = 0;
    }
  }
  return negative ? 0 - hash : hash;
}

uint32_t hash_code(const Value& key) noexcept {
  constexpr uint32_t kTrue = 1231;
  constexpr uint32_t kFalse = 1237;
  switch (key.type()) {
    case Type::Boolean:
      return key.as_bool() ? kTrue : kFalse;
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
      return static_cast<uint32_t>(key.as_int());
    case Type::Int64:
    case Type::Date:
      return fold(static_cast<uint64_t>(key.as_int()));
    case Type::Float32: {
      const float v = key.as_float();
      return std::bit_cast<uint32_t>(std::isnan(v) ? std::numeric_limits<float>::quiet_NaN() : v);
    }
    case Type::Float64: {
      const double v = key.as_double();
      return fold(
          std::bit_cast<uint64_t>(std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v));
    }
    case Type::String:
      return java_string_hash(key.as_string());
    case Type::Decimal:
      return 31 * big_integer_hash(key.as_decimal().unscaled()) +
             static_cast<uint32_t>(key.as_decimal().scale);
    default:
      return 0;
  }
}

uint32_t grown(uint32_t capacity, size_t entries) noexcept {
  while (entries > size_t{capacity} / 4 * 3 + size_t{capacity} % 4 * 3 / 4) capacity *= 2;
  return capacity;
}

/// Sorts `order`, indices into `entries`, by bucket.
void sort_by_bucket(std::span<const MapEntry> entries, uint32_t capacity,
                    std::vector<uint32_t>& order) {
  const uint32_t mask = grown(capacity, entries.size()) - 1;
  // Bucket and index in one number: sorting these is stable and needs no further memory.
  std::vector<uint64_t> places(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const uint32_t hash = hash_code(entries[i].key);
    places[i] = uint64_t{(hash ^ hash >> 16U) & mask} << 32U | i;
  }
  std::sort(places.begin(), places.end());
  order.resize(entries.size());
  std::transform(places.begin(), places.end(), order.begin(),
                 [](uint64_t place) { return static_cast<uint32_t>(place); });
}

void apply(const std::vector<uint32_t>& order, std::span<MapEntry> entries,
           std::vector<MapEntry>& scratch) {
  scratch.assign(entries.begin(), entries.end());
  for (size_t i = 0; i < entries.size(); ++i) entries[i] = scratch[order[i]];
}

}  // namespace

uint32_t java_map_capacity(size_t initial) noexcept {
  return static_cast<uint32_t>(std::bit_ceil(std::max<size_t>(initial, 1)));
}

uint32_t java_map_copy_capacity(size_t entries) noexcept {
  if (entries == 0) return kJavaMapCapacity;
  return java_map_capacity(static_cast<size_t>(static_cast<float>(entries) / 0.75F + 1.0F));
}

void arrange_as_java_map(std::span<MapEntry> entries, uint32_t capacity) {
  if (entries.size() < 2) return;
  std::vector<uint32_t> order;
  std::vector<MapEntry> scratch;
  sort_by_bucket(entries, capacity, order);
  apply(order, entries, scratch);
}

bool JavaMapOrder::Shape::matches(std::span<const MapEntry> entries,
                                  uint32_t table) const noexcept {
  if (capacity != table || ends.size() != entries.size()) return false;
  uint32_t begin = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Value& key = entries[i].key;
    const uint32_t size = ends[i] - begin;
    if (key.type() != Type::String || key.size() != size) return false;
    if (key.data() != addresses[i] &&
        std::memcmp(key.as_string().data(), keys.data() + begin, size) != 0) {
      return false;
    }
    begin = ends[i];
  }
  return true;
}

void JavaMapOrder::Shape::learn(std::span<const MapEntry> entries, uint32_t table) {
  keys.clear();
  ends.clear();
  addresses.clear();
  for (const MapEntry& entry : entries) {
    const std::string_view key = entry.key.as_string();
    addresses.push_back(is_interned(key.data()) ? key.data() : nullptr);
    keys += key;
    ends.push_back(static_cast<uint32_t>(keys.size()));
  }
  sort_by_bucket(entries, table, order);
  if (std::is_sorted(order.begin(), order.end())) order.clear();
  capacity = table;
}

void JavaMapOrder::arrange(std::span<MapEntry> entries, uint32_t capacity) {
  if (entries.size() < 2) return;
  const bool text = std::all_of(entries.begin(), entries.end(), [](const MapEntry& entry) {
    return entry.key.type() == Type::String;
  });
  if (!text || entries.size() > kMaxShapeKeys) return arrange_as_java_map(entries, capacity);
  const size_t slot = entries.size() + 3 * entries.front().key.size() + 7 * entries.back().key.size();
  Shape& shape = shapes_[slot % kShapes];
  if (!shape.matches(entries, capacity)) shape.learn(entries, capacity);
  if (!shape.order.empty()) apply(shape.order, entries, scratch_);
}

}  // namespace millrace
