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
  std::vector<std::string> registry_urls = {};  // `http://host:8081`, asked in turn; empty: none
  std::optional<Password> api_key = {};         // sent as `Authorization: ApiKey ...` (Hopsworks)
  std::optional<Password> basic_auth = {};      // `user:password`
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

  /// `stored` gives the schema the online store keeps under an id, or null.
  SchemaSource(SchemaOptions options, std::function<avro::SchemaPtr(int64_t)> stored);
  ~SchemaSource();

  /// From the cache, the group's own, the registry, the store, the file, in this order. Null: nobody has it
  /// (404). Throws RetriableException when a registry does not answer and nothing else has it.
  avro::SchemaPtr find(int64_t id, const FeatureGroup& group);
  /// Without a group, e.g. to make one of the schema's attributes.
  avro::SchemaPtr find(int64_t id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::feature_store
