#include "connectors/feature_store/sink/plan_cache.h"

#include <fmt/format.h>

#include "connectors/feature_store/sink/own_schema.h"
#include "connectors/feature_store/wire/headers.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.PlanCache";
constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kLongestTtl = int64_t{100} * 366 * 86'400;  // seconds; more overflows an expiry

using Clock = std::chrono::steady_clock;

PlanEntry failed(FailureType type, const char* reason, std::string text) {
  PlanEntry entry;
  entry.failure = {type, reason, -1};
  entry.text = std::move(text);
  entry.look_again = Clock::now() + PlanCache::kFailureAge;
  return entry;
}

}  // namespace

const PlanEntry& PlanCache::find_slow(int64_t project_id, int64_t group_id, int64_t schema_id,
                                      std::string_view topic) {
  const Key key{group_id, schema_id};
  auto at = entries_.find(key);
  if (at == entries_.end() || (!at->second.plan && Clock::now() >= at->second.look_again)) {
    if (entries_.size() >= kMaxEntries) entries_.clear();
    PlanEntry entry;
    try {
      entry = make(project_id, group_id, schema_id, topic);
    } catch (const DataException& error) {
      entry = failed(FailureType::Deserialization, "the schema of subjectId is no Avro", error.what());
    }
    at = entries_.insert_or_assign(key, std::move(entry)).first;
  }
  last_ = &at->second;
  last_group_ = group_id;
  last_schema_ = schema_id;
  return *last_;
}

PlanEntry PlanCache::make(int64_t project_id, int64_t group_id, int64_t schema_id, std::string_view topic) {
  const bool is_own = schema_id == kGroupsOwn;
  GroupHints hints{project_id, group_id, std::string(topic), nullptr, is_own ? 0 : schema_id};
  if (!is_own && !catalog_.current()->group(group_id)) hints.schema = schemas_.find(schema_id, project_id);
  const FeatureGroupPtr group = catalog_.find(hints);
  if (!group) {
    return failed(FailureType::Metadata, "no source of metadata knows the feature group",
                  fmt::format("feature group {} of project {} is unknown; add it to metadata.file or "
                              "metadata.inline, or set metadata.unknown.groups=schema",
                              group_id, project_id));
  }
  if (group->deleted) {
    return failed(FailureType::FeatureGroupDeleted, "the feature group was deleted",
                  fmt::format("feature group {} ({}) was deleted", group_id, group->table()));
  }
  if (!group->online_enabled) {
    PlanEntry entry;
    entry.is_offline = true;
    entry.look_again = Clock::now() + kFailureAge;
    return entry;
  }
  if (is_own) return plan_own(group);
  avro::SchemaPtr schema = schemas_.find(schema_id, *group);
  if (!schema) {
    return failed(FailureType::Deserialization, "nobody has the schema of subjectId",
                  fmt::format("schema {} of feature group {} is in no registry, store or file", schema_id,
                              group_id));
  }
  return plan(group, schema_id, std::move(schema));
}

PlanEntry PlanCache::plan_own(const FeatureGroupPtr& group) {
  OwnSchema own;
  try {
    own = own_schema(*group);
  } catch (const DataException& error) {
    return failed(FailureType::Metadata, "the features of the group make no schema", error.what());
  }
  if (!own.schema) {
    return failed(FailureType::Metadata, "the feature group says neither a schema nor its features",
                  fmt::format("feature group {} ({}) has neither schemas nor features: records without headers "
                              "need one of them in metadata.file or metadata.inline",
                              group->id, group->table()));
  }
  return plan(group, own.id, std::move(own.schema));
}

int64_t PlanCache::group_of_topic(std::string_view topic) const {
  const CatalogPtr catalog = catalog_.current();
  const FeatureGroup* group = catalog->group_of_topic(topic);
  return group == nullptr ? kNoId : group->id;
}

PlanEntry PlanCache::plan(const FeatureGroupPtr& group, int64_t schema_id, avro::SchemaPtr schema) {
  try {
    PlanEntry entry;
    entry.plan = std::make_shared<RowPlan>(group, schema_id, std::move(schema));
    store_.prepare(*entry.plan);
    entry.ttl_us = std::min(group->ttl_seconds.value_or(0), kLongestTtl) * kMicros;
    return entry;
  } catch (const DataException& error) {
    return failed(FailureType::Metadata, "the feature group and the schema do not fit", error.what());
  }
}

void PlanCache::refresh() {
  catalog_.refresh_if_due();
  if (catalog_.generation() == generation_) return;
  generation_ = catalog_.generation();
  entries_.clear();
  last_ = nullptr;
  drop_deleted();
}

void PlanCache::drop_deleted() {
  const CatalogPtr catalog = catalog_.current();
  for (const FeatureGroupPtr& group : catalog->parts().groups) {
    if (!group->deleted) {
      dropped_.erase(group->id);
    } else if (dropped_.try_emplace(group->id, group->project_id).second) {
      log(LogLevel::Info, kLogger, fmt::format("Dropping the rows of feature group {} ({}), which was deleted",
                                               group->id, group->table()));
      store_.drop_group(group->project_id, group->id);
    }
  }
}

}  // namespace millrace::feature_store
