#pragma once
// Avro schemas (specification 1.11, "Schema Declaration"), with all properties they were written with.

#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::avro {

/// Members in the order of the text.
using Json = nlohmann::ordered_json;

enum class Kind : uint8_t {
  Null,
  Boolean,
  Int,
  Long,
  Float,
  Double,
  Bytes,
  String,
  Record,
  Enum,
  Array,
  Map,
  Union,
  Fixed,
};

/// As in schemas: `null`, `record`, ...
std::string_view kind_name(Kind kind) noexcept;

struct Node;

struct Field {
  std::string name;
  const Node* type = nullptr;
  std::optional<Json> default_value = {};
  std::vector<std::string> aliases = {};
  Json properties = Json::object();  // all other members: `doc`, `order`, `field-id`, ...
};

/// A type. Owned by its Schema; named types are one node however often they are referred to.
struct Node {
  Kind kind = Kind::Null;
  std::string name = {};  // full name of Record, Enum, Fixed
  std::vector<std::string> aliases = {};  // full names
  std::vector<Field> fields = {};         // of Record
  std::vector<std::string> symbols = {};  // of Enum
  size_t size = 0;                        // of Fixed, bytes
  /// Items of Array, values of Map, branches of Union.
  std::vector<const Node*> members = {};
  Json properties = Json::object();  // all other members: `doc`, `logicalType`, `element-id`, ...

  bool is_named() const noexcept {
    return kind == Kind::Record || kind == Kind::Enum || kind == Kind::Fixed;
  }
  /// The whole number that property `key` holds; none when there is no such property.
  std::optional<int64_t> number(std::string_view key) const;
  /// `date`, `timestamp-micros`, ...; empty when there is none.
  std::string_view logical_type() const noexcept;
};

/// As Node::number, of a field.
std::optional<int64_t> number(const Json& properties, std::string_view key);

class Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

/// Immutable.
class Schema {
 public:
  /// Both throw DataException that names the place in the schema.
  static SchemaPtr parse(std::string_view text);
  static SchemaPtr from_json(const Json& json);

  const Node& root() const noexcept { return *root_; }
  /// With all properties; a named type in full where it comes first.
  Json to_json() const;
  std::string to_text() const { return to_json().dump(); }
  /// The Parsing Canonical Form: what decides how bytes are read, and nothing else.
  std::string canonical_form() const;

  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

 private:
  friend class SchemaParser;
  Schema() = default;

  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

}  // namespace millrace::avro
