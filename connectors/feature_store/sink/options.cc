#include "connectors/feature_store/sink/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "connectors/feature_store/sink/data_sources.h"
#include "connectors/feature_store/sink/kafka_settings.h"
#include "connectors/feature_store/sink/topic_selection.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kLogger = "millrace.feature_store.Options";
constexpr const char* kBytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
constexpr const char* kGroupOverride = "consumer.override.group.id";
constexpr const char* kResetOverride = "consumer.override.auto.offset.reset";
constexpr const char* kContextHeaders = "errors.deadletterqueue.context.headers.enable";

// Keys of every sink.
constexpr auto kWorkerKeys = std::to_array<std::string_view>({
    "name", "connector.class", "connector.plugin.version", "tasks.max", "tasks.max.enforce", "topics",
    "topics.regex", "key.converter", "value.converter", "header.converter", "transforms", "predicates",
    "config.action.reload", "task.class", "errors.tolerance"});
constexpr auto kWorkerPrefixes = std::to_array<std::string_view>({
    "key.converter.", "value.converter.", "header.converter.", "transforms.", "predicates.", "errors.",
    "consumer.override.", "producer.override.", "admin.override.", kDataSourcePrefix, "millrace.",
    "client.config.override."});

bool is_set(const Properties& config, std::string_view key) {
  const std::string* text = find(config, key);
  return text != nullptr && !java_trim(*text).empty();
}

std::optional<int64_t> parse_id(std::string_view text) {
  int64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  return error == std::errc() && rest == end && id >= 0 ? std::optional(id) : std::nullopt;
}

/// `topic:id`; the topic may have colons itself. nullopt: malformed.
std::optional<std::pair<std::string, int64_t>> parse_mapping(const std::string& entry) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const auto id = parse_id(std::string_view(entry).substr(colon + 1));
  if (!id) return std::nullopt;
  return std::pair(entry.substr(0, colon), *id);
}

std::string group_of(const Properties& config, const OptionRows& rows) {
  if (!rows.group_id.empty()) return rows.group_id;
  if (const std::string* own = find(config, kGroupOverride)) return *own;
  const std::string* name = find(config, "name");
  return "connect-" + (name != nullptr ? *name : "");
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "localhost" || address == "::1";
}

