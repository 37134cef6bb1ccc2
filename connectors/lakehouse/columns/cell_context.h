#pragma once
// What the parts of append_value hand along.

#include <string>

#include "connectors/lakehouse/columns/cell_writer.h"

namespace millrace::lakehouse {

struct CellContext {
  const CellOptions& options;
  Reject& reject;
  int64_t bytes_left;  // of CellOptions::max_bytes

  bool refuse(RejectReason reason, std::string detail) const {
    reject = {reason, {}, std::move(detail)};
    return false;
  }
  /// The reject is of a field below `name`, or of `name` itself.
  bool fail_at(const std::string& name) const {
    reject.field = reject.field.empty() ? name : name + "." + reject.field;
    return false;
  }
  bool mismatch(const Column& column, const Value& value) const;
  /// False when so many bytes are too many.
  bool take(int64_t bytes);
};

/// As append_value, within a value.
bool append_cell(Column& column, const Value& value, CellContext& context);
/// For struct, list and map columns, and values of their kind.
bool append_members(Column& column, const Value& value, CellContext& context);
bool append_items(Column& column, const Value& value, CellContext& context);
bool append_entries(Column& column, const Value& value, CellContext& context);

}  // namespace millrace::lakehouse
