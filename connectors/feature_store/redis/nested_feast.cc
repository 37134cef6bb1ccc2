#include "connectors/feature_store/redis/nested_feast.h"

#include <cstdint>

#include "connectors/avro/binary.h"
#include "connectors/avro/limits.h"
#include "connectors/feature_store/redis/feast_value.h"
#include "connectors/feature_store/redis/protobuf.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

using avro::Kind;
using avro::Node;

constexpr int64_t kSecondsOfDay = 86'400;
constexpr uint32_t kItem = 1;  // the one field of lists and maps

uint32_t number(FeastField field) noexcept {
  return static_cast<uint32_t>(field);
}

/// The branch that is not null, where there is just one; else the union.
const Node& item_of(const Node& type) noexcept {
  if (type.kind != Kind::Union) return type;
  const Node* value = nullptr;
  for (const Node* branch : type.members) {
    if (branch->kind == Kind::Null) continue;
    if (value != nullptr) return type;
    value = branch;
  }
  return value == nullptr ? type : *value;
}

bool is_moment(const Node& type) {
  const std::string_view logical = type.logical_type();
  return type.kind == Kind::Long &&
         (logical.ends_with("timestamp-micros") || logical.ends_with("timestamp-millis"));
}

/// The field a value of `type` is in; ValueList where its items have no list of their own.
FeastField field_of(const Node& type) {
  switch (type.kind) {
    case Kind::Boolean:
      return FeastField::Boolean;
    case Kind::Int:
      return type.logical_type() == "date" ? FeastField::UnixTimestamp : FeastField::Int32;
    case Kind::Long:
      return is_moment(type) ? FeastField::UnixTimestamp : FeastField::Int64;
    case Kind::Float:
      return FeastField::Float;
    case Kind::Double:
      return FeastField::Double;
    case Kind::Bytes:
    case Kind::Fixed:
      return type.logical_type() == "decimal" ? FeastField::Decimal : FeastField::Bytes;
    case Kind::String:
    case Kind::Enum:
      return FeastField::String;
    case Kind::Record:
      return FeastField::Struct;
    case Kind::Map:
      return FeastField::Map;
    default:
      return FeastField::ValueList;
  }
}

uint32_t list_of(FeastField item) noexcept {
  switch (item) {
    case FeastField::Struct:
      return number(FeastField::StructList);
    case FeastField::Map:
      return number(FeastField::MapList);
    case FeastField::Decimal:
      return number(FeastField::DecimalList);
    case FeastField::ValueList:
      return number(FeastField::ValueList);
    default:
      return number(item) + 10;  // 11 to 18
  }
}

bool is_packed(FeastField item) noexcept {
  return number(item) >= number(FeastField::Int32) &&
         number(item) <= number(FeastField::UnixTimestamp);
}

class NestedFeast {
 public:
  explicit NestedFeast(std::string_view bytes)
      : in_(bytes), budget_(avro::kFreeValues + bytes.size()) {}

  bool write(std::string& out, const Node& type) {
    value(out, type, 0);
    return !in_.failed() && in_.remaining() == 0;
  }

 private:
  /// True: it was null.
  bool value(std::string& out, const Node& type, int depth) {
    if (depth > avro::kMaxValueDepth || budget_-- == 0) in_.fail("too many values, or too deep");
    if (in_.failed()) return false;
    switch (type.kind) {
      case Kind::Null:
        return true;
      case Kind::Boolean:
        put(out, FeastField::Boolean, in_.read_boolean() ? 1 : 0);
        break;
      case Kind::Int:
        whole(out, type, in_.read_int());
        break;
      case Kind::Long:
        whole(out, type, in_.read_long());
        break;
      case Kind::Float:
        protobuf::put_float(out, number(FeastField::Float), in_.read_float());
        break;
      case Kind::Double:
        protobuf::put_double(out, number(FeastField::Double), in_.read_double());
        break;
      case Kind::Bytes:
        binary(out, type, in_.read_bytes());
        break;
      case Kind::Fixed:
        binary(out, type, in_.read_fixed(type.size));
        break;
      case Kind::String:
        protobuf::put_bytes(out, number(FeastField::String), in_.read_bytes());
        break;
      case Kind::Enum:
        symbol(out, type);
        break;
      case Kind::Record:
        record(out, type, depth);
        break;
      case Kind::Map:
        map(out, type, depth);
        break;
      case Kind::Array:
        list(out, type, depth);
        break;
      case Kind::Union:
        return branch(out, type, depth);
    }
    return false;
  }