/// Absolute and without a slash at its end.
std::filesystem::path normal_path(const std::string& text) {
  const std::filesystem::path path = std::filesystem::absolute(text).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// Checks of several keys.

class Checks {
 public:
  Checks(const Properties& config, const OptionRows& rows, ConfigErrors& errors)
      : config_(config), rows_(rows), errors_(errors) {}

  void run() {
    topics();
    store();
    lookups();
    metadata();
  }

 private:
  void topics() {
    if (is_set(config_, "topics") && !rows_.topic_list.empty() &&
        split_list(find(config_, "topics")) != rows_.topic_list) {
      errors_.add("topic_list", "It is another name of topics, which has other topics: set one of them");
    }
    if (const std::string* own = find(config_, kGroupOverride);
        own != nullptr && !rows_.group_id.empty() && *own != rows_.group_id) {
      errors_.add("consumer.group.id", std::string("It differs from ") + kGroupOverride +
                                           ": set one of them");
    }
    mappings();
    if (!rows_.notification_topic.empty() && TopicSelection(config_).reads(rows_.notification_topic)) {
      errors_.add("notification.topic", "The connector reads topic " + rows_.notification_topic +
                                            " itself: name another one, or leave it out of its topics");
    }
  }

  void mappings() {
    TopicGroups seen;
    for (const std::string& entry : rows_.topic_to_group) {
      const auto mapping = parse_mapping(entry);
      if (!mapping) {
        errors_.add("topic.to.group", "\"" + entry + "\" is not TOPIC:ID with the number of a feature group");
      } else if (!seen.insert(*mapping).second) {
        errors_.add("topic.to.group", "Topic " + mapping->first + " is there twice: name one feature group");
      }
    }
  }

  void store() {
    const bool embedded = rows_.store_type == "rocksdb";
    if (embedded && rows_.store_path.empty()) {
      errors_.add("store.path", "store.type=rocksdb needs a folder for its rows");
    }
    if (!rows_.checkpoint_folder.empty()) checkpoints(embedded);
    if (!embedded && rows_.placement == "replica") {
      errors_.add("store.placement", "Replicas are of store.type=rocksdb alone: other stores are shared");
    }
    if (rows_.store_type == "mysql" && rows_.mysql_user.empty()) {
      errors_.add("mysql.user", "store.type=mysql needs a user to log in as");
    }
  }

  void checkpoints(bool embedded) {
    if (!embedded) {
      errors_.add("store.checkpoint.dir", "Checkpoints are of store.type=rocksdb alone");
      return;
    }
    if (rows_.store_path.empty()) return;
    const auto store = normal_path(rows_.store_path);
    const auto within = normal_path(rows_.checkpoint_folder);
    if (std::mismatch(store.begin(), store.end(), within.begin(), within.end()).first == store.end()) {
      errors_.add("store.checkpoint.dir", "It is within store.path: name a folder beside it, on the same disk");
    }
  }

  void lookups() {
    const bool on = rows_.rondb_port != kOff || rows_.feast_port != kOff;
    if (on && rows_.store_type != "rocksdb") {
      errors_.add(rows_.rondb_port != kOff ? "serving.rondb.port" : "serving.feast.port",
                  "Lookups are answered from store.type=rocksdb; " + rows_.store_type +
                      " answers them itself");
    }
    if (rows_.rondb_port > 0 && rows_.rondb_port == rows_.feast_port) {
      errors_.add("serving.feast.port", "It is the port of serving.rondb.port, too");
    }
  }

  void metadata() {
    if (rows_.unknown_groups == "schema" && rows_.default_key.empty()) {
      errors_.add("metadata.default.primary.key",
                  "metadata.unknown.groups=schema needs the columns that are the key of such groups");
    }
    if (!rows_.inline_groups.empty() &&
        !nlohmann::json::parse(rows_.inline_groups, nullptr, false).is_object()) {
      errors_.add("metadata.inline", "It is not a JSON object");
    }
    url("metadata.hopsworks.url", rows_.hopsworks_url);
    for (const std::string& registry : rows_.registry_urls) url("schema.registry.url", registry);
    if (rows_.registry_auth && rows_.registry_auth->value().find(':') == std::string::npos) {
      errors_.add("schema.registry.basic.auth", "It is not USER:PASSWORD");
    }
  }

  void url(const char* key, const std::string& url) {
    if (url.empty() && std::string_view(key) == "metadata.hopsworks.url") return;
    if (url.starts_with("http://") || url.starts_with("https://")) return;
    errors_.add(key, "A URL that begins with http:// or https:// is needed");
  }

  const Properties& config_;
  const OptionRows& rows_;
  ConfigErrors& errors_;
};

/// Of one connector, by part.
CatalogOptions catalog_of(const OptionRows& rows) {
  CatalogOptions catalog;
  catalog.inline_json = rows.inline_groups;
  catalog.file = rows.groups_file;
  catalog.hopsworks.url = rows.hopsworks_url;
  catalog.hopsworks.api_key = rows.hopsworks_key;
  catalog.hopsworks.ca_file = rows.hopsworks_ca;
  catalog.hopsworks.timeout = milliseconds(rows.hopsworks_timeout_ms);
  catalog.refresh = milliseconds(rows.refresh_ms);
  catalog.unknown = rows.unknown_groups == "schema" ? UnknownGroups::Schema : UnknownGroups::None;
  catalog.default_primary_key = rows.default_key;
  return catalog;
}

SchemaOptions schemas_of(const OptionRows& rows) {
  SchemaOptions schemas;
  schemas.registry_urls = rows.registry_urls;
  schemas.api_key = rows.registry_key;
  schemas.basic_auth = rows.registry_auth;
  schemas.ca_file = rows.registry_ca;
  schemas.file = rows.schema_file;
  schemas.timeout = milliseconds(rows.registry_timeout_ms);
  return schemas;
}

RocksOptions rocks_of(const OptionRows& rows) {
  RocksOptions rocks;
  rocks.path = rows.store_path;
  rocks.block_cache_bytes = static_cast<size_t>(rows.cache_bytes);
  rocks.write_buffer_bytes = static_cast<size_t>(rows.write_buffer_bytes);
  rocks.marker_retention = milliseconds(rows.marker_retention_ms);
  rocks.enforce_ttl = rows.ttl_enforce;
  return rocks;
}

RedisOptions redis_of(const OptionRows& rows, const std::string& connector) {
  RedisOptions redis;
  redis.host = rows.redis_host;
  redis.port = rows.redis_port;
  redis.user = rows.redis_user;
  redis.password = rows.redis_password;
  redis.database = rows.redis_database;
  redis.cluster = rows.redis_cluster;
  redis.layout = rows.redis_layout;
  redis.feast_project = rows.redis_project;
  redis.connector = connector;
  redis.timeout = milliseconds(rows.redis_timeout_ms);
  redis.hidden_columns = rows.redis_hidden;
  redis.marker_retention = milliseconds(rows.marker_retention_ms);
  return redis;
}

MysqlOptions mysql_of(const OptionRows& rows, const std::string& group_id) {
  MysqlOptions mysql;
  mysql.host = rows.mysql_host;
  mysql.port = rows.mysql_port;
  mysql.socket = rows.mysql_socket;
  mysql.user = rows.mysql_user;
  mysql.password = rows.mysql_password;
  mysql.ca_file = rows.mysql_ca;
  mysql.ndb = rows.mysql_ndb;
  mysql.create_tables = rows.mysql_create;
  mysql.hidden_columns = rows.mysql_hidden;
  mysql.metadata_database = rows.mysql_database;
  mysql.consumer_group = group_id;
  mysql.rows_per_statement = rows.mysql_rows;
  mysql.timeout = milliseconds(rows.mysql_timeout_ms);
  mysql.marker_retention = milliseconds(rows.marker_retention_ms);
  return mysql;
}

ServingOptions serving_of(const OptionRows& rows) {
  ServingOptions serving;
  serving.bind = rows.bind;
  serving.rondb_port = rows.rondb_port;
  serving.feast_port = rows.feast_port;
  serving.api_keys_file = rows.api_keys_file;
  serving.checkpoint_folder = rows.checkpoint_folder;
  serving.threads = rows.serving_threads;
  serving.max_connections = rows.max_connections;
  serving.max_body_bytes = static_cast<size_t>(rows.max_body_bytes);
  serving.max_operations = static_cast<size_t>(rows.max_operations);
  serving.max_entries = static_cast<size_t>(rows.max_entries);
  serving.deadline = milliseconds(rows.deadline_ms);
  serving.idle = milliseconds(rows.idle_ms);
  serving.max_wait = milliseconds(rows.max_wait_ms);
  return serving;
}

CollectorOptions collector_of(const OptionRows& rows) {
  CollectorOptions collector;
  collector.mode = rows.upsert_mode == "arrival"      ? UpsertMode::Arrival
                   : rows.upsert_mode == "event_time" ? UpsertMode::EventTime
                                                      : UpsertMode::Header;
  collector.honour_storage = rows.storage_header == "honour";
  collector.enforce_ttl = rows.ttl_enforce;
  for (const std::string& entry : rows.topic_to_group) collector.group_of_topic.insert(*parse_mapping(entry));
  return collector;
}

/// Where consumers begin without an offset. That a file which says so has gone by now is no reason to fail: the
/// task, which needs it, has read it before.
std::string reset_of(const Properties& config, const OptionRows& rows) {
  const std::string* text = find(config, kResetOverride);
  if (text != nullptr) return *text;
  try {
    const KafkaSettings kafka = read_kafka_settings(config, rows);
    if ((text = find(kafka.client, "auto.offset.reset")) != nullptr) return *text;
  } catch (const ConfigException&) {
    return "earliest";
  }
  return "earliest";
}

}  // namespace

