#pragma once
// Schemas by id from registries that speak Confluent's protocol (feature-store-sink.md §5).

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/metadata/metadata_http.h"

namespace millrace::feature_store {

/// Used by one thread at a time.
class SchemaRegistry {
 public:
  /// Throws ConfigException for addresses that are none.
  SchemaRegistry(const std::vector<std::string>& urls, ServerOptions options);

  bool empty() const noexcept { return urls_.empty(); }
  /// Null: the registry answered that it has none. The first one that answers counts; after one
  /// that does not the next is asked, and `tries` times all of them, `pause` apart. Blocks. Throws
  /// RetriableException when none answers, ConnectException when one refuses us, DataException for
  /// a schema that is no Avro.
  avro::SchemaPtr find(int64_t id, int64_t project_id, int tries, std::chrono::milliseconds pause);

 private:
  avro::SchemaPtr ask(const std::string& url, int64_t id, bool of_project);

  std::vector<std::string> urls_;
  MetadataHttp http_;
  size_t next_ = 0;  // the one that answered last
};

}  // namespace millrace::feature_store
