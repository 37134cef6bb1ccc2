#include "connectors/feature_store/redis/entity_key.h"

#include <algorithm>
#include <bit>

#include "connectors/feature_store/redis/feast_value.h"
#include "connectors/feature_store/redis/protobuf.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

using protobuf::put_little_endian;

constexpr int64_t kSecondsOfDay = 86'400;

void put_sized(std::string& out, FeastField type, std::string_view payload) {
  put_little_endian(out, static_cast<uint32_t>(type));
  put_little_endian(out, static_cast<uint32_t>(payload.size()));
  out += payload;
}

template <typename Number>
void put_whole(std::string& out, FeastField type, Number value) {
  put_little_endian(out, static_cast<uint32_t>(type));
  put_little_endian(out, static_cast<uint32_t>(sizeof value));
  put_little_endian(out, value);
}

bool put_value(std::string& out, const FeatureType& type, const Cell& cell) {
  const auto wide = static_cast<uint64_t>(cell.integer);
  switch (type.kind) {
    case FeatureKind::BigInt:
      put_whole(out, FeastField::Int64, wide);
      return true;
    case FeatureKind::Date:
      put_whole(out, FeastField::UnixTimestamp, wide * static_cast<uint64_t>(kSecondsOfDay));
      return true;
    case FeatureKind::Timestamp:
      put_whole(out, FeastField::UnixTimestamp,
                static_cast<uint64_t>(floor_div(cell.integer, kMicrosPerSecond)));
      return true;
    case FeatureKind::Binary:
      put_sized(out, FeastField::Bytes, cell.bytes);
      return true;
    case FeatureKind::String:
      put_sized(out, FeastField::String, cell.bytes);
      return true;
    case FeatureKind::Decimal: {
      std::string text;
      if (!append_plain_decimal(text, cell.bytes, type.scale)) return false;
      put_sized(out, FeastField::String, text);
      return true;
    }
    default:
      put_whole(out, FeastField::Int32, static_cast<uint32_t>(wide));
      return true;
  }
}

uint32_t little_endian_32(const char* bytes) noexcept {
  uint32_t value = 0;
  for (uint32_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8U * i);
  return value;
}

uint32_t scramble(uint32_t block) noexcept {
  return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
}

}  // namespace

uint32_t murmur3_32(std::string_view bytes, uint32_t seed) noexcept {
  uint32_t hash = seed;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    hash = std::rotl(hash ^ scramble(little_endian_32(bytes.data() + at)), 13) * 5U + 0xe6546b64U;
  }
  uint32_t rest = 0;
  for (size_t i = bytes.size(); i > at; --i)
    rest = (rest << 8U) | static_cast<uint8_t>(bytes[i - 1]);
  hash ^= scramble(rest);
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ (hash >> 16U)) * 0x85ebca6bU;
  hash = (hash ^ (hash >> 13U)) * 0xc2b2ae35U;
  return hash ^ (hash >> 16U);
}

std::string feast_field(std::string_view view, std::string_view feature) {
  std::string name(view);
  name += ':';
  name += feature;
  std::string out;
  put_little_endian(out, murmur3_32(name));
  return out;
}

EntityKeys::EntityKeys(const KeySchema& key, const std::map<std::string, std::string>& join_keys,
                       std::string project)
    : types_(key.types()), project_(std::move(project)) {
  std::vector<std::string> names = key.names();
  for (const auto& [join_key, feature] : join_keys) {
    const auto at = std::ranges::find(key.names(), feature);
    if (at != key.names().end()) names[static_cast<size_t>(at - key.names().begin())] = join_key;
  }
  for (size_t i = 0; i < names.size(); ++i) order_.push_back(i);
  std::ranges::sort(order_, {}, [&names](size_t i) -> const std::string& { return names[i]; });
  put_little_endian(prefix_, static_cast<uint32_t>(names.size()));
  for (const size_t i : order_) put_sized(prefix_, FeastField::String, names[i]);
}

bool EntityKeys::append(std::string& out, std::span<const Cell> cells) const {
  out += prefix_;
  for (const size_t i : order_) {
    if (!put_value(out, types_[i], cells[i])) return false;
  }
  out += project_;
  return true;
}

}  // namespace millrace::feature_store
