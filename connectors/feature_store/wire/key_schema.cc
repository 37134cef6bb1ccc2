#include "connectors/feature_store/wire/key_schema.h"

#include <fmt/format.h>

#include <limits>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

/// Bytes of a key part; 0: of any length.
size_t width_of(FeatureKind kind) noexcept {
  switch (kind) {
    case FeatureKind::Boolean:
    case FeatureKind::TinyInt: return 1;
    case FeatureKind::SmallInt: return 2;
    case FeatureKind::Int:
    case FeatureKind::Date: return 4;
    case FeatureKind::BigInt:
    case FeatureKind::Timestamp: return 8;
    case FeatureKind::Decimal: return 16;
    default: return 0;
  }
}

/// With the sign bit turned over, so that negative numbers come first.
template <typename Unsigned>
void append_ordered(std::string& out, Unsigned value, size_t width) {
  value ^= Unsigned{1} << (8 * width - 1);
  for (size_t i = width; i-- > 0;) out.push_back(static_cast<char>(static_cast<uint8_t>(value >> (8 * i))));
}

Uint128 read_ordered(std::string_view bytes) noexcept {
  Uint128 value = 0;
  for (const char byte : bytes) value = (value << 8U) | static_cast<uint8_t>(byte);
  value ^= Uint128{1} << (8 * bytes.size() - 1);
  if (bytes.size() < sizeof value && (value >> (8 * bytes.size() - 1)) != 0) {
    value |= ~Uint128{0} << (8 * bytes.size());
  }
  return value;
}

/// 00 becomes 00 ff, and 00 00 ends it: no key is the beginning of another one's part.
void append_text(std::string& out, std::string_view text) {
  for (size_t zero = 0; (zero = text.find('\0')) != std::string_view::npos;) {
    out.append(text.substr(0, zero + 1)).push_back('\xff');
    text.remove_prefix(zero + 1);
  }
  out.append(text).append(2, '\0');
}

bool read_text(std::string_view& key, std::string& out) {
  while (true) {
    const size_t zero = key.find('\0');
    if (zero == std::string_view::npos || zero + 1 == key.size()) return false;
    out.append(key.substr(0, zero));
    const char next = key[zero + 1];
    key.remove_prefix(zero + 2);
    if (next == '\0') return true;
    if (next != '\xff') return false;
    out.push_back('\0');
  }
}

constexpr const char* kNull = "a primary key is null";
constexpr const char* kWrongType = "a primary key has a value of another type";
constexpr const char* kRange = "a primary key is out of its type's range";

const char* append_whole(std::string& out, FeatureKind kind, int64_t value) {
  const size_t width = width_of(kind);
  if (width < sizeof value) {
    const int64_t limit = kind == FeatureKind::Boolean ? 1 : (int64_t{1} << (8 * width - 1)) - 1;
    const int64_t least = kind == FeatureKind::Boolean ? 0 : -limit - 1;
    if (value < least || value > limit) return kRange;
  }
  if (kind == FeatureKind::Boolean) {
    out.push_back(static_cast<char>(value));
  } else {
    append_ordered(out, static_cast<uint64_t>(value), width);
  }
  return nullptr;
}

const char* append_decimal(std::string& out, const FeatureType& type, const Cell& cell, int32_t scale) {
  auto value = int128_of(cell.bytes);
  if (!value) return kRange;
  if (!rescale(*value, scale, type.scale)) return kRange;
  if (*value >= power_of_ten(type.precision) || *value <= -power_of_ten(type.precision)) return kRange;
  append_ordered(out, static_cast<Uint128>(*value), sizeof(Uint128));
  return nullptr;
}

}  // namespace

