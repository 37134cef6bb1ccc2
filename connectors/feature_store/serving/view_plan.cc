#include "connectors/feature_store/serving/view_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kStoreSuffix = "_featurestore";

/// What is known of a feature's type, best source first.
FeatureType type_of(const FeatureGroup& group, const StoredTable* table,
                    const std::string& feature) {
  if (table != nullptr) {
    for (auto plan = table->plans.rbegin(); plan != table->plans.rend(); ++plan) {
      if (const auto field = (*plan)->field(feature)) return (*plan)->fields()[*field].type;
    }
  }
  const auto declared = group.feature_types.find(feature);
  if (declared != group.feature_types.end()) return declared->second;
  for (auto schema = group.schemas.rbegin(); schema != group.schemas.rend(); ++schema) {
    if (schema->second == nullptr || schema->second->root().kind != avro::Kind::Record) continue;
    for (const avro::Field& field : schema->second->root().fields) {
      if (field.name == feature) return feature_type_of(*field.type);
    }
  }
  return {};
}

}  // namespace

ViewPlan::ViewPlan(CatalogPtr catalog, const FeatureView& view, const RowSource& rows)
    : catalog_(std::move(catalog)) {
  for (const ViewFeature& feature : view.features) part_of(view, feature);
  for (ViewPart& part : parts_) part.table = rows.table(part.group_id);
  for (const ViewFeature& feature : view.features) {
    if (!feature.label) add_slot(feature, part_of(view, feature));
  }
  for (ViewPart& part : parts_) {
    if (part.table != nullptr) part.columns.emplace_back(part.table, part.names);
  }
}

uint32_t ViewPlan::part_of(const FeatureView& view, const ViewFeature& feature) {
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].group_id == feature.group_id && parts_[i].prefix == feature.prefix) return i;
  }
  ViewPart part{.group_id = feature.group_id, .prefix = feature.prefix};
  part.group = catalog_->group_ptr(feature.group_id);
  if (part.group == nullptr || part.group->deleted) {
    throw RequestError(
        ErrorCode::GroupAbsent,
        fmt::format("Feature group {} of view {} is not known", feature.group_id, view.name));
  }
  for (const std::string& key : part.group->primary_key) {
    EntryNames names{.serving_key = {}, .prefixed = feature.prefix + key, .bare = key};
    const auto serving = view.serving_keys.find({feature.group_id, key});
    if (serving != view.serving_keys.end()) names.serving_key = serving->second;
    if (!names.serving_key.empty()) entries_.emplace(names.serving_key, true);
    entries_.emplace(names.prefixed, true);
    entries_.emplace(names.bare, true);
    part.key.push_back(std::move(names));
  }
  parts_.push_back(std::move(part));
  return static_cast<uint32_t>(parts_.size() - 1);
}

void ViewPlan::add_slot(const ViewFeature& feature, uint32_t index) {
  ViewPart& part = parts_[index];
  const FeatureType type = type_of(*part.group, part.table.get(), feature.feature);
  ViewSlot slot{.name = feature.name(), .type = type.text, .kind = type.kind};
  const auto& key = part.group->primary_key;
  const auto found = std::find(key.begin(), key.end(), feature.feature);
  if (found != key.end()) slot.key_index = static_cast<int32_t>(found - key.begin());
  part.names.push_back(feature.feature);
  part.slots.push_back(static_cast<uint32_t>(slots_.size()));
  by_name_.emplace(slot.name, static_cast<uint32_t>(slots_.size()));
  slots_.push_back(std::move(slot));
}

bool ViewPlan::is_current(const Catalog& catalog, const RowSource& rows) const {
  if (catalog_.get() != &catalog) return false;
  return std::all_of(parts_.begin(), parts_.end(), [&rows](const ViewPart& part) {
    return rows.table(part.group_id) == part.table;
  });
}

bool ViewPlan::is_entry(std::string_view name) const {
  return entries_.find(name) != entries_.end();
}

const uint32_t* ViewPlan::slot(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

ViewPlan& ViewPlans::find(const CatalogPtr& catalog, const RowSource& rows, std::string_view store,
                          std::string_view view, int32_t version) {
  if (store.size() > kStoreSuffix.size() && store.ends_with(kStoreSuffix)) {
    store.remove_suffix(kStoreSuffix.size());
  }
  key_.assign(store);
  key_ += '\0';
  key_ += view;
  key_ += '\0';
  key_ += std::to_string(version);
  const auto known = plans_.find(key_);
  if (known != plans_.end()) {
    if (known->second.is_current(*catalog, rows)) return known->second;
    plans_.erase(known);
  }
  if (!catalog->has_database(store)) {
    throw RequestError(ErrorCode::StoreAbsent,
                       fmt::format("Feature store '{}' is not known", store));
  }
  const FeatureView* found = catalog->view(store, view, version);
  if (found == nullptr) {
    throw RequestError(
        ErrorCode::ViewAbsent,
        fmt::format("Feature view '{}' version {} is not known in '{}'", view, version, store));
  }
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(key_, ViewPlan(catalog, *found, rows)).first->second;
}

}  // namespace millrace::feature_store
