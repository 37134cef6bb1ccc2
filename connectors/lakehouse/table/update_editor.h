#pragma once
// Applies updates to a copy of a metadata document. Used once, by TableMetadata::apply.

#include <optional>
#include <set>
#include <string>

#include "connectors/lakehouse/table/json_members.h"

namespace millrace::lakehouse {

class UpdateEditor {
 public:
  UpdateEditor(Json document, int64_t now_ms);

  /// Throws UnsupportedException for an action that is not known, DataException for one that does
  /// not fit the document as it is by now.
  void apply(const Json& update);
  /// The document after all of them.
  Json finish() &&;

 private:
  // Of the table as such.
  void assign_uuid(const Json& update);
  void upgrade_format_version(const Json& update);
  void set_location(const Json& update);
  void set_properties(const Json& update);
  void remove_properties(const Json& update);
  // Of schemas, specs and sort orders.
  void add_schema(const Json& update);
  void set_current_schema(const Json& update);
  void add_spec(const Json& update);
  void set_default_spec(const Json& update);
  void add_sort_order(const Json& update);
  void set_default_sort_order(const Json& update);
  // Of snapshots.
  void add_snapshot(const Json& update);
  void set_snapshot_ref(const Json& update);
  void remove_snapshot_ref(const Json& update);
  void remove_snapshots(const Json& update);
  void set_statistics(const Json& update);

  int32_t version() const;
  TableSchema current_schema() const;
  /// Of what `update` names, `added` for -1.
  int32_t chosen(const Json& update, std::string_view name, std::string_view list,
                 std::string_view key, std::optional<int32_t> added) const;
  /// Gives the next free partition field id, or the one an equal field of another spec has.
  void complete_spec(Json& spec);
  void check_row_ids(const Json& snapshot);
  void move_main(int64_t snapshot_id);

  Json document_;
  int64_t now_ms_;    // not below any time in the document
  int64_t floor_ms_;  // latest time in the document
  std::optional<int32_t> added_schema_ = {};
  std::optional<int32_t> added_spec_ = {};
  std::optional<int32_t> added_sort_order_ = {};
  std::set<int64_t> added_snapshots_ = {};
};

}  // namespace millrace::lakehouse
