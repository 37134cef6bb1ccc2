#include "connectors/avro/value.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

std::string type_of(const Node& type) {
  return type.is_named() ? type.name : std::string(kind_name(type.kind));
}

bool takes(const Node& type, const Value& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  const auto* record = std::get_if<Record>(&value.data);
  switch (type.kind) {
    case Kind::Null: return value.is_null();
    case Kind::Boolean: return std::holds_alternative<bool>(value.data);
    case Kind::Int: return std::holds_alternative<int32_t>(value.data);
    case Kind::Long: return std::holds_alternative<int64_t>(value.data);
    case Kind::Float: return std::holds_alternative<float>(value.data);
    case Kind::Double: return std::holds_alternative<double>(value.data);
    case Kind::Bytes:
    case Kind::String: return text != nullptr;
    case Kind::Fixed: return text != nullptr && text->size() == type.size;
    case Kind::Enum:
      return text != nullptr &&
             std::find(type.symbols.begin(), type.symbols.end(), *text) != type.symbols.end();
    case Kind::Record: return record != nullptr && record->fields.size() == type.fields.size();
    case Kind::Array: return std::holds_alternative<Array>(value.data);
    case Kind::Map: return std::holds_alternative<Map>(value.data);
    case Kind::Union:
      return std::any_of(type.members.begin(), type.members.end(),
                         [&](const Node* member) { return takes(*member, value); });
  }
  return false;
}

class Encoder {
 public:
  explicit Encoder(Writer& out) : out_(out) {}

  void encode(const Node& type, const Value& value, int depth) {
    if (depth > kMaxValueDepth) fail("is nested too deeply");
    if (!takes(type, value)) fail(fmt::format("is no {}", type_of(type)));
    switch (type.kind) {
      case Kind::Null: break;
      case Kind::Boolean: out_.write_boolean(value.as<bool>()); break;
      case Kind::Int: out_.write_int(value.as<int32_t>()); break;
      case Kind::Long: out_.write_long(value.as<int64_t>()); break;
      case Kind::Float: out_.write_float(value.as<float>()); break;
      case Kind::Double: out_.write_double(value.as<double>()); break;
      case Kind::Bytes:
      case Kind::String: out_.write_bytes(value.as<std::string>()); break;
      case Kind::Fixed: out_.write_fixed(value.as<std::string>()); break;
      case Kind::Enum: encode_symbol(type, value.as<std::string>()); break;
      case Kind::Record: encode_record(type, value.as<Record>(), depth); break;
      case Kind::Array: encode_array(type, value.as<Array>(), depth); break;
      case Kind::Map: encode_map(type, value.as<Map>(), depth); break;
      case Kind::Union: encode_union(type, value, depth); break;
    }
  }

 private:
  void encode_symbol(const Node& type, const std::string& symbol) {
    const auto found = std::find(type.symbols.begin(), type.symbols.end(), symbol);
    out_.write_long(found - type.symbols.begin());
  }

  void encode_record(const Node& type, const Record& record, int depth) {
    const Field* const outer = field_;
    for (size_t i = 0; i < type.fields.size(); ++i) {
      field_ = &type.fields[i];
      encode(*field_->type, record.fields[i], depth + 1);
    }
    field_ = outer;
  }

  void encode_array(const Node& type, const Array& array, int depth) {
    out_.open_block(array.size());
    for (const Value& item : array) encode(*type.members[0], item, depth + 1);
    out_.close_block();
  }

  void encode_map(const Node& type, const Map& map, int depth) {
    out_.open_block(map.size());
    for (const auto& [key, item] : map) {
      out_.write_bytes(key);
      encode(*type.members[0], item, depth + 1);
    }
    out_.close_block();
  }

  void encode_union(const Node& type, const Value& value, int depth) {
    const auto branch = std::find_if(type.members.begin(), type.members.end(),
                                     [&](const Node* member) { return takes(*member, value); });
    out_.write_long(branch - type.members.begin());
    encode(**branch, value, depth + 1);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataException(fmt::format("writing an Avro value: {} {}",
                                    field_ != nullptr ? field_->name : "the value", what));
  }

  Writer& out_;
  const Field* field_ = nullptr;
};

}  // namespace

bool Value::operator==(const Value& other) const {
  if (data.index() != other.data.index()) return false;
  if (const auto* record = std::get_if<Record>(&data)) {
    return record->fields == std::get<Record>(other.data).fields;
  }
  if (const auto* array = std::get_if<Array>(&data)) return *array == std::get<Array>(other.data);
  if (const auto* map = std::get_if<Map>(&data)) return *map == std::get<Map>(other.data);
  return std::visit(
      [&](const auto& mine) {
        using T = std::remove_cvref_t<decltype(mine)>;
        if constexpr (std::is_same_v<T, Record> || std::is_same_v<T, Array> ||
                      std::is_same_v<T, Map>) {
          return false;
        } else {
          return mine == std::get<T>(other.data);
        }
      },
      data);
}

void encode(Writer& out, const Node& type, const Value& value) {
  Encoder(out).encode(type, value, 0);
}

}  // namespace millrace::avro
