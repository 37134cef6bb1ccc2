#include "connectors/lakehouse/sink/options.h"

#include <algorithm>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/table/partition_spec.h"
#include "millrace/errors.h"
#include "millrace/java_regex.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kCatalogPrefix = "iceberg.catalog.";
constexpr std::string_view kTablePrefix = "iceberg.table.";
constexpr std::string_view kCreatePrefix = "iceberg.tables.auto-create-props.";
constexpr std::string_view kWritePrefix = "iceberg.tables.write-props.";

// Parts of Apache's commit protocol and of its Java libraries, which are not here.
constexpr const char* kMeaningless[] = {
    "iceberg.control.topic", "iceberg.control.group-id-prefix", "iceberg.control.commit.timeout-ms",
    "iceberg.control.commit.threads", "iceberg.control.commit.max-consecutive-failures",
    "iceberg.coordinator.transactional.prefix", "iceberg.connect.group-id",
    "iceberg.coordinator-executor-keep-alive-timeout-ms", "iceberg.hadoop-conf-dir"};
constexpr std::string_view kMeaninglessPrefixes[] = {"iceberg.hadoop.", "iceberg.kafka."};

// Of the sink Apache's came from. Passed over, they would change what is in the table.
constexpr std::pair<const char*, const char*> kRefused[] = {
    {"iceberg.control.group-id", "there is no control topic; offsets are kept in the table"}};

ConfigValidator optional_one_of(std::vector<std::string> allowed) {
  ConfigValidator validator = one_of(std::move(allowed));
  validator.check = [check = validator.check](const ConfigValue& value) {
    return std::holds_alternative<std::monostate>(value) ? std::string() : check(value);
  };
  return validator;
}

void add_apache_keys(ConfigDef<SinkOptions>& d) {
  using S = SinkOptions;
  d.optional(&S::tables, {.name = "iceberg.tables", .importance = Importance::High,
                          .doc = "Destination tables; each record goes to every one of them unless "
                                 "routed. `namespace.name`, a part with dots in backquotes."});
  d.optional(&S::dynamic, {.name = "iceberg.tables.dynamic-enabled",
                           .doc = "Take the table of a record from the route field, in lower case."});
  d.optional(&S::route_field, {.name = "iceberg.tables.route-field",
                               .doc = "Path of the field that names the table of a record."});
  d.optional(&S::default_branch, {.name = "iceberg.tables.default-commit-branch",
                                  .doc = "Branch to commit to."});
  d.optional(&S::default_id_columns, {.name = "iceberg.tables.default-id-columns",
                                      .doc = "Key columns, for upserts and deletes: identifier "
                                             "fields of tables that are created. The default is the "
                                             "table's identifier fields."});
  d.optional(&S::upsert, {.name = "iceberg.tables.upsert-mode-enabled",
                          .doc = "Each row replaces the one of its key, by an equality delete."});
  d.optional(&S::cdc_field, {.name = "iceberg.tables.cdc-field",
                             .doc = "Path of the field that tells what a record does: update (U...), "
                                    "delete (D...), else insert."});
  d.optional(&S::default_partition_by,
             {.name = "iceberg.tables.default-partition-by",
              .doc = "Partition of tables that are created: columns, or transforms such as day(ts), "
                     "bucket(id, 16), truncate(name, 3)."});
  d.optional(&S::auto_create, {.name = "iceberg.tables.auto-create-enabled",
                               .doc = "Create destination tables that do not exist."});
  d.optional(&S::evolve_schema, {.name = "iceberg.tables.evolve-schema-enabled",
                                 .doc = "Add columns for fields that tables have no column for, make int "
                                        "columns long, float ones double and required ones optional when "
                                        "records need it."});
  d.optional(&S::force_optional, {.name = "iceberg.tables.schema-force-optional",
                                  .doc = "Make all columns of new tables optional."});
  d.optional(&S::ignore_case, {.name = "iceberg.tables.schema-case-insensitive",
                               .doc = "Find columns without regard to case."});
  d.optional(&S::commit_interval_ms, {.name = "iceberg.control.commit.interval-ms",
                                      .importance = Importance::High,
                                      .doc = "Longest time between commits, in milliseconds.",
                                      .validator = at_least(1)});
  d.optional(&S::catalog_name, {.name = "iceberg.catalog",
                                .doc = "Name of the catalog. Its settings are iceberg.catalog.*: type "
                                       "(hadoop, jdbc, rest), uri, warehouse, ..."});
}

