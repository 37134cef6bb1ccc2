#include "connectors/lakehouse/sink/table_setup.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>

#include "connectors/support/crash_point.h"
#include "connectors/lakehouse/sink/table_keys.h"
#include "connectors/lakehouse/table/evolution.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

constexpr int32_t kFirstPartitionField = 1000;  // id
constexpr std::string_view kLogger = "millrace.lakehouse.TableSetup";

/// Committers of this process by catalog, table, UUID and branch.
std::shared_ptr<TableCommitter> shared_committer(const std::string& key,
                                                 const std::function<std::shared_ptr<TableCommitter>()>& make) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<TableCommitter>> committers;
  const std::lock_guard lock(mutex);
  std::erase_if(committers, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<TableCommitter>& known = committers[key];
  std::shared_ptr<TableCommitter> committer = known.lock();
  if (!committer) known = committer = make();
  return committer;
}

std::vector<NestedField> broker_fields(const std::vector<BrokerField>& wanted) {
  std::vector<NestedField> fields;
  for (const BrokerField field : wanted) {
    static constexpr TypeId kTypes[] = {TypeId::String, TypeId::Int, TypeId::Long, TypeId::Timestamptz};
    const auto at = static_cast<size_t>(field);
    fields.push_back({static_cast<int32_t>(fields.size() + 1), kBrokerColumns[at], false,
                      primitive(kTypes[at])});
  }
  return fields;
}

std::map<std::string, std::string> as_map(const Properties& properties) {
  return {properties.begin(), properties.end()};
}

int64_t number_property(const std::map<std::string, std::string>& properties, const char* name,
                        int64_t fallback) {
  const auto at = properties.find(name);
  return at == properties.end() ? fallback : std::strtoll(at->second.c_str(), nullptr, 10);
}

bool has_only_broker_columns(const TableSchema& schema) {
  return std::all_of(schema.fields.begin(), schema.fields.end(), [](const NestedField& field) {
    return std::find(std::begin(kBrokerColumns), std::end(kBrokerColumns), field.name) !=
           std::end(kBrokerColumns);
  });
}

}  // namespace

TableSetup::TableSetup(std::shared_ptr<Catalog> catalog, std::string catalog_key, std::string table,
                       const SinkOptions& options)
    : catalog_(std::move(catalog)),
      catalog_key_(std::move(catalog_key)),
      name_(parse_table_name(table)),
      options_(options),
      table_options_(options.table(table)) {}

const LoadedTable& TableSetup::load() {
  table_ = catalog_->load(name_);
  if (table_) return *table_;
  if (!options_.auto_create) {
    throw NotFoundException("opening table " + name_.to_string() + ": there is none; create it, or set "
                            "iceberg.tables.auto-create-enabled=true");
  }
  try {
    table_ = create();
  } catch (const AlreadyExistsException&) {  // another task was faster
    table_ = catalog_->load(name_);
    if (!table_) throw;
  }
  return *table_;
}

// Columns come with the first records, and with them the partition: offsets must be kept before that.
LoadedTable TableSetup::create() {
  NewTable what;
  what.schema.fields = broker_fields(options_.rows.broker_fields);
  what.properties = as_map(options_.create_props);
  what.properties.try_emplace("write.metadata.delete-after-commit.enabled", "true");
  what.properties.try_emplace("write.metadata.previous-versions-max", "20");
  log(LogLevel::Info, kLogger, "Creating table " + name_.to_string());
  LoadedTable created = catalog_->create(name_, what);
  crash_point("create");
  return created;
}

void TableSetup::evolve(SchemaChange wanted) {
  if (wanted.empty()) return;
  for (int attempt = 1;; ++attempt) {
    if (!table_ || attempt > 1) load();
    if (attempt == 1) add_known_sources(wanted);
    const TableMetadata& metadata = table_->metadata;
    const TableSchema current = metadata.current_schema();
    EvolvedSchema evolved = lakehouse::evolve(current, metadata.last_column_id(), wanted);
    if (!evolved.changed) return;
    add_identifiers(evolved.schema);
    TableChange change;
    change.requirements = {change::assert_uuid(metadata.uuid()),
                           change::assert_last_field_id(metadata.last_column_id()),
                           change::assert_schema(current.id)};
    change.updates = {change::add_schema(evolved.schema, evolved.last_column_id),
                      change::set_current_schema(-1)};
    if (const std::string* mapping = metadata.property(kNameMapping)) {
      change.updates.push_back(
          change::set_properties({{kNameMapping, extended_name_mapping(*mapping, evolved.schema)}}));
    }
    add_partition_fields(evolved.schema, change);
    try {
      table_ = catalog_->commit(name_, *table_, change);
      crash_point("evolve");
      log(LogLevel::Info, kLogger, "Changed the schema of table " + name_.to_string() + ": " +
                                       std::to_string(wanted.columns.size()) + " new columns, " +
                                       std::to_string(wanted.types.size()) + " wider types, " +
                                       std::to_string(wanted.optionals.size()) + " no longer required");
      return;
    } catch (const CommitConflict&) {
      if (attempt >= kSchemaTries) throw;
    } catch (const CommitUnknown&) {  // the next look at the table tells
      if (attempt >= kSchemaTries) throw;
    }
  }
}

// Made by a sink, with columns of the broker at most, and never given a partition.
bool TableSetup::awaits_partition() const {
  const TableMetadata& metadata = table_->metadata;
  if (!options_.auto_create || table_options_.partition_by.empty()) return false;
  if (!metadata.default_spec().is_unpartitioned() || metadata.last_partition_id() >= kFirstPartitionField) {
    return false;
  }
  const auto first = metadata.schema(0);
  return first && has_only_broker_columns(*first);
}

