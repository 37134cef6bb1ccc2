#pragma once
// Lookups over HTTP: the APIs of RonDB's REST server and of Feast (feature-store-sink.md §13).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/rocksdb/database.h"
#include "connectors/feature_store/serving/row_source.h"
#include "millrace/connector.h"

namespace millrace::feature_store {

inline constexpr int32_t kPortOff = -1;

struct ServingOptions {
  std::string bind = "127.0.0.1";
  int32_t rondb_port = kPortOff;  // 0: any free one
  int32_t feast_port = kPortOff;
  std::string api_keys_file = {};  // empty: no keys are asked for
  std::string checkpoint_folder = {};  // where checkpoints are made; empty: none are
  int32_t threads = 2;
  int32_t max_connections = 1'000;
  size_t max_body_bytes = size_t{1} << 20;
  size_t max_operations = 256;                // of `batch`
  size_t max_entries = 10'000;                // of batch_feature_store and get-online-features
  std::chrono::milliseconds deadline{2'000};  // of one request
  std::chrono::milliseconds idle{60'000};     // between two requests
  std::chrono::milliseconds transfer{
      10'000};  // of one request, from its first byte, and of one answer
  std::chrono::milliseconds max_wait{10'000};  // wait_ms at most

  bool operator==(const ServingOptions&) const = default;
};

/// Thread-safe. Serves from construction to destruction.
class Server {
 public:
  using CatalogOf = std::function<CatalogPtr()>;

  /// Binds and serves. Throws ConnectException that names an address that cannot be bound,
  /// ConfigException for a keys file that cannot be read.
  Server(ServingOptions options, std::shared_ptr<RocksDatabase> database, CatalogOf catalog);
  /// The same on other rows.
  Server(ServingOptions options, std::shared_ptr<RowSource> rows, CatalogOf catalog);
  /// Answers the running requests, and ends all connections within seconds.
  ~Server();

  uint16_t rondb_port() const noexcept;  // 0: off
  uint16_t feast_port() const noexcept;
  /// §14's, for SinkTaskContext::show_metrics.
  std::vector<TaskMetric> metrics() const;
  size_t connections() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::feature_store