void add_own_keys(ConfigDef<SinkOptions>& d) {
  using S = SinkOptions;
  d.optional(&S::start_policy, {.name = "lakehouse.start.policy",
                                .doc = "Where topics begin that the table has no offsets of.",
                                .validator = one_of({"earliest", "latest"})});
  d.optional(&S::start_policies, {.name = "lakehouse.start.policies",
                                  .doc = "The same for single topics: topic:policy, ..."});
  d.optional(&S::start_offsets, {.name = "lakehouse.start.offsets",
                                 .doc = "Offsets in place of the policy: topic:offset or "
                                        "topic:partition:offset, ..."});
  d.optional(&S::out_of_range, {.name = "lakehouse.offset.out.of.range",
                                .doc = "What to do when the log does not have the table's offset.",
                                .validator = one_of({"fail", "earliest", "latest"})});
  d.optional(&S::on_rollback, {.name = "lakehouse.on.rollback",
                               .doc = "What to do when the table was rolled back to before all of its "
                                      "offsets: begin as a new table does, or fail.",
                               .validator = one_of({"policy", "fail"})});
  d.optional(&S::broker_columns, {.name = "lakehouse.broker.columns",
                                  .doc = "Columns _kafka_<name> of where a record was: topic, "
                                         "partition, offset, timestamp."});
  d.optional(&S::nested_handling, {.name = "lakehouse.nested.handling",
                                   .doc = "What becomes of objects and arrays in records: an error, "
                                          "JSON text (stringify), nested columns (struct), or a column "
                                          "for each member of an object and JSON text of arrays (flatten). "
                                          "The default is error, and struct under the name of Apache's "
                                          "sink.",
                                   .validator = optional_one_of({"error", "stringify", "struct",
                                                                 "flatten"})});
  d.optional(&S::flatten_separator, {.name = "lakehouse.flatten.separator",
                                     .doc = "What stands between the names in a column of flatten.",
                                     .validator = non_empty_string()});
  d.optional(&S::null_values, {.name = "lakehouse.null.values",
                               .doc = "What becomes of records without a value; delete takes "
                                      "away the row whose key the record's key is.",
                               .validator = one_of({"skip", "reject", "delete"})});
  d.optional(&S::cdc_envelope, {.name = "lakehouse.cdc.envelope",
                                .doc = "What values are wrapped in: debezium takes the row from before "
                                       "and after, and the operation from op.",
                                .validator = one_of({"none", "debezium"})});
  d.optional(&S::unknown_fields, {.name = "lakehouse.unknown.fields",
                                  .doc = "What becomes of fields without a column, when the schema "
                                         "does not evolve.",
                                  .validator = one_of({"ignore", "reject"})});
  d.optional(&S::numbers, {.name = "lakehouse.numbers",
                           .doc = "Columns of numbers without a schema: long and double (exact), or "
                                  "always double, for fields that mix 1 and 1.5.",
                           .validator = one_of({"exact", "double"})});
  d.optional(&S::big_integers, {.name = "lakehouse.big.integers",
                                .doc = "New columns of whole numbers beyond 64 bits that have no schema: "
                                       "decimal(38, 0), string, or reject them.",
                                .validator = one_of({"decimal", "string", "reject"})});
  d.optional(&S::timestamp_columns, {.name = "lakehouse.timestamp.columns",
                                     .doc = "New columns of texts or milliseconds that are instants; "
                                            "members of structs by path, `place.since`."});
  d.optional(&S::date_columns, {.name = "lakehouse.date.columns",
                                .doc = "New columns of texts or milliseconds that are days."});
  d.optional(&S::max_columns, {.name = "lakehouse.columns.max",
                               .doc = "Columns, those in structs counted, that a table may have for new "
                                      "ones to be added; a record that asks for more is rejected.",
                               .validator = at_least(1)});
  d.optional(&S::max_value_bytes, {.name = "lakehouse.value.max.bytes",
                                   .doc = "Most bytes of one value in its column; a record with a larger "
                                          "one is rejected.",
                                   .validator = between(1, int64_t{1} << 30)});
  d.optional(&S::partition_missing, {.name = "lakehouse.partition.missing",
                                     .doc = "What to do when a new table's first records lack a column of "
                                            "its partition: fail, or write rows without a partition until "
                                            "the column comes (wait).",
                                     .validator = one_of({"fail", "wait"})});
  d.optional(&S::flush_rows, {.name = "lakehouse.flush.rows",
                              .doc = "Commit after so many rows of a task.", .validator = at_least(1)});
  d.optional(&S::flush_bytes, {.name = "lakehouse.flush.bytes",
                               .doc = "Commit after so many bytes in a task's files.",
                               .validator = at_least(1)});
  d.optional(&S::tables_max, {.name = "lakehouse.tables.max",
                              .doc = "Tables that a task has open at once, with tables by a field's "
                                     "value. Those without new rows give way; when there are none, the "
                                     "task commits before it reads on.",
                              .validator = at_least(1)});
  d.optional(&S::memory_bytes, {.name = "lakehouse.memory.bytes",
                                .doc = "Memory for rows and encoders of a task.",
                                .validator = at_least(int64_t{16} << 20)});
  d.optional(&S::retry_timeout_ms, {.name = "lakehouse.retry.timeout.ms",
                                    .doc = "How long commits, files and the opening of tables are tried "
                                           "again while the catalog or storage is away, before the task fails.",
                                    .validator = at_least(0)});
  d.optional(&S::snapshots_keep, {.name = "lakehouse.snapshots.keep",
                                  .doc = "How many of the branch's newest snapshots a commit leaves; older "
                                         "ones expire with it. 0: all, unless lakehouse.snapshots.max.age.ms "
                                         "is set. Their files are left to the removal of orphan files.",
                                  .validator = at_least(0)});
  d.optional(&S::snapshots_max_age_ms,
             {.name = "lakehouse.snapshots.max.age.ms",
              .doc = "Snapshots that are younger stay beyond lakehouse.snapshots.keep, older ones "
                     "expire. 0: age does not matter.",
              .validator = at_least(int64_t{0})});
}