KeySchema::KeySchema(std::vector<std::string> names, std::vector<FeatureType> types)
    : names_(std::move(names)), types_(std::move(types)) {
  if (names_.empty()) throw DataException("a feature group needs a primary key");
  for (size_t i = 0; i < types_.size(); ++i) {
    const FeatureKind kind = types_[i].kind;
    if (kind == FeatureKind::Float || kind == FeatureKind::Double || kind == FeatureKind::Complex) {
      throw DataException(fmt::format("feature {} of type {} cannot be in a primary key", names_[i],
                                      types_[i].text));
    }
  }
}

const char* KeySchema::append(std::string& out, size_t i, const Cell& cell, int32_t decimal_scale) const {
  const FeatureType& type = types_[i];
  switch (cell.kind) {
    case Cell::Kind::Null: return kNull;
    case Cell::Kind::Boolean:
      return type.kind == FeatureKind::Boolean ? append_whole(out, type.kind, cell.integer) : kWrongType;
    case Cell::Kind::Integer:
      switch (type.kind) {
        case FeatureKind::TinyInt:
        case FeatureKind::SmallInt:
        case FeatureKind::Int:
        case FeatureKind::BigInt: return append_whole(out, type.kind, cell.integer);
        default: return kWrongType;
      }
    case Cell::Kind::Date:
      return type.kind == FeatureKind::Date ? append_whole(out, type.kind, cell.integer) : kWrongType;
    case Cell::Kind::Timestamp:
      return type.kind == FeatureKind::Timestamp ? append_whole(out, type.kind, cell.integer) : kWrongType;
    case Cell::Kind::Decimal:
      return type.kind == FeatureKind::Decimal ? append_decimal(out, type, cell, decimal_scale) : kWrongType;
    case Cell::Kind::Text:
      if (type.kind != FeatureKind::String) return kWrongType;
      append_text(out, cell.bytes);
      return nullptr;
    case Cell::Kind::Bytes:
      if (type.kind != FeatureKind::Binary) return kWrongType;
      append_text(out, cell.bytes);
      return nullptr;
    default: return kWrongType;
  }
}

const char* KeySchema::append_all(std::string& out, std::span<const Cell> cells) const {
  const size_t before = out.size();
  for (size_t i = 0; i < types_.size(); ++i) {
    if (const char* error = append(out, i, cells[i], types_[i].scale)) {
      out.resize(before);
      return error;
    }
  }
  return nullptr;
}

bool KeySchema::read(std::string_view key, std::vector<Cell>& cells, std::vector<std::string>& texts) const {
  cells.assign(size(), {});
  texts.assign(size(), {});
  for (size_t i = 0; i < size(); ++i) {
    const FeatureKind kind = types_[i].kind;
    Cell& cell = cells[i];
    if (const size_t width = width_of(kind); width == 0) {
      if (!read_text(key, texts[i])) return false;
      cell.kind = kind == FeatureKind::String ? Cell::Kind::Text : Cell::Kind::Bytes;
      cell.bytes = texts[i];
      continue;
    } else {
      if (key.size() < width) return false;
      const std::string_view part = key.substr(0, width);
      key.remove_prefix(width);
      switch (kind) {
        case FeatureKind::Boolean:
          if (part[0] != 0 && part[0] != 1) return false;
          cell.kind = Cell::Kind::Boolean;
          cell.integer = part[0];
          continue;
        case FeatureKind::Decimal: {
          const Uint128 value = read_ordered(part);
          for (size_t byte = sizeof value; byte-- > 0;) {
            texts[i].push_back(static_cast<char>(static_cast<uint8_t>(value >> (8 * byte))));
          }
          cell.kind = Cell::Kind::Decimal;
          cell.bytes = texts[i];
          continue;
        }
        case FeatureKind::Date: cell.kind = Cell::Kind::Date; break;
        case FeatureKind::Timestamp: cell.kind = Cell::Kind::Timestamp; break;
        default: cell.kind = Cell::Kind::Integer;
      }
      cell.integer = static_cast<int64_t>(read_ordered(part));
    }
  }
  return key.empty();
}

}  // namespace millrace::feature_store
