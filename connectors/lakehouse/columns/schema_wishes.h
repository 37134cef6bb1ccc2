#pragma once
// What records want of a table's schema that it does not have (iceberg-sink.md §2.3, §5.11).

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/lakehouse/columns/field_names.h"
#include "connectors/lakehouse/columns/reject.h"
#include "connectors/lakehouse/columns/row_options.h"
#include "connectors/lakehouse/table/evolution.h"
#include "millrace/record.h"

namespace millrace::lakehouse {

class Members;

/// New columns and members, wider types, and fields that need no value any more. A wider type is wanted
/// when a record's schema has it, or a value does not fit; no value is needed when a record has none.
/// What a record wants counts as a whole or not at all: one that asks for more columns than the table
/// may have, or for a column that cannot be, or that would not fit even then, gets none. Bound to one schema; used by one thread.
class SchemaWishes {
 public:
  SchemaWishes(TableSchemaPtr schema, const RowOptions& options);

  /// Whether the schema can change for the record. False: it has no wish, and `reject` is as it was; or
  /// the wish cannot be granted, and `reject` says why.
  bool wants(const Record& record, Reject& reject);
  /// Whether records of this schema may want wider types whatever their values are.
  bool widens(const Schema& schema);
  /// Notes what a record wants.
  void add(const Record& record);
  /// What was noted since the last call.
  SchemaChange take();

 private:
  struct Wishes {
    std::map<int32_t, TypePtr> types;  // by field id
    std::set<int32_t> optionals;
    std::vector<SchemaChange::NewColumn> columns;  // in the order they came
    std::unordered_map<std::string, size_t> places;  // in `columns`, by parent and name
    int64_t leaves = 0;                              // of `columns`
    bool has_dots = false;                           // in names of `columns`
    bool empty() const { return types.empty() && optionals.empty() && columns.empty(); }
  };
  struct Member {
    std::string_view name;
    const Schema* schema;
    const Value* value;  // null: only the schema counts
  };
  class Path;

  bool of_record(const Record& record, Wishes& wishes, Reject& reject);
  /// Whether the schema would be one that readers take.
  bool is_sound(const Wishes& wishes) const;
  template <class Visit>
  bool each_member(const Schema* schema, const Value* value, const Visit& visit);
  bool of_row(const Schema* schema, const Value* value, int depth);
  bool of_column(const Member& member, int depth);
  bool of_field(const NestedField& field, const Schema* schema, const Value* value, int depth);
  bool of_members(const NestedField& field, const Schema* schema, const Value* value, int depth);
  bool of_elements(const NestedField& field, const Schema* schema, const Value* value, int depth);
  bool new_column(int32_t parent, const Member& member, int depth);
  bool check(const NestedField& field, int depth);
  bool fits(const NestedField& field, const TypePtr& type, const Value& value);
  bool refuse(RejectReason reason, std::string detail);
  bool relax(const NestedField& field, std::string_view path);
  void widen(const NestedField& field, TypePtr type);
  SchemaChange change_of(const Wishes& wishes) const;
  std::string key_of(int32_t parent, std::string_view name) const;
  FieldNames& names_of(const Type& type);

  const TableSchemaPtr schema_;
  const RowOptions& options_;
  const int64_t leaves_;  // of the schema
  const bool has_dots_;   // in names
  FieldNames columns_;
  std::map<const Type*, FieldNames> names_;  // of structs
  std::vector<bool> is_broker_;              // by column
  Wishes noted_;
  // Of the record that is looked at.
  Wishes* wishes_ = nullptr;
  Reject* reject_ = nullptr;
  std::vector<bool> seen_;  // by column
  std::string path_;
};

}  // namespace millrace::lakehouse
