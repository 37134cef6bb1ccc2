#pragma once
// The rows of the sink's configuration, as they are written (feature-store-sink.md §15).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"

namespace millrace::feature_store {

inline constexpr int32_t kOff = -1;  // of a port

/// Options::from makes sense of them.
struct OptionRows {
  using List = std::vector<std::string>;

  // Topics and Kafka.
  List topic_list = {};
  std::string config_dir = {};
  std::string kafka_file = {};
  std::string data_source = "kafka_connector";
  bool own_kafka = false;
  std::string group_id = {};
  // Ingestion.
  int32_t apply_threads = 0;
  int32_t batch_size = 1'000;
  int32_t max_retries = 3;
  int64_t retry_backoff_ms = 5'000;
  std::string upsert_mode = "header";
  bool ttl_enforce = true;
  std::string storage_header = "honour";
  std::string notification_topic = {};
  int64_t marker_retention_ms = 86'400'000;
  List topic_to_group = {};
  // Metadata and schemas.
  std::string inline_groups = {};
  std::string groups_file = {};
  int64_t refresh_ms = 10'000;
  std::string unknown_groups = "none";
  List default_key = {};
  std::string hopsworks_url = {};
  std::optional<Password> hopsworks_key = {};
  std::string hopsworks_ca = {};
  int64_t hopsworks_timeout_ms = 5'000;
  List registry_urls = {};
  std::optional<Password> registry_auth = {};
  std::optional<Password> registry_key = {};
  std::string registry_ca = {};
  int64_t registry_timeout_ms = 5'000;
  std::string schema_file = {};
  // Stores.
  std::string store_type = "rocksdb";
  std::string store_path = {};
  std::string checkpoint_folder = {};
  std::string placement = "single";
  std::string initial_position = "fail";
  std::string out_of_range = "fail";
  int64_t cache_bytes = int64_t{64} << 20;
  int64_t write_buffer_bytes = int64_t{64} << 20;
  std::string redis_host = "127.0.0.1";
  int32_t redis_port = 6379;
  std::string redis_user = {};
  std::optional<Password> redis_password = {};
  int32_t redis_database = 0;
  bool redis_cluster = false;
  std::string redis_layout = "feast";
  std::string redis_project = {};
  int64_t redis_timeout_ms = 5'000;
  bool redis_hidden = false;
  std::string mysql_host = "127.0.0.1";
  int32_t mysql_port = 3306;
  std::string mysql_socket = {};
  std::string mysql_user = {};
  std::optional<Password> mysql_password = {};
  std::string mysql_ca = {};
  bool mysql_ndb = false;
  bool mysql_create = true;
  bool mysql_hidden = false;
  std::string mysql_database = "millrace";
  int32_t mysql_rows = 500;
  int64_t mysql_timeout_ms = 30'000;
  // Lookups.
  std::string bind = "127.0.0.1";
  int32_t rondb_port = kOff;
  int32_t feast_port = kOff;
  std::string api_keys_file = {};
  int32_t serving_threads = 2;
  int32_t max_connections = 1'000;
  int64_t max_body_bytes = int64_t{1} << 20;
  int32_t max_operations = 256;
  int32_t max_entries = 10'000;
  int64_t deadline_ms = 2'000;
  int64_t idle_ms = 60'000;
  int64_t max_wait_ms = 10'000;
  std::string offline_connector = {};

  static const ConfigDef<OptionRows>& def();
};

}  // namespace millrace::feature_store
