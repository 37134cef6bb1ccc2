#pragma once
// Random rows of any schema, with the JSON that read_back.py prints for them.

#include <bit>
#include <random>
#include <string>

#include "connectors/lakehouse/columns/column_batch.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/schema_json.h"

namespace millrace::lakehouse {

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<uint8_t>(c) >> 4U];
    out += kDigits[static_cast<uint8_t>(c) & 15U];
  }
  return out;
}
inline Json real_json(double value) {
  const auto bits = __builtin_bswap64(std::bit_cast<uint64_t>(value));
  return hex({reinterpret_cast<const char*>(&bits), sizeof bits});
}

class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t end) { return random_() % end; }

  /// Appends a row and returns it as JSON.
  Json append(ColumnBatch& batch) {
    Json row = Json::object();
    for (Column& column : batch.columns()) row[column.field().name] = append(column);
    return row;
  }

 private:
  Json append(Column& column) {
    if (!column.field().required && below(5) == 0) {
      column.append_null();
      return nullptr;
    }
    const Type& type = *column.field().type;
    switch (type.id) {
      case TypeId::Boolean:
        return fixed(column, below(2) == 1);
      case TypeId::Int:
        return fixed(column, static_cast<int32_t>(random_()));
      case TypeId::Date:
        return fixed(column, static_cast<int32_t>(below(1'000'000)) - 500'000);
      case TypeId::Long:
        return fixed(column, static_cast<int64_t>(random_()));
      case TypeId::Time:
        return fixed(column, static_cast<int64_t>(below(86'400'000'000)));
      case TypeId::Timestamp:
      case TypeId::Timestamptz:
        return fixed(column, static_cast<int64_t>(below(40'000'000'000'000'000)) -
                                 20'000'000'000'000'000);
      case TypeId::Float:
        return real<float>(column);
      case TypeId::Double:
        return real<double>(column);
      case TypeId::Decimal:
        return decimal(column);
      case TypeId::String: {
        const std::string value = text();
        column.append_bytes(value);
        return value;
      }
      case TypeId::Binary:
        return bytes(column, below(10));
      case TypeId::Uuid:
        return bytes(column, 16);
      case TypeId::Fixed:
        return bytes(column, static_cast<uint64_t>(type.length));
      default:
        return nested(column);
    }
  }

  template <class T>
  Json fixed(Column& column, T value) {
    column.append_fixed(value);
    return value;
  }
  template <class T>
  Json real(Column& column) {
    constexpr T kSome[] = {T{0}, -T{0}, T{1.5}, -std::numeric_limits<T>::infinity()};
    const T value = below(3) == 0 ? kSome[below(std::size(kSome))]
                                  : static_cast<T>(static_cast<int64_t>(random_())) / T{7};
    column.append_fixed(value);
    return real_json(value);
  }
  Json decimal(Column& column) {
    const Type& type = *column.field().type;
    Int128 value = 0;
    for (uint64_t digits = below(static_cast<uint64_t>(type.precision) + 1); digits > 0; --digits) {
      value = value * 10 + static_cast<Int128>(below(10));
    }
    if (below(2) == 0) value = -value;
    column.append_fixed(value);
    return decimal_text(value, type.scale);
  }
  Json bytes(Column& column, uint64_t length) {
    std::string value;
    while (value.size() < length) value.push_back(static_cast<char>(random_()));
    column.append_bytes(value);
    return hex(value);
  }
  std::string text() {
    constexpr const char* kSome[] = {"a", "b", "", "\xc3\xa4", "\xf0\x9f\x98\x80", " long text "};
    std::string out;
    for (uint64_t n = below(6); n > 0; --n) out += kSome[below(std::size(kSome))];
    return out;
  }
  Json nested(Column& column) {
    std::vector<Column>& children = column.children();
    if (column.field().type->id == TypeId::Struct) {
      column.append_struct();
      Json value = Json::object();
      for (Column& child : children) value[child.field().name] = append(child);
      return value;
    }
    const auto size = static_cast<int32_t>(below(4));
    column.append_list(size);
    Json value = Json::array();
    for (int32_t i = 0; i < size; ++i) {
      Json first = append(children[0]);
      if (children.size() == 1) {
        value.push_back(std::move(first));
      } else {
        value.push_back({std::move(first), append(children[1])});
      }
    }
    return value;
  }

  std::mt19937_64 random_;
};

}  // namespace millrace::lakehouse
