#include "connectors/avro/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

constexpr std::array<std::string_view, 14> kKindNames = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "union",  "fixed"};

std::optional<Kind> kind_of(std::string_view name) {
  if (name == "error") return Kind::Record;
  const auto* found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end() || name == "union") return std::nullopt;
  return static_cast<Kind>(found - kKindNames.begin());
}

bool is_primitive(Kind kind) { return kind <= Kind::String; }

std::string_view namespace_of(std::string_view full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : full_name.substr(0, dot);
}

bool has_empty_part(std::string_view full_name) {
  return full_name.front() == '.' || full_name.back() == '.' ||
         full_name.find("..") != std::string_view::npos;
}

std::string full_name(const std::string& name, std::string_view space) {
  if (name.find('.') != std::string::npos || space.empty()) return name;
  return fmt::format("{}.{}", space, name);
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw DataException(fmt::format("parsing an Avro schema: {}{}{}", where,
                                  where.empty() ? "" : ": ", what));
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept { return kKindNames[static_cast<size_t>(kind)]; }

std::optional<int64_t> number(const Json& properties, std::string_view key) {
  const auto found = properties.find(std::string(key));
  if (found == properties.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

std::optional<int64_t> Node::number(std::string_view key) const {
  return avro::number(properties, key);
}

std::string_view Node::logical_type() const noexcept {
  if (properties.empty()) return {};
  const auto found = properties.find("logicalType");
  if (found == properties.end()) return {};
  const auto* text = found->get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// Parses one schema into the nodes of `schema_`.
class SchemaParser {
 public:
  static SchemaPtr run(const Json& json) {
    std::shared_ptr<Schema> schema(new Schema());
    SchemaParser parser(*schema);
    schema->root_ = parser.parse(json, "", "", 0);
    return schema;
  }

 private:
  explicit SchemaParser(Schema& schema) : schema_(schema) {}

  const Node* parse(const Json& json, const std::string& where, std::string_view space, int depth) {
    if (depth > kMaxSchemaDepth) fail(where, "types are nested too deeply");
    if (json.is_string()) return by_name(json.get<std::string>(), where, space);
    if (json.is_array()) return parse_union(json, where, space, depth);
    if (!json.is_object()) fail(where, "a type is a name, an object or a list of types");
    const auto type = json.find("type");
    if (type == json.end()) fail(where, "\"type\" is missing");
    if (!type->is_string()) return parse(*type, where, space, depth + 1);
    const std::string name = type->get<std::string>();
    const std::optional<Kind> kind = kind_of(name);
    if (!kind) return by_name(name, where, space);
    Node* node = add(*kind, where);
    switch (*kind) {
      case Kind::Record:
      case Kind::Enum:
      case Kind::Fixed: parse_named(*node, json, where, space, depth); break;
      case Kind::Array: parse_member(*node, json, "items", where, space, depth); break;
      case Kind::Map: parse_member(*node, json, "values", where, space, depth); break;
      default: keep(*node, json, {"type"}); break;
    }
    return node;
  }

  Node* add(Kind kind, const std::string& where) {
    if (schema_.nodes_.size() >= kMaxSchemaNodes) fail(where, "there are too many types");
    Node& node = schema_.nodes_.emplace_back();
    node.kind = kind;
    return &node;
  }

  const Node* by_name(const std::string& name, const std::string& where, std::string_view space) {
    const std::optional<Kind> kind = kind_of(name);
    if (kind && is_primitive(*kind)) {
      Node*& node = primitives_[static_cast<size_t>(*kind)];
      if (node == nullptr) node = add(*kind, where);
      return node;
    }
    auto found = named_.find(full_name(name, space));
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end()) fail(where, fmt::format("unknown type \"{}\"", name));
    return found->second;
  }

  const Node* parse_union(const Json& json, const std::string& where, std::string_view space,
                          int depth) {
    Node* node = add(Kind::Union, where);
    std::set<std::string> seen;
    for (const Json& branch : json) {
      const Node* member = parse(branch, where, space, depth + 1);
      if (member->kind == Kind::Union) fail(where, "a union is directly in a union");
      const std::string key =
          member->is_named() ? member->name : std::string(kind_name(member->kind));
      if (!seen.insert(key).second) fail(where, fmt::format("\"{}\" is twice in a union", key));
      node->members.push_back(member);
    }
    if (node->members.empty()) fail(where, "a union has no branches");
    return node;
  }

  void parse_member(Node& node, const Json& json, const char* key, const std::string& where,
                    std::string_view space, int depth) {
    const auto found = json.find(key);
    if (found == json.end()) fail(where, fmt::format("\"{}\" is missing", key));
    node.members.push_back(parse(*found, fmt::format("{}.{}", where, key), space, depth + 1));
    keep(node, json, {"type", key});
  }

  void parse_named(Node& node, const Json& json, const std::string& where, std::string_view space,
                   int depth) {
    const std::string name = text(json, "name", where);
    const auto given = json.find("namespace");
    const std::string own_space = given != json.end() && given->is_string()
                                      ? given->get<std::string>()
                                      : std::string(space);
    node.name = full_name(name, own_space);
    if (has_empty_part(node.name)) fail(where, fmt::format("\"{}\" is no name", node.name));
    const std::string inner_space(namespace_of(node.name));
    for (const std::string& alias : texts(json, "aliases", where)) {
      node.aliases.push_back(full_name(alias, inner_space));
    }
    if (node.kind == Kind::Fixed) parse_size(node, json, where);
    define(node, where);
    if (node.kind == Kind::Record) parse_fields(node, json, where, inner_space, depth);
    if (node.kind == Kind::Enum) parse_symbols(node, json, where);
    keep(node, json, {"type", "name", "namespace", "aliases", "fields", "symbols", "size"});
  }

  void define(Node& node, const std::string& where) {
    const std::optional<Kind> reserved = kind_of(node.name);
    const auto [known, is_new] = named_.emplace(node.name, &node);
    // PyIceberg defines a fixed type anew for each field that has it.
    const bool is_same = node.kind == Kind::Fixed && known->second->kind == Kind::Fixed &&
                         node.size == known->second->size;
    if ((reserved && is_primitive(*reserved)) || (!is_new && !is_same)) {
      fail(where, fmt::format("the name \"{}\" is defined already", node.name));
    }
  }

  void parse_fields(Node& node, const Json& json, const std::string& where, std::string_view space,
                    int depth) {
    const auto list = json.find("fields");
    if (list == json.end() || !list->is_array()) fail(where, "\"fields\" is no list");
    std::set<std::string> seen;
    for (const Json& item : *list) {
      if (!item.is_object()) fail(where, "a field is no object");
      Field field;
      field.name = text(item, "name", where);
      const std::string inner = where.empty() ? field.name : where + "." + field.name;
      if (!seen.insert(field.name).second) fail(inner, "the field is there twice");
      const auto type = item.find("type");
      if (type == item.end()) fail(inner, "\"type\" is missing");
      field.type = parse(*type, inner, space, depth + 1);
      field.aliases = texts(item, "aliases", inner);
      if (const auto value = item.find("default"); value != item.end()) {
        field.default_value = *value;
      }
      keep(field, item, {"name", "type", "aliases", "default"});
      node.fields.push_back(std::move(field));
    }
  }

  static void parse_symbols(Node& node, const Json& json, const std::string& where) {
    node.symbols = texts(json, "symbols", where);
    if (json.find("symbols") == json.end()) fail(where, "\"symbols\" is missing");
    const std::set<std::string> seen(node.symbols.begin(), node.symbols.end());
    if (seen.size() != node.symbols.size()) fail(where, "a symbol is there twice");
  }

  static void parse_size(Node& node, const Json& json, const std::string& where) {
    const std::optional<int64_t> size = avro::number(json, "size");
    if (!size || *size < 0 || static_cast<uint64_t>(*size) > kMaxBlockBytes) {
      fail(where, "\"size\" is no length in bytes");
    }
    node.size = static_cast<size_t>(*size);
  }

  static std::string text(const Json& json, const char* key, const std::string& where) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string() || found->get<std::string>().empty()) {
      fail(where, fmt::format("\"{}\" is no text", key));
    }
    return found->get<std::string>();
  }

  static std::vector<std::string> texts(const Json& json, const char* key,
                                        const std::string& where) {
    std::vector<std::string> result;
    const auto found = json.find(key);
    if (found == json.end()) return result;
    if (!found->is_array()) fail(where, fmt::format("\"{}\" is no list", key));
    for (const Json& item : *found) {
      if (!item.is_string()) fail(where, fmt::format("\"{}\" is no list of texts", key));
      result.push_back(item.get<std::string>());
    }
    return result;
  }

  template <typename Owner>
  static void keep(Owner& owner, const Json& json, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : json.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) owner.properties[key] = value;
    }
  }

  Schema& schema_;
  std::array<Node*, 8> primitives_ = {};
  std::map<std::string, const Node*> named_;
};

SchemaPtr Schema::from_json(const Json& json) { return SchemaParser::run(json); }

SchemaPtr Schema::parse(std::string_view text) {
  if (text.size() > kMaxSchemaBytes) fail("", "the text is too long");
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    // A bare name is a schema too, though not in JSON's quotes.
    if (kind_of(text)) return from_json(Json(std::string(text)));
    fail("", error.what());
  }
  return from_json(json);
}

}  // namespace millrace::avro
