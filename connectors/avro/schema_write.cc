#include <set>

#include "connectors/avro/schema.h"

namespace millrace::avro {
namespace {

/// How a full name is written inside a type of namespace `space`.
struct SplitName {
  std::string name;
  std::string space;

  explicit SplitName(const std::string& full) {
    const size_t dot = full.rfind('.');
    name = dot == std::string::npos ? full : full.substr(dot + 1);
    if (dot != std::string::npos) space = full.substr(0, dot);
  }
};

class FullWriter {
 public:
  Json write(const Node& node, const std::string& space) {
    if (node.kind == Kind::Union) {
      Json list = Json::array();
      for (const Node* member : node.members) list.push_back(write(*member, space));
      return list;
    }
    if (node.is_named()) return write_named(node, space);
    const std::string name(kind_name(node.kind));
    if (node.members.empty() && node.properties.empty()) return name;
    Json json = {{"type", name}};
    if (node.kind == Kind::Array) json["items"] = write(*node.members[0], space);
    if (node.kind == Kind::Map) json["values"] = write(*node.members[0], space);
    json.update(node.properties);
    return json;
  }

 private:
  Json write_named(const Node& node, const std::string& space) {
    const SplitName split(node.name);
    if (!written_.insert(node.name).second) return split.space == space ? split.name : node.name;
    Json json = {{"type", std::string(kind_name(node.kind))}, {"name", split.name}};
    if (split.space != space) json["namespace"] = split.space;
    if (!node.aliases.empty()) json["aliases"] = node.aliases;
    if (node.kind == Kind::Record) {
      Json fields = Json::array();
      for (const Field& field : node.fields) fields.push_back(write_field(field, split.space));
      json["fields"] = std::move(fields);
    }
    if (node.kind == Kind::Enum) json["symbols"] = node.symbols;
    if (node.kind == Kind::Fixed) json["size"] = node.size;
    json.update(node.properties);
    return json;
  }

  Json write_field(const Field& field, const std::string& space) {
    Json json = {{"name", field.name}, {"type", write(*field.type, space)}};
    if (field.default_value) json["default"] = *field.default_value;
    if (!field.aliases.empty()) json["aliases"] = field.aliases;
    json.update(field.properties);
    return json;
  }

  std::set<std::string> written_;
};

class CanonicalWriter {
 public:
  Json write(const Node& node) {
    if (node.kind == Kind::Union) {
      Json list = Json::array();
      for (const Node* member : node.members) list.push_back(write(*member));
      return list;
    }
    if (node.is_named()) return write_named(node);
    const std::string name(kind_name(node.kind));
    if (node.kind == Kind::Array) return {{"type", name}, {"items", write(*node.members[0])}};
    if (node.kind == Kind::Map) return {{"type", name}, {"values", write(*node.members[0])}};
    return name;
  }

 private:
  Json write_named(const Node& node) {
    if (!written_.insert(node.name).second) return node.name;
    Json json = {{"name", node.name}, {"type", std::string(kind_name(node.kind))}};
    if (node.kind == Kind::Enum) json["symbols"] = node.symbols;
    if (node.kind == Kind::Fixed) json["size"] = node.size;
    if (node.kind != Kind::Record) return json;
    Json fields = Json::array();
    for (const Field& field : node.fields) {
      fields.push_back({{"name", field.name}, {"type", write(*field.type)}});
    }
    json["fields"] = std::move(fields);
    return json;
  }

  std::set<std::string> written_;
};

}  // namespace

Json Schema::to_json() const { return FullWriter().write(root(), ""); }

std::string Schema::canonical_form() const { return CanonicalWriter().write(root()).dump(); }

}  // namespace millrace::avro