SinkOptions SinkOptions::parse(const Properties& config) {
  const OptionRows rows = OptionRows::def().parse(config);
  ConfigErrors errors;
  Checks(config, rows, errors).run();
  if (!errors.empty()) {
    const auto& [key, message] = errors.entries().front();
    throw ConfigException(key + ": " + message);
  }
  SinkOptions options;
  if (const std::string* name = find(config, "name")) options.connector = *name;
  options.group_id = group_of(config, rows);
  options.batch_size = static_cast<uint32_t>(rows.batch_size);
  options.max_retries = rows.max_retries;
  options.retry_backoff = milliseconds(rows.retry_backoff_ms);
  options.notification_topic = rows.notification_topic;
  options.collector = collector_of(rows);
  options.catalog = catalog_of(rows);
  options.schemas = schemas_of(rows);
  options.store_type = rows.store_type;
  options.placement = rows.placement;
  options.initial_position = rows.initial_position;
  options.out_of_range = rows.out_of_range;
  options.auto_offset_reset = reset_of(config, rows);
  options.rocks = rocks_of(rows);
  options.redis = redis_of(rows, options.connector);
  options.mysql = mysql_of(rows, options.group_id);
  options.serving = serving_of(rows);
  options.offline_connector = rows.offline_connector;
  const std::string* tolerance = find(config, "errors.tolerance");
  options.tolerates_errors = tolerance != nullptr && *tolerance == "all";
  return options;
}

