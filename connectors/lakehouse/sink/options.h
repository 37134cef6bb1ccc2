#pragma once
// Configuration of the lakehouse sink: the keys of Apache's Iceberg sink (iceberg-sink.md §2.1), and ours,
// which begin with `lakehouse.`.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/columns/row_writer.h"
#include "connectors/lakehouse/sink/changes.h"
#include "connectors/lakehouse/sink/start_rules.h"
#include "millrace/config_def.h"

namespace millrace::lakehouse {

inline constexpr const char* kVersion = "0.1.0";

/// What a table may have of its own, `iceberg.table.<name>.*`.
struct TableOptions {
  std::string branch;
  std::string partition_by;
  std::vector<std::string> id_columns;
  std::optional<std::string> route_regex;
};

struct SinkOptions {
  // iceberg.*
  std::optional<std::vector<std::string>> tables;
  bool dynamic = false;
  std::optional<std::string> route_field;
  std::string default_branch = "main";
  std::optional<std::string> default_id_columns;
  std::optional<std::string> default_partition_by;
  bool auto_create = false;
  bool evolve_schema = false;
  bool force_optional = false;
  bool ignore_case = false;
  bool upsert = false;
  std::optional<std::string> cdc_field;
  int32_t commit_interval_ms = 300'000;
  std::string catalog_name = "iceberg";
  // lakehouse.*
  std::string start_policy = "earliest";
  std::optional<std::vector<std::string>> start_policies;
  std::optional<std::vector<std::string>> start_offsets;
  std::string out_of_range = "fail";
  std::string on_rollback = "policy";
  std::optional<std::vector<std::string>> broker_columns;
  std::optional<std::string> nested_handling;  // Apache's class: struct, ours: error
  std::string null_values = "skip";
  std::string cdc_envelope = "none";
  std::string unknown_fields = "ignore";
  std::string numbers = "exact";
  int64_t flush_rows = 5'000'000;
  int64_t flush_bytes = int64_t{512} << 20;
  int64_t memory_bytes = int64_t{128} << 20;
  int32_t retry_timeout_ms = 1'800'000;
  int32_t snapshots_keep = 0;
  int64_t snapshots_max_age_ms = 0;

  // Of prefixes.
  Properties catalog;       // iceberg.catalog.
  Properties create_props;  // iceberg.tables.auto-create-props.
  Properties write_props;   // iceberg.tables.write-props.
  StartRules start;
  RowOptions rows;
  ChangeOptions changes;
  bool tolerates_errors = false;  // errors.tolerance=all

  static const ConfigDef<SinkOptions>& def();
  /// Throws ConfigException on the first thing that is wrong with the keys; the catalog is not opened.
  static SinkOptions parse(const Properties& config);
  TableOptions table(const std::string& name) const;
  /// Tells catalogs apart; secrets are in it, for comparison only.
  std::string catalog_key() const;

 private:
  std::map<std::string, Properties> table_props_;  // iceberg.table.<name>.
};

/// What is wrong with a configuration beyond single keys, by key. Opens the catalog.
void check_config(const Properties& config, ConfigErrors& errors);
/// Throws ConfigException for the first of it, or of the keys themselves.
void require_valid(const Properties& config);
/// Keys of Apache's sink that are set and have no meaning here; for one warning.
std::vector<std::string> meaningless_keys(const Properties& config);

}  // namespace millrace::lakehouse
