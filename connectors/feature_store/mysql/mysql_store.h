#pragma once
// Databases that speak MySQL's protocol as the online store (feature-store-sink.md §8, §11): RonDB,
// MySQL, MariaDB.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connectors/feature_store/store/online_store.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

struct MysqlOptions {
  std::string host = "127.0.0.1";
  int32_t port = 3306;
  std::string socket = {};  // in place of host and port
  std::string user = {};
  std::optional<Password> password = {};
  std::string ca_file = {};  // TLS, verified
  bool ndb = false;          // RonDB: ENGINE, COMMENT and TTL of NDB; else InnoDB
  bool create_tables = true;
  bool hidden_columns = false;                 // event time in microseconds, markers of deletes
  std::string metadata_database = "millrace";  // offsets and ingestions
  std::string consumer_group = {};             // key of the offsets
  int32_t rows_per_statement = 500;
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds marker_retention{86'400'000};
};

/// Connects at once, and makes its own tables. Throws RetriableException when nobody answers,
/// ConfigException for a login or a right that is refused.
std::unique_ptr<OnlineStore> open_mysql(MysqlOptions options);

}  // namespace millrace::feature_store