void check_config(const Properties& config, ConfigErrors& errors) {
  OptionRows rows;
  try {
    rows = OptionRows::def().parse(config);
  } catch (const ConfigException&) {
    return;  // the worker says what is wrong with single keys
  }
  Checks(config, rows, errors).run();
  try {
    read_kafka_settings(config, rows);
  } catch (const ConfigException& error) {
    const bool of_source = std::string_view(error.what()).starts_with("data source ");
    const bool of_folder = rows.kafka_file.empty();
    errors.add(of_source   ? "kafka.data.source.name"
               : of_folder ? "feature.store.config.dir"
                           : "feature.store.kafka.properties.file",
               error.what());
  }
}

Properties resolve_config(const Properties& config,
                          const std::function<std::string(const RocksOptions&)>& replica_id) {
  const OptionRows rows = OptionRows::def().parse(config);
  Properties resolved = config;
  if (!rows.topic_list.empty() && !is_set(config, "topics")) {
    resolved.insert_or_assign("topics", join(rows.topic_list, ","));
  }
  if (!is_set(resolved, "topics") && !is_set(resolved, "topics.regex")) {
    resolved.insert_or_assign("topics.regex", kDefaultTopics);
  }
  for (const char* key : {"key.converter", "value.converter", "header.converter"}) {
    resolved.try_emplace(key, kBytes);
  }
  // Replaying needs to know where a letter came from.
  resolved.try_emplace(kContextHeaders, "true");
  add_client_overrides(resolved, read_kafka_settings(config, rows).client);
  if (rows.placement == "replica" && rows.store_type == "rocksdb" && !rows.store_path.empty() && replica_id) {
    resolved.insert_or_assign(kGroupOverride, group_of(config, rows) + "-" + replica_id(rocks_of(rows)));
  } else if (!rows.group_id.empty()) {
    resolved.insert_or_assign(kGroupOverride, rows.group_id);
  }
  return resolved;
}

std::string unknown_keys(const Properties& config) {
  const ConfigDefinition& known = OptionRows::def().definition();
  std::string text;
  for (const auto& [key, value] : config) {
    const auto is_prefix = [&key](std::string_view prefix) { return key.starts_with(prefix); };
    if (known.find(key) != nullptr ||
        std::find(kWorkerKeys.begin(), kWorkerKeys.end(), key) != kWorkerKeys.end() ||
        std::any_of(kWorkerPrefixes.begin(), kWorkerPrefixes.end(), is_prefix)) {
      continue;
    }
    text += (text.empty() ? "" : ", ") + key;
    if (const auto near = known.suggest(key)) text += " (did you mean " + *near + "?)";
  }
  return text.empty() ? text : "these keys are not known and not used: " + text;
}

void warn_of_settings(const Properties& config) {
  const auto warn = [](const std::string& text) { log(LogLevel::Warn, kLogger, text); };
  if (const std::string text = unknown_keys(config); !text.empty()) warn(text);
  const OptionRows rows = OptionRows::def().parse(config);
  for (const std::string& text : read_kafka_settings(config, rows).warnings) warn(text);
  if (rows.apply_threads > 1) {
    warn("apply.threads=" + std::to_string(rows.apply_threads) +
         " makes no difference: one thread applies the rows of a task; more tasks are more threads");
  }
  if (!rows.checkpoint_folder.empty() && rows.rondb_port == kOff) {
    warn("store.checkpoint.dir makes no difference without serving.rondb.port, where checkpoints are asked for");
  }
  const bool on = rows.rondb_port != kOff || rows.feast_port != kOff;
  if (on && rows.api_keys_file.empty() && !is_loopback(rows.bind)) {
    warn("serving.bind=" + rows.bind + " lets other machines ask for rows, and no key is asked for: set "
         "serving.api.keys.file");
  }
}

}  // namespace millrace::feature_store
