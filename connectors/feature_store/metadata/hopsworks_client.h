#pragma once
// What Hopsworks' REST API knows of feature groups and views (feature-store-sink.md §7).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/metadata/metadata_http.h"
#include "connectors/feature_store/model/json_object.h"

namespace millrace::feature_store {

struct HopsworksGroup {
  FeatureGroup group = {};
  size_t answer = 0;  // a hash of it: tells whether the next one is another
};

/// Used by one thread at a time. All questions block, and throw what MetadataHttp::get does, and
/// ConfigException for answers that cannot be read.
class HopsworksClient {
 public:
  static constexpr size_t kMaxProjects = 1'000;  // whose feature store is remembered
  static constexpr int kNoSuchGroup = 270009;    // `errorCode` of an answer

  explicit HopsworksClient(const HopsworksOptions& options);

  /// None: the project has no such group, or is none that we may see.
  std::optional<HopsworksGroup> group(int64_t project_id, int64_t id);
  /// The same for a group that was there. `gone` is whether the server knows that it is not any
  /// more, rather than, say, being a server of something else.
  std::optional<HopsworksGroup> known_group(int64_t project_id, int64_t id, bool& gone);
  /// Those that can be read; `problems` gets a line for each other one.
  std::vector<FeatureView> views(int64_t project_id, std::vector<std::string>& problems);

 private:
  struct Store {
    int64_t id = 0;
    std::string project = {};  // its name
  };
  std::optional<Store> store(int64_t project_id);
  std::optional<Store> ask_for_store(int64_t project_id);
  std::string group_url(int64_t project_id, int64_t store_id, int64_t id) const;

  const std::string url_;
  MetadataHttp http_;
  std::map<int64_t, Store> stores_;  // by project
};

}  // namespace millrace::feature_store