/// Adds what `call` throws as an error of `key`.
template <class Call>
void check(const char* key, ConfigErrors& errors, const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    errors.add(key, error.what());
  }
}

RowOptions row_options(const SinkOptions& options) {
  RowOptions rows;
  rows.flatten = options.nested_handling == "flatten";
  rows.separator = options.flatten_separator;
  rows.cells.nested = rows.flatten || options.nested_handling == "stringify" ? NestedHandling::Stringify
                                                                             : NestedHandling::Error;
  rows.cells.max_bytes = options.max_value_bytes;
  rows.max_columns = options.max_columns;
  rows.inference.numbers_as_double = options.numbers == "double";
  rows.inference.all_optional = options.force_optional;
  rows.inference.big_integers = options.big_integers == "string"   ? BigIntegers::Text
                                : options.big_integers == "reject" ? BigIntegers::Reject
                                                                   : BigIntegers::Decimal;
  rows.inference.timestamps = options.timestamp_columns.value_or(std::vector<std::string>());
  rows.inference.dates = options.date_columns.value_or(std::vector<std::string>());
  rows.reject_nested = options.nested_handling == "error";
  rows.ignore_case = options.ignore_case;
  rows.collect_unknown = options.evolve_schema;
  rows.reject_unknown = !options.evolve_schema && options.unknown_fields == "reject";
  static constexpr std::string_view kNames[] = {"topic", "partition", "offset", "timestamp"};
  for (const std::string& name : options.broker_columns.value_or(std::vector<std::string>())) {
    const auto* at = std::find(std::begin(kNames), std::end(kNames), name);
    if (at == std::end(kNames)) {
      throw ConfigException("'" + name + "' is no broker column: use topic, partition, offset, timestamp");
    }
    rows.broker_fields.push_back(static_cast<BrokerField>(at - kNames));
  }
  return rows;
}

