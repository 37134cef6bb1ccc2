#pragma once
// Registered schemas by id, which is what the header `subjectId` holds (feature-store-sink.md §5).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/model/feature_group.h"
#include "connectors/http/http_client.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

struct SchemaOptions {
  /// `http://host:8081`, or Hopsworks' `https://host/hopsworks-api/api/project/119/kafka`; asked in
  /// turn.
  /// `{projectId}` in one is the project's number. Empty: none.
  std::vector<std::string> registry_urls = {};
  std::optional<Password> api_key = {};     // sent as `Authorization: ApiKey ...` (Hopsworks)
  std::optional<Password> basic_auth = {};  // `user:password`
  std::string ca_file = {};
  /// Folder of files `<id>.avsc`, or one file with an object of id -> schema.
  std::string file = {};
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds not_found_for{5'000};  // how long a 404 is believed
};

/// Used by one task's thread.
class SchemaSource {
 public:
  static constexpr size_t kMaxCached = 100'000;
  static constexpr int kTries = 3;  // of a registry that answers 5xx or not at all
  static constexpr std::chrono::milliseconds kPause{50};  // before the next try

  /// `stored` gives the schema the online store keeps under an id, or null; it may be empty. Throws
  /// ConfigException for addresses that are none and for a file that cannot be read.
  SchemaSource(SchemaOptions options, std::function<avro::SchemaPtr(int64_t)> stored);
  ~SchemaSource();

  /// From the cache, the group's own, the registry, the store, the file, in this order. Null:
  /// nobody has it (404), which is believed for `not_found_for`. Throws RetriableException when a
  /// registry does not answer and nothing else has it, ConnectException when one refuses us, and
  /// DataException for a schema that is no Avro: no retry helps. Blocks.
  avro::SchemaPtr find(int64_t id, const FeatureGroup& group);
  /// Without a group, e.g. to make one of the schema's attributes.
  avro::SchemaPtr find(int64_t id, int64_t project_id = 0);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::feature_store
