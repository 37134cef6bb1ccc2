#pragma once
// Iceberg's types and schemas (spec v2; iceberg-sink.md §5.2). Immutable once shared.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::lakehouse {

enum class TypeId : uint8_t {
  Boolean,
  Int,
  Long,
  Float,
  Double,
  Date,
  Time,
  Timestamp,    // without zone, microseconds
  Timestamptz,  // an instant, microseconds
  String,
  Uuid,
  Fixed,
  Binary,
  Decimal,
  Struct,
  List,
  Map,
};

struct Type;
using TypePtr = std::shared_ptr<const Type>;

/// A column, or a member of a struct. `id` is unique in the whole schema and never used again.
struct NestedField {
  int32_t id = 0;
  std::string name;
  bool required = false;
  TypePtr type;
  std::string doc = {};
};

/// A type with its parameters. Members of nested types: all fields of a struct; `element` of a list;
/// `key` and `value` of a map.
struct Type {
  TypeId id = TypeId::Boolean;
  int32_t length = 0;     // of Fixed, bytes
  int32_t precision = 0;  // of Decimal, digits
  int32_t scale = 0;      // of Decimal
  std::vector<NestedField> fields = {};

  bool is_primitive() const noexcept { return id < TypeId::Struct; }
  bool operator==(const Type& other) const;
};

TypePtr primitive(TypeId id);
TypePtr decimal_type(int32_t precision, int32_t scale);
TypePtr fixed_type(int32_t length);
TypePtr struct_type(std::vector<NestedField> fields);
TypePtr list_type(int32_t element_id, TypePtr element, bool element_required);
TypePtr map_type(int32_t key_id, TypePtr key, int32_t value_id, TypePtr value, bool value_required);

/// `int`, `decimal(9, 2)`, `list<string>`, ... for messages, and, of primitive types, as in JSON.
std::string type_text(const Type& type);

/// `ignore_case` compares as ASCII.
bool same_name(std::string_view a, std::string_view b, bool ignore_case) noexcept;

struct TableSchema {
  int32_t id = 0;
  std::vector<NestedField> fields;
  std::vector<int32_t> identifier_ids = {};

  /// A top-level column by name; null when there is none. `ignore_case` compares as ASCII.
  const NestedField* column(std::string_view name, bool ignore_case = false) const noexcept;
  /// A field at any depth; null when there is none.
  const NestedField* field(int32_t field_id) const noexcept;
  /// `a.b` of a field at any depth; empty when there is none.
  std::string path_of(int32_t field_id) const;
  int32_t highest_id() const noexcept;
};
using TableSchemaPtr = std::shared_ptr<const TableSchema>;

}  // namespace millrace::lakehouse
