#include "connectors/feature_store/metadata/schema_source.h"

#include <fmt/format.h>

#include <unordered_map>

#include "connectors/feature_store/metadata/schema_files.h"
#include "connectors/feature_store/metadata/schema_registry.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {

class SchemaSource::State {
 public:
  State(SchemaOptions options, std::function<avro::SchemaPtr(int64_t)> stored)
      : registry_(options.registry_urls, {.ca_file = options.ca_file,
                                          .timeout = options.timeout,
                                          .api_key = options.api_key,
                                          .basic_auth = options.basic_auth}),
        files_(options.file),
        stored_(std::move(stored)),
        not_found_for_(options.not_found_for) {}

  avro::SchemaPtr find(int64_t id, const FeatureGroup* group, int64_t project_id) {
    if (const auto known = cached_.find(id); known != cached_.end()) return known->second;
    if (group != nullptr) {
      // Not kept: another group's document may say something else.
      if (const auto own = group->schemas.find(id); own != group->schemas.end()) return own->second;
    }
    if (const auto known = missing_.find(id); known != missing_.end()) {
      if (Clock::now() < known->second.until) return known->second.answer();
      missing_.erase(known);
    }
    try {
      avro::SchemaPtr found = ask(id, project_id);
      return found ? keep(id, std::move(found)) : forget(id, "");
    } catch (const DataException& error) {
      return forget(id, error.what());
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Missing {
    Clock::time_point until;
    std::string why = {};  // empty: nobody has it

    avro::SchemaPtr answer() const {
      if (why.empty()) return nullptr;
      throw DataException(why);
    }
  };

  avro::SchemaPtr ask(int64_t id, int64_t project_id) {
    std::string unanswered;
    try {
      if (avro::SchemaPtr found = registry_.find(id, project_id, kTries, kPause)) return found;
    } catch (const RetriableException& error) {
      unanswered = error.what();
    }
    avro::SchemaPtr found = stored_ ? stored_(id) : nullptr;
    if (!found) found = in_files(id);
    if (!found && !unanswered.empty()) throw RetriableException(unanswered);
    return found;
  }

  /// A file that became wrong while we run must not end the task.
  avro::SchemaPtr in_files(int64_t id) {
    try {
      return files_.find(id);
    } catch (const ConfigException& error) {
      log(LogLevel::Warn, "millrace.feature_store.metadata",
          fmt::format("looking up schema {}: {}", id, error.what()));
      return nullptr;
    }
  }

  avro::SchemaPtr keep(int64_t id, avro::SchemaPtr schema) {
    if (cached_.size() >= kMaxCached) cached_.clear();
    return cached_[id] = std::move(schema);
  }

  avro::SchemaPtr forget(int64_t id, std::string why) {
    if (missing_.size() >= kMaxCached) missing_.clear();
    Missing& missing = missing_[id];
    missing = {Clock::now() + not_found_for_, std::move(why)};
    return missing.answer();
  }

  SchemaRegistry registry_;
  SchemaFiles files_;
  const std::function<avro::SchemaPtr(int64_t)> stored_;
  const std::chrono::milliseconds not_found_for_;
  std::unordered_map<int64_t, avro::SchemaPtr> cached_;
  std::unordered_map<int64_t, Missing> missing_;
};

SchemaSource::SchemaSource(SchemaOptions options, std::function<avro::SchemaPtr(int64_t)> stored)
    : state_(std::make_unique<State>(std::move(options), std::move(stored))) {}

SchemaSource::~SchemaSource() = default;

avro::SchemaPtr SchemaSource::find(int64_t id, const FeatureGroup& group) {
  return state_->find(id, &group, group.project_id);
}

avro::SchemaPtr SchemaSource::find(int64_t id, int64_t project_id) {
  return state_->find(id, nullptr, project_id);
}

}  // namespace millrace::feature_store
