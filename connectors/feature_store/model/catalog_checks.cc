#include "connectors/feature_store/model/catalog_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "millrace/errors.h"
#include "millrace/nearest.h"

namespace millrace::feature_store {
namespace {

[[noreturn]] void fail(const FeatureGroup& group, const std::string& what) {
  throw ConfigException(describe_group(group) + ": " + what);
}

void check_there(const FeatureGroup& group, const KnownFeatures& known, const std::string& feature,
                 const char* role) {
  if (known.may_have(feature)) return;
  std::vector<std::string> names;
  for (const auto& [name, type] : known.types) names.push_back(name);
  const std::vector<std::string> near = nearest_names(feature, names, 1);
  fail(group, fmt::format("{} {} is no feature of it{}", role, feature,
                          near.empty() ? "" : fmt::format("; is {} meant?", near.front())));
}

void check_names(const FeatureGroup& group, const KnownFeatures& known) {
  for (const std::string& name : group.primary_key) check_there(group, known, name, "primary key");
  if (!group.event_time.empty()) check_there(group, known, group.event_time, "event time");
  for (const auto& [name, type] : group.online_types) {
    check_there(group, known, name, "the online type's feature");
  }
  for (const std::string& name : group.offline_only) {
    check_there(group, known, name, "the offline feature");
  }
  for (const auto& index : group.indexes) {
    for (const std::string& name : index) {
      check_there(group, known, name, "the index's column");
      if (group.offline_only.contains(name))
        fail(group, "the index's column " + name + " is not online");
    }
  }
}

bool can_be_key(ColumnKind kind) {
  return kind != ColumnKind::Float && kind != ColumnKind::Double && kind != ColumnKind::Text &&
         kind != ColumnKind::Blob;
}

void check_key_type(const FeatureGroup& group, const std::string& name, const FeatureType& type) {
  const ColumnType column = group.column_type(name, type);
  if (type.kind != FeatureKind::Float && type.kind != FeatureKind::Double &&
      type.kind != FeatureKind::Complex && can_be_key(column.kind)) {
    return;
  }
  fail(group,
       fmt::format("primary key {} is {} with an online type of {}: FLOAT, DOUBLE, TEXT, BLOB "
                   "and complex features are no keys",
                   name, type.text, column.text()));
}

void check_key(const FeatureGroup& group, const KnownFeatures& known) {
  if (group.primary_key.empty())
    fail(group, "it has no primary key; name its features in primaryKey");
  std::set<std::string> seen;
  size_t bytes = 0;
  for (const std::string& name : group.primary_key) {
    if (!seen.insert(name).second) fail(group, "primary key " + name + " is there twice");
    if (group.offline_only.contains(name)) fail(group, "primary key " + name + " is not online");
    const auto type = known.types.find(name);
    if (type == known.types.end()) continue;
    check_key_type(group, name, type->second);
    bytes += row_cost(group.column_type(name, type->second));
  }
  if (bytes <= kMaxKeyBytes) return;
  fail(group, fmt::format("its primary key may take {} bytes, and {} are the most: declare shorter "
                          "online types",
                          bytes, kMaxKeyBytes));
}

void check_time(const FeatureGroup& group, const KnownFeatures& known) {
  if (group.event_time.empty()) {
    if (group.ttl_seconds) fail(group, "it has a time to live and no eventTime to count from");
    return;
  }
  const auto type = known.types.find(group.event_time);
  if (type == known.types.end()) return;
  switch (type->second.kind) {
    case FeatureKind::Timestamp:
    case FeatureKind::Date:
    case FeatureKind::BigInt:
    case FeatureKind::Int:
      return;
    default:
      fail(group, fmt::format("event time {} is {}: a timestamp, date, bigint or int is wanted",
                              group.event_time, type->second.text));
  }
}

void check_row(const FeatureGroup& group, const KnownFeatures& known) {
  size_t columns = 0;
  uint64_t bytes = 0;
  for (const auto& [name, type] : known.types) {
    if (group.offline_only.contains(name)) continue;
    ++columns;
    bytes += row_cost(group.column_type(name, type));
  }
  if (columns > kMaxColumns) {
    fail(group,
         fmt::format("it has {} online columns, and {} are the most: name some in offlineOnly",
                     columns, kMaxColumns));
  }
  if (bytes > kMaxRowBytes) {
    fail(group, fmt::format("a row may take {} bytes, and {} are the most: declare shorter online "
                            "types, or text and blob",
                            bytes, kMaxRowBytes));
  }
}

}  // namespace

std::string describe_group(const FeatureGroup& group) {
  return fmt::format("feature group {} ({} {})", group.id, group.project, group.table());
}

KnownFeatures known_features(const FeatureGroup& group) {
  KnownFeatures known{group.feature_types, !group.feature_types.empty()};
  if (known.complete || group.schemas.empty()) return known;
  const auto& [id, schema] = *group.schemas.rbegin();
  try {
    if (schema->root().kind != avro::Kind::Record) throw DataException("it is no record");
    for (const avro::Field& field : schema->root().fields) {
      const auto complex = group.complex_types.find(field.name);
      known.types.emplace(field.name, complex != group.complex_types.end()
                                          ? parse_feature_type(complex->second)
                                          : feature_type_of(*field.type));
    }
  } catch (const DataException& error) {
    fail(group, fmt::format("schema {}: {}", id, error.what()));
  }
  return known;
}

void check_group(const FeatureGroup& group) {
  if (group.deleted) return;
  const KnownFeatures known = known_features(group);
  check_names(group, known);
  check_key(group, known);
  check_time(group, known);
  if (group.online_enabled) check_row(group, known);
}

}  // namespace millrace::feature_store
