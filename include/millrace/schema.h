#pragma once
// Connect schemas (connect-data.md §1): immutable once built, shared by pointer, compared by
// pointer first. Names and rules follow org.apache.kafka.connect.data.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace {

class Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

/// Member of a struct schema. `index` is the position of its value in StructData::values.
struct Field {
  std::string name;
  uint32_t index;
  SchemaPtr schema;
};

/// Parameters in insertion order, as Java keeps them.
using SchemaParameters = std::vector<std::pair<std::string, std::string>>;

/// Immutable and safe to read from any thread. Only SchemaBuilder makes one.
class Schema : public std::enable_shared_from_this<Schema> {
 public:
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  /// One of Int8..Struct; logical types keep their base type (connect-data.md §1.5).
  Type type() const noexcept { return type_; }
  bool optional() const noexcept { return optional_; }
  bool has_default() const noexcept { return has_default_; }
  /// Null unless has_default().
  const Value& default_value() const noexcept { return default_; }
  const std::optional<std::string>& name() const noexcept { return name_; }
  std::optional<int32_t> version() const noexcept { return version_; }
  const std::optional<std::string>& doc() const noexcept { return doc_; }
  const SchemaParameters& parameters() const noexcept { return parameters_; }
  /// Null when there is no such parameter.
  const std::string* parameter(std::string_view key) const noexcept;
  /// Empty unless a struct.
  std::span<const Field> fields() const noexcept { return fields_; }
  /// Null when absent or not a struct. Linear for few fields, else by binary search.
  const Field* field(std::string_view name) const noexcept;
  /// Null unless a map.
  const SchemaPtr& key_schema() const noexcept { return key_; }
  /// Null unless a map or array; may be null for these only in schemas made by `Values` parsing.
  const SchemaPtr& value_schema() const noexcept { return value_; }

  /// In-memory class its values must have: the schema name decides first (Decimal, Date), then the
  /// type (connect-data.md §1.3).
  Type value_class() const noexcept { return class_; }

  /// `Schema{NAME:TYPE}` or `Schema{TYPE}`, as Java prints it.
  std::string to_string() const;

 private:
  friend class SchemaBuilder;
  Schema() = default;

  Type type_ = Type::Null;
  Type class_ = Type::Null;
  bool optional_ = false;
  bool has_default_ = false;
  Value default_;
  std::optional<std::string> name_;
  std::optional<int32_t> version_;
  std::optional<std::string> doc_;
  SchemaParameters parameters_;
  std::vector<Field> fields_;
  std::vector<uint32_t> by_name_;  // field indices sorted by name; empty for few fields
  SchemaPtr key_;
  SchemaPtr value_;
  Arena arena_;  // owns what default_ points to
};

/// Every attribute counts, docs and defaults included.
bool operator==(const Schema& a, const Schema& b) noexcept;
/// Pointer first; two nulls are equal.
bool same_schema(const Schema* a, const Schema* b) noexcept;

/// Builds one schema; set-once rules and messages as in Java (SchemaBuilderException).
class SchemaBuilder {
 public:
  explicit SchemaBuilder(Type type);
  static SchemaBuilder structure() { return SchemaBuilder(Type::Struct); }
  static SchemaBuilder array(SchemaPtr element);
  static SchemaBuilder map(SchemaPtr key, SchemaPtr value);
  /// A map whose key or value schema may be missing (`Values` parsing only).
  static SchemaBuilder map_of_unknown(SchemaPtr key, SchemaPtr value);

  SchemaBuilder& optional(bool value = true);
  SchemaBuilder& name(std::string value);
  SchemaBuilder& version(int32_t value);
  SchemaBuilder& doc(std::string value);
  SchemaBuilder& parameter(std::string key, std::string value);
  SchemaBuilder& parameters(const SchemaParameters& values);
  /// Validated against the builder as configured so far; copied.
  SchemaBuilder& default_value(const Value& value);
  SchemaBuilder& field(std::string name, SchemaPtr schema);
  /// Schema under construction, for looking at; not shared.
  const Schema& peek() const noexcept { return *schema_; }
  /// Hands the schema out; the builder is empty afterwards.
  SchemaPtr build();

 private:
  std::shared_ptr<Schema> schema_;
  bool optional_set_ = false;
};

/// The shared primitive schemas (Schema.STRING_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, ...).
/// `type` is one of Int8..Bytes.
const SchemaPtr& primitive_schema(Type type, bool optional = false);

/// Logical types. Names and base types: connect-data.md §1.5.
namespace logical {
inline constexpr std::string_view kDecimal = "org.apache.kafka.connect.data.Decimal";
inline constexpr std::string_view kDate = "org.apache.kafka.connect.data.Date";
inline constexpr std::string_view kTime = "org.apache.kafka.connect.data.Time";
inline constexpr std::string_view kTimestamp = "org.apache.kafka.connect.data.Timestamp";
inline constexpr std::string_view kScaleParameter = "scale";

SchemaBuilder decimal(int32_t scale);
SchemaBuilder date();
SchemaBuilder time();
SchemaBuilder timestamp();
}  // namespace logical

/// Checks `value` as Struct.put does (connect-data.md §1.3). Returns the empty string when it
/// fits, else the message of Java's DataException. `location` names the place, e.g. `value` or
/// `field: "x"`. Allocates only when it fails.
std::string validate_value(const Schema& schema, const Value& value, std::string_view location);

}  // namespace millrace