  bool branch(std::string& out, const Node& type, int depth) {
    if (type.members.empty()) {
      in_.fail("a union has no branch");
      return false;
    }
    return value(out, *type.members[in_.read_index(type.members.size())], depth + 1);
  }

  static void put(std::string& out, FeastField field, int64_t value) {
    protobuf::put_number(out, number(field), value);
  }

  static void whole(std::string& out, const Node& type, int64_t value) {
    const FeastField field = field_of(type);
    if (field != FeastField::UnixTimestamp) return put(out, field, value);
    if (type.kind == Kind::Int) return put(out, field, value * kSecondsOfDay);
    const bool millis = type.logical_type().ends_with("millis");
    put(out, field, floor_div(value, millis ? 1'000 : kMicrosPerSecond));
  }

  void binary(std::string& out, const Node& type, std::string_view bytes) {
    if (field_of(type) == FeastField::Bytes) {
      return protobuf::put_bytes(out, number(FeastField::Bytes), bytes);
    }
    std::string text;
    if (!append_plain_decimal(text, bytes, type.number("scale").value_or(0))) {
      return in_.fail("a decimal has too many digits");
    }
    protobuf::put_bytes(out, number(FeastField::Decimal), text);
  }

  void symbol(std::string& out, const Node& type) {
    const size_t index = in_.read_index(type.symbols.size());
    if (!in_.failed()) protobuf::put_bytes(out, number(FeastField::String), type.symbols[index]);
  }

  void entry(std::string& map, std::string_view key, const Node& type, int depth) {
    std::string content;
    protobuf::put_bytes(content, 1, key);
    std::string item;
    value(item, type, depth + 1);
    protobuf::put_bytes(content, 2, item);
    protobuf::put_bytes(map, kItem, content);
  }

  void record(std::string& out, const Node& type, int depth) {
    std::string content;
    for (const avro::Field& field : type.fields) {
      entry(content, field.name, *field.type, depth);
      if (in_.failed()) return;
    }
    protobuf::put_bytes(out, number(FeastField::Struct), content);
  }

  void map(std::string& out, const Node& type, int depth) {
    std::string content;
    for (int64_t count = in_.read_block(); count > 0; count = in_.read_block()) {
      for (; count > 0 && !in_.failed(); --count) {
        const std::string_view key = in_.read_bytes();
        entry(content, key, *type.members[0], depth);
      }
    }
    protobuf::put_bytes(out, number(FeastField::Map), content);
  }

  /// Items are written as values of their own; without its tag, such a value is an item of a typed
  /// list.
  void list(std::string& out, const Node& type, int depth) {
    const FeastField item = field_of(item_of(*type.members[0]));
    const size_t tag_bytes = number(item) < 16 ? 1 : 2;
    std::string typed;
    std::string values;
    bool has_null = item == FeastField::ValueList;
    for (int64_t count = in_.read_block(); count > 0; count = in_.read_block()) {
      for (; count > 0 && !in_.failed(); --count) {
        std::string one;
        has_null |= value(one, *type.members[0], depth + 1);
        if (in_.failed()) return;
        protobuf::put_bytes(values, kItem, one);
        if (has_null) continue;
        if (!is_packed(item)) protobuf::put_tag(typed, kItem, protobuf::Wire::Bytes);
        typed.append(one, tag_bytes);
      }
    }
    if (has_null) return protobuf::put_bytes(out, number(FeastField::ValueList), values);
    std::string content;
    if (!is_packed(item))
      content = std::move(typed);
    else if (!typed.empty())
      protobuf::put_bytes(content, kItem, typed);
    protobuf::put_bytes(out, list_of(item), content);
  }

  avro::Reader in_;
  uint64_t budget_;
};

}  // namespace

bool append_nested_feast(std::string& out, const Node& type, std::string_view bytes) {
  const size_t before = out.size();
  if (NestedFeast(bytes).write(out, type)) return true;
  out.resize(before);
  return false;
}

}  // namespace millrace::feature_store