ChangeOptions change_options(const SinkOptions& options) {
  return {.upsert = options.upsert,
          .operation = options.cdc_field,
          .debezium = options.cdc_envelope == "debezium",
          .null_deletes = options.null_values == "delete"};
}

StartRules start_rules(const SinkOptions& options) {
  StartRules rules;
  rules.policy = parse_start_policy(options.start_policy);
  if (options.start_policies) rules.of_topic = parse_start_policies(*options.start_policies);
  if (options.start_offsets) parse_start_offsets(*options.start_offsets, rules);
  rules.out_of_range = options.out_of_range == "earliest" ? OutOfRange::Earliest
                       : options.out_of_range == "latest" ? OutOfRange::Latest
                                                          : OutOfRange::Fail;
  return rules;
}

void check_listed(const SinkOptions& options) {
  const auto instants = options.timestamp_columns.value_or(std::vector<std::string>());
  for (const std::string& name : options.date_columns.value_or(std::vector<std::string>())) {
    if (std::find(instants.begin(), instants.end(), name) == instants.end()) continue;
    throw ConfigException("'" + name + "' is in lakehouse.timestamp.columns, too: a column is one of the two");
  }
}

/// All but the catalog, which is opened by who needs it.
void check_keys(const Properties& config, ConfigErrors& errors) {
  SinkOptions options;
  try {
    options = SinkOptions::def().parse(config);
  } catch (const ConfigException&) {
    return;  // the key has its own error
  }
  for (const auto& [key, why] : kRefused) {
    if (find(config, key) != nullptr) errors.add(key, std::string("not supported: ") + why);
  }
  const bool has_tables = options.tables && !options.tables->empty();
  if (!has_tables && !options.dynamic) {
    errors.add("iceberg.tables", "is required: the destination tables");
  }
  if (has_tables && options.dynamic) {
    errors.add("iceberg.tables", "must not be set with iceberg.tables.dynamic-enabled=true: records name "
                                 "their tables");
  }
  if (options.dynamic && options.null_values == "delete") {
    errors.add("lakehouse.null.values", "must not be delete with iceberg.tables.dynamic-enabled=true: "
                                        "records without a value name no table");
  }
  if (options.dynamic && options.route_field.value_or("").empty()) {
    errors.add("iceberg.tables.route-field",
               "is required with iceberg.tables.dynamic-enabled=true: the field that names the table");
  }
  for (const std::string& table : options.tables.value_or(std::vector<std::string>())) {
    check("iceberg.tables", errors, [&] { parse_table_name(table); });
    const std::string route = std::string(kTablePrefix) + table + ".route-regex";
    if (const std::string* regex = find(config, route)) {
      check(route.c_str(), errors, [&] { JavaRegex{*regex}; });
    }
    const std::string by = std::string(kTablePrefix) + table + ".partition-by";
    if (const std::string* text = find(config, by)) {
      check(by.c_str(), errors, [&] { partition_sources(*text); });
    }
  }
  if (options.cdc_field && options.cdc_envelope != "none") {
    errors.add("iceberg.tables.cdc-field", "is not for envelopes, whose operation is op");
  }
  check("iceberg.tables.default-partition-by", errors,
        [&] { partition_sources(options.default_partition_by.value_or("")); });
  check("lakehouse.date.columns", errors, [&] { check_listed(options); });
  check("lakehouse.start.policies", errors, [&] {
    parse_start_policies(options.start_policies.value_or(std::vector<std::string>()));
  });
  check("lakehouse.start.offsets", errors, [&] {
    StartRules rules;
    parse_start_offsets(options.start_offsets.value_or(std::vector<std::string>()), rules);
  });
  check("lakehouse.broker.columns", errors, [&] { row_options(options); });
}