bool TableSetup::is_bare() const {
  return options_.auto_create && has_only_broker_columns(table_->metadata.current_schema());
}

// Columns of the partition that the configuration tells the type of need no record to tell it.
void TableSetup::add_known_sources(SchemaChange& wanted) const {
  if (!awaits_partition()) return;
  const InferenceOptions& known = options_.rows.inference;
  for (const std::string& name : partition_sources(table_options_.partition_by)) {
    const auto is_in = [&name](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    const bool is_timestamp = is_in(known.timestamps);
    if (!is_timestamp && !is_in(known.dates)) continue;
    const TypePtr type = primitive(is_timestamp ? TypeId::Timestamptz : TypeId::Date);
    wanted.columns.push_back({0, {0, name, false, type}});
  }
}

// It comes with the columns it is of. Rows that are written before stay without it for good, so that is
// only done when asked for.
void TableSetup::add_partition_fields(const TableSchema& schema, TableChange& change) const {
  if (!awaits_partition()) return;
  PartitionSpec spec;
  try {
    spec = parse_partition_by(table_options_.partition_by, schema);
  } catch (const ConfigException& error) {
    const std::string what = "table " + name_.to_string() + ": " + error.what();
    if (options_.partition_missing == "fail") {
      throw ConfigException(what + "; no row is written yet. Correct the key, create the table by hand, or "
                            "set lakehouse.partition.missing=wait to write rows without a partition until "
                            "its columns come");
    }
    log(LogLevel::Warn, kLogger, what + "; rows are written without a partition until then");
    return;
  }
  if (options_.changes.any() && missing_in(schema).empty()) {
    require_partition_of_key(spec, key_ids(schema, table_options_.id_columns, options_.ignore_case));
  }
  change.updates.push_back(change::add_spec(spec));
  change.updates.push_back(change::set_default_spec(-1));
}

std::vector<std::string> TableSetup::missing_keys() const {
  return missing_in(table_->metadata.current_schema());
}

std::vector<std::string> TableSetup::missing_in(const TableSchema& schema) const {
  std::vector<std::string> missing;
  for (const std::string& name : table_options_.id_columns) {
    if (schema.column(name, options_.ignore_case) == nullptr) missing.push_back(name);
  }
  return missing;
}

std::optional<std::vector<int32_t>> TableSetup::keys() const {
  if (!missing_keys().empty()) return std::nullopt;
  const TableMetadata& metadata = table_->metadata;
  std::vector<int32_t> keys =
      key_ids(metadata.current_schema(), table_options_.id_columns, options_.ignore_case);
  require_partition_of_key(metadata.default_spec(), keys);
  require_one_spec(*table_, branch());
  return keys;
}

// A table that gets its key columns now has no rows that could lack them.
void TableSetup::add_identifiers(TableSchema& schema) const {
  const std::vector<std::string>& names = table_options_.id_columns;
  if (!options_.changes.any() || names.empty() || !schema.identifier_ids.empty()) return;
  if (!missing_in(schema).empty()) return;
  if (!is_without_rows(table_->metadata, branch())) return;
  schema = with_identifiers(std::move(schema), key_ids(schema, names, options_.ignore_case));
}

FileTarget TableSetup::delete_target(const std::string& task, const TableSchemaPtr& keys) const {
  constexpr int64_t kDeleteFileBytes = int64_t{64} << 20;
  const auto properties = write_properties();
  FileTarget target = file_target(task, keys, properties);
  for (const NestedField& field : keys->fields) target.options.equality_ids.push_back(field.id);
  target.file_bytes = number_property(properties, "write.delete.target-file-size-bytes", kDeleteFileBytes);
  return target;
}

std::map<std::string, std::string> TableSetup::write_properties() const {
  std::map<std::string, std::string> properties = table_->metadata.properties();
  for (const auto& [name, value] : options_.write_props) properties[name] = value;
  return properties;
}

FileTarget TableSetup::file_target(const std::string& task) const {
  const auto properties = write_properties();
  FileTarget target = file_target(
      task, std::make_shared<TableSchema>(table_->metadata.current_schema()), properties);
  target.file_bytes = number_property(properties, "write.target-file-size-bytes", target.file_bytes);
  return target;
}

FileTarget TableSetup::file_target(const std::string& task, TableSchemaPtr schema,
                                   const std::map<std::string, std::string>& properties) const {
  const TableMetadata& metadata = table_->metadata;
  FileTarget target;
  target.files = table_->files;
  target.data_folder = metadata.data_folder();
  target.name_stem = "00000-" + task + "-" + new_uuid();
  target.schema = std::move(schema);
  target.spec = std::make_shared<PartitionSpec>(metadata.default_spec());
  if (target.spec->has_unknown_transform()) {
    throw UnsupportedException("writing " + name_.to_string() +
                               ": its partition has a transform that is not known here");
  }
  target.options = data_file_options(*target.schema, properties);
  target.memory_bytes = static_cast<size_t>(options_.memory_bytes);
  return target;
}

std::shared_ptr<TableCommitter> TableSetup::committer() const {
  const std::string uuid = table_->metadata.uuid();
  const std::string key =
      catalog_key_ + "\n" + name_.to_string() + "\n" + uuid + "\n" + table_options_.branch;
  return shared_committer(key, [&] {
    CommitOptions commit;
    commit.branch = table_options_.branch;
    commit.engine_version = kVersion;
    commit.total = std::chrono::milliseconds(options_.retry_timeout_ms);
    commit.expiry = {options_.snapshots_keep, options_.snapshots_max_age_ms};
    return std::make_shared<TableCommitter>(catalog_, name_, uuid, std::move(commit));
  });
}

}  // namespace millrace::lakehouse
