#pragma once
// Random schemas and values of them.

#include <random>
#include <string>

#include "connectors/avro/value.h"

namespace millrace::avro {

class RandomValue {
 public:
  explicit RandomValue(uint64_t seed) : random_(seed) {}

  Json schema(int depth = 0) {
    switch (below(depth < 4 ? 14 : 8)) {
      case 0: return "null";
      case 1: return "boolean";
      case 2: return "int";
      case 3: return "long";
      case 4: return "float";
      case 5: return "double";
      case 6: return "bytes";
      case 7: return "string";
      case 8: return {{"type", "array"}, {"items", schema(depth + 1)}};
      case 9: return {{"type", "map"}, {"values", schema(depth + 1)}};
      case 10: return {{"type", "fixed"}, {"name", name()}, {"size", below(9)}};
      case 11: return {{"type", "enum"}, {"name", name()}, {"symbols", {"A", "B", "C"}}};
      case 12: return Json::array({"null", {{"type", "array"}, {"items", schema(depth + 1)}}});
      default: return record(depth);
    }
  }

  Value value(const Node& type) {
    switch (type.kind) {
      case Kind::Null: return {};
      case Kind::Boolean: return below(2) == 1;
      case Kind::Int: return static_cast<int32_t>(number());
      case Kind::Long: return number();
      case Kind::Float: return static_cast<float>(number()) / 8;
      case Kind::Double: return static_cast<double>(number()) / 8;
      case Kind::Bytes:
      case Kind::String: return text(below(12));
      case Kind::Fixed: return text(type.size);
      case Kind::Enum: return type.symbols[below(type.symbols.size())];
      case Kind::Union: return value(*type.members[below(type.members.size())]);
      case Kind::Array: return array(type);
      case Kind::Map: return map(type);
      case Kind::Record: return record_value(type);
    }
    return {};
  }

  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

 private:
  std::string name() { return "n" + std::to_string(names_++); }

  Json record(int depth) {
    Json fields = Json::array();
    for (size_t i = below(6); i > 0; --i) {
      fields.push_back({{"name", name()}, {"type", schema(depth + 1)}, {"field-id", below(100)}});
    }
    return {{"type", "record"}, {"name", name()}, {"fields", fields}};
  }

  int64_t number() { return static_cast<int64_t>(random_()) >> below(64); }

  std::string text(size_t size) {
    std::string result;
    for (; size > 0; --size) result.push_back(static_cast<char>(random_()));
    return result;
  }

  Value array(const Node& type) {
    Array items;
    for (size_t i = below(4); i > 0; --i) items.push_back(value(*type.members[0]));
    return items;
  }

  Value map(const Node& type) {
    Map entries;
    for (size_t i = below(4); i > 0; --i) entries.emplace_back(name(), value(*type.members[0]));
    return entries;
  }

  Value record_value(const Node& type) {
    Record record;
    for (const Field& field : type.fields) record.fields.push_back(value(*field.type));
    return record;
  }

  std::mt19937_64 random_;
  int names_ = 0;
};

}  // namespace millrace::avro