bool is_id_columns(std::string_view key) {
  return key == "iceberg.tables.default-id-columns" ||
         (key.starts_with(kTablePrefix) && key.ends_with(".id-columns"));
}

void throw_first(const ConfigErrors& errors) {
  if (errors.empty()) return;
  throw ConfigException(errors.entries().front().first + ": " + errors.entries().front().second);
}

}  // namespace

const ConfigDef<SinkOptions>& SinkOptions::def() {
  static const ConfigDef<SinkOptions> def = [] {
    ConfigDef<SinkOptions> d;
    add_apache_keys(d);
    add_own_keys(d);
    return d;
  }();
  return def;
}

SinkOptions SinkOptions::parse(const Properties& config) {
  ConfigErrors errors;
  check_keys(config, errors);
  throw_first(errors);
  SinkOptions options = def().parse(config);
  if (!options.nested_handling) {
    const std::string* name = find(config, "connector.class");
    const bool is_apaches = name != nullptr && name->ends_with("IcebergSinkConnector");
    options.nested_handling = is_apaches ? "struct" : "error";
  }
  const std::string* tolerance = find(config, "errors.tolerance");
  options.tolerates_errors = tolerance != nullptr && *tolerance == "all";
  options.catalog = with_prefix(config, kCatalogPrefix);
  options.create_props = with_prefix(config, kCreatePrefix);
  options.write_props = with_prefix(config, kWritePrefix);
  options.start = start_rules(options);
  options.rows = row_options(options);
  options.table_props_ = with_prefix(config, kTablePrefix);
  options.changes = change_options(options);
  return options;
}

TableOptions SinkOptions::table(const std::string& name) const {
  TableOptions table{default_branch, default_partition_by.value_or(""), {}, {}};
  std::string ids = default_id_columns.value_or("");
  const auto own = [&](const char* key) { return find(table_props_, name + "." + key); };
  if (const auto* branch = own("commit-branch")) table.branch = *branch;
  if (const auto* partition = own("partition-by")) table.partition_by = *partition;
  if (const auto* columns = own("id-columns")) ids = *columns;
  if (const auto* regex = own("route-regex")) table.route_regex = *regex;
  table.id_columns = split_list(&ids);
  return table;
}

std::string SinkOptions::catalog_key() const {
  std::string key = catalog_name;
  for (const auto& [name, value] : catalog) key += "\n" + name + "=" + value;
  return key;
}

void check_config(const Properties& config, ConfigErrors& errors) {
  check_keys(config, errors);
  std::string name;
  try {
    name = SinkOptions::def().parse(config).catalog_name;
  } catch (const ConfigException&) {
    return;  // the key has its own error
  }
  check("iceberg.catalog.type", errors,
        [&] { make_catalog(name, with_prefix(config, kCatalogPrefix)); });
}

void require_valid(const Properties& config) {
  SinkOptions::def().parse(config);
  ConfigErrors errors;
  check_config(config, errors);
  throw_first(errors);
}

std::vector<std::string> meaningless_keys(const Properties& config) {
  std::vector<std::string> keys;
  const bool only_appends = !change_options(SinkOptions::def().parse(config)).any();
  for (const auto& [key, value] : config) {
    const bool exact = std::find(std::begin(kMeaningless), std::end(kMeaningless), key) !=
                       std::end(kMeaningless);
    const bool prefixed =
        std::any_of(std::begin(kMeaninglessPrefixes), std::end(kMeaninglessPrefixes),
                    [&key = key](std::string_view prefix) { return key.starts_with(prefix); });
    if (exact || prefixed || (only_appends && is_id_columns(key))) keys.push_back(key);
  }
  return keys;
}

}  // namespace millrace::lakehouse
