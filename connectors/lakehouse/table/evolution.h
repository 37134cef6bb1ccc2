#pragma once
// Schema evolution as far as a writer asks for it, and name mappings (iceberg-sink.md §5.11).

#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Fields are named by their ids, which they keep.
struct SchemaChange {
  struct NewColumn {
    int32_t parent = 0;  // id of a struct; 0: the table
    NestedField field;   // optional; its ids do not count
  };
  struct NewType {
    int32_t id = 0;
    TypePtr type;
  };
  std::vector<NewColumn> columns = {};
  std::vector<NewType> types = {};        // promotions
  std::vector<int32_t> optionals = {};    // fields that need no value any more
  bool ignore_case = false;               // when it looks whether a new column is there already

  bool empty() const noexcept { return columns.empty() && types.empty() && optionals.empty(); }
};

struct EvolvedSchema {
  TableSchema schema;
  int32_t last_column_id = 0;
  bool changed = false;  // false: the schema has all of it already
};

/// int -> long, float -> double, a decimal of more digits and the same scale; and every type to
/// itself.
bool can_promote(const Type& from, const Type& to);
/// Whether a field may come to need no value: identifiers of rows and keys of maps must not.
bool can_relax(const TableSchema& schema, int32_t field_id);

/// `current` with the change; new columns at the end, ids from `last_column_id` + 1 on. What
/// another writer has done already, or more than that, counts as done, so that a change may be
/// tried again on a newer schema: a new column that is there by now gets what it lacks, members and wider
/// types, and stays as it is where its type is quite another. Throws DataException that names the field
/// and says why it cannot be.
EvolvedSchema evolve(const TableSchema& current, int32_t last_column_id,
                     const SchemaChange& change);

inline constexpr const char* kNameMapping = "schema.name-mapping.default";
/// Value of the property for a schema: which names in files without field ids mean which field.
std::string name_mapping(const TableSchema& schema);
/// `mapping` with the fields of `schema` that it lacks; a name given to one of those is taken from
/// its former field. Aliases stay. Throws DataException for what is no mapping.
std::string extended_name_mapping(std::string_view mapping, const TableSchema& schema);

}  // namespace millrace::lakehouse
