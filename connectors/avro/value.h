#pragma once
// A value of any Avro type, for the control plane: manifests, not records of topics.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/avro/binary.h"
#include "connectors/avro/schema.h"

namespace millrace::avro {

struct Value;

/// In the order of the schema's fields.
struct Record {
  std::vector<Value> fields;
};
using Array = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;

/// Nothing (null), or what the kind says; bytes, text, fixed and the symbol of an enum are strings. A
/// union is the value of its branch.
struct Value {
  using Data = std::variant<std::monostate, bool, int32_t, int64_t, float, double, std::string,
                            Record, Array, Map>;
  Data data = {};

  Value() = default;
  template <typename T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Value> && std::is_constructible_v<Data, T>)
  Value(T&& value) : data(std::forward<T>(value)) {}  // NOLINT: values stand for themselves

  bool is_null() const noexcept { return data.index() == 0; }
  template <typename T>
  const T& as() const {
    return std::get<T>(data);
  }
  bool operator==(const Value& other) const;
};

/// Of a union, the first branch that takes the value. Throws DataException that names the field.
void encode(Writer& out, const Node& type, const Value& value);

}  // namespace millrace::avro
