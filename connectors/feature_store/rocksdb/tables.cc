#include "connectors/feature_store/rocksdb/tables.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>

#include <algorithm>
#include <mutex>

#include "connectors/feature_store/rocksdb/group_json.h"
#include "connectors/feature_store/rocksdb/meta_keys.h"
#include "connectors/support/crash_point.h"

namespace millrace::feature_store {
namespace {

using avro::Json;

std::string name_of(const FeatureGroup& group) {
  return fmt::format("{}.{} (feature group {})", group.database(), group.table(), group.id);
}

std::string key_text(const KeySchema& key) {
  std::string text;
  for (size_t i = 0; i < key.size(); ++i) {
    text += (i == 0 ? "" : ", ") + key.names()[i] + " " + key.types()[i].text;
  }
  return text;
}

/// How keys are written, whatever the types are called.
bool same_key(const KeySchema& a, const KeySchema& b) {
  return a.names() == b.names() &&
         std::equal(a.types().begin(), a.types().end(), b.types().begin(), b.types().end(),
                    [](const FeatureType& x, const FeatureType& y) {
                      return x.kind == y.kind && x.scale == y.scale;
                    });
}

std::string plan_text(const RowPlan& plan) {
  return Json{{"schemaId", plan.schema_id()},
              {"group", group_to_json(plan.group())},
              {"schema", plan.schema()->to_json()}}
      .dump();
}

bool same_group(const FeatureGroup& a, const FeatureGroup& b) {
  return &a == &b || group_to_json(a) == group_to_json(b);
}

/// The plan for another state of its group; itself where the two do not fit.
RowPlanPtr replanned(const RowPlanPtr& plan, const FeatureGroupPtr& group, const KeySchema& key) {
  try {
    return std::make_shared<RowPlan>(group, plan->schema_id(), plan->schema(), PlanLimits{}, &key);
  } catch (const DataException&) {
    return plan;
  }
}

}  // namespace

const RowPlan* StoredTable::plan(int64_t schema_id) const noexcept {
  // The newest is asked for most.
  for (auto at = plans.rbegin(); at != plans.rend(); ++at) {
    if ((*at)->schema_id() == schema_id) return at->get();
  }
  return nullptr;
}

Tables::Tables(Engine& engine) : engine_(engine) {
  engine_.each_meta(kNextTableKey, [this](std::string_view, std::string_view value) {
    if (!take_big_endian(value, next_id_)) engine_.fail_damaged("the next table's number");
  });
  try {
    engine_.each_meta(std::string(1, kTableTag), [this](std::string_view rest, std::string_view text) {
      uint32_t id = 0;
      if (!take_big_endian(rest, id)) engine_.fail_damaged("the number of a table");
      load_table(id, text);
    });
    engine_.each_meta(std::string(1, kPlanTag), [this](std::string_view rest, std::string_view text) {
      load_plan(rest, text);
    });
  } catch (const nlohmann::json::exception& error) {
    engine_.fail_damaged(fmt::format("reading a table: {}", error.what()));
  } catch (const DataException& error) {
    engine_.fail_damaged(fmt::format("reading a table: {}", error.what()));
  }
  for (auto& [id, table] : loading_) {
    if (table->plans.empty()) engine_.fail_damaged("table " + name_of(*table->group) + " has no schema");
    by_group_[table->group->id] = table;
    tables_[{table->group->project_id, table->group->id}] = table;
  }
  loading_.clear();
}

void Tables::load_table(uint32_t id, std::string_view text) {
  const Json json = Json::parse(text);
  auto table = std::make_shared<StoredTable>();
  table->id = id;
  table->key = key_from_json(json.at("key"));
  table->group = group_from_json(json.at("group"));
  loading_.emplace(id, std::move(table));
}

void Tables::load_plan(std::string_view rest, std::string_view text) {
  uint32_t id = 0;
  const auto table = take_big_endian(rest, id) ? loading_.find(id) : loading_.end();
  if (table == loading_.end()) engine_.fail_damaged("a schema of no table");
  const Json json = Json::parse(text);
  StoredTable& of = *table->second;
  FeatureGroupPtr group = group_from_json(json.at("group"));
  if (same_group(*group, *of.group)) group = of.group;
  of.plans.push_back(std::make_shared<RowPlan>(std::move(group), json.at("schemaId").get<int64_t>(),
                                               avro::Schema::from_json(json.at("schema")), PlanLimits{},
                                               &of.key));
}

StoredTablePtr Tables::by_group(int64_t group_id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_group_.find(group_id);
  return found == by_group_.end() ? nullptr : found->second;
}

StoredTablePtr Tables::find(int64_t project_id, int64_t group_id) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_.find({project_id, group_id});
  return found == tables_.end() ? nullptr : found->second;
}

std::vector<StoredTablePtr> Tables::all() const {
  std::vector<StoredTablePtr> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, table] : tables_) found.push_back(table);
  return found;
}

avro::SchemaPtr Tables::schema(int64_t schema_id) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, table] : tables_) {
    if (const RowPlan* plan = table->plan(schema_id)) return plan->schema();
  }
  return nullptr;
}

std::vector<FeatureGroupPtr> Tables::predecessors(const FeatureGroup& group) const {
  std::vector<FeatureGroupPtr> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [identity, table] : tables_) {
    const FeatureGroup& other = *table->group;
    if (other.project_id == group.project_id && other.name == group.name &&
        other.version == group.version && other.id < group.id) {
      found.push_back(table->group);
    }
  }
  return found;
}

void Tables::prepare(const RowPlan& plan) {
  const FeatureGroup& group = plan.group();
  const std::unique_lock lock(mutex_);
  const auto existing = tables_.find({group.project_id, group.id});
  rocksdb::WriteBatch batch;
  const StoredTablePtr table = existing == tables_.end() ? make(plan, batch)
                                                         : extend(*existing->second, plan, batch);
  if (!table) return;  // nothing new
  crash_point("store.prepare");
  engine_.write(batch, "preparing table " + name_of(group));
  if (existing == tables_.end()) ++next_id_;
  tables_[{group.project_id, group.id}] = table;
  by_group_[group.id] = table;
}

StoredTablePtr Tables::make(const RowPlan& plan, rocksdb::WriteBatch& batch) {
  auto table = std::make_shared<StoredTable>();
  table->id = next_id_;
  table->key = plan.key();
  table->group = plan.group_ptr();
  table->plans.push_back(std::make_shared<RowPlan>(plan));
  std::string next;
  append_big_endian(next, next_id_ + 1);
  batch.Put(engine_.meta(), std::string(kNextTableKey), next);
  put_table(*table, batch);
  return table;
}

StoredTablePtr Tables::extend(const StoredTable& table, const RowPlan& plan,
                              rocksdb::WriteBatch& batch) const {
  const FeatureGroup& group = plan.group();
  if (!same_key(table.key, plan.key())) {
    throw DataException(fmt::format(
        "preparing table {}: its primary key is ({}), that of schema {} is ({}); a primary key cannot change, "
        "drop the feature group or make a new version",
        name_of(group), key_text(table.key), plan.schema_id(), key_text(plan.key())));
  }
  const RowPlan* known = table.plan(plan.schema_id());
  if (known != nullptr && known->schema() != plan.schema() &&
      known->schema()->canonical_form() != plan.schema()->canonical_form()) {
    throw DataException(fmt::format(
        "preparing table {}: the store has rows of another schema with the id {}; schema ids must come from "
        "one registry",
        name_of(group), plan.schema_id()));
  }
  const bool group_changed = !same_group(*table.group, group);
  if (known != nullptr && !group_changed) return nullptr;
  auto next = std::make_shared<StoredTable>(table);
  if (group_changed) {
    next->group = plan.group_ptr();
    for (RowPlanPtr& one : next->plans) one = replanned(one, next->group, next->key);
  }
  if (known == nullptr) next->plans.push_back(std::make_shared<RowPlan>(plan));
  put_table(*next, batch);
  return next;
}

void Tables::put_table(const StoredTable& table, rocksdb::WriteBatch& batch) const {
  const Json json = {{"group", group_to_json(*table.group)}, {"key", key_to_json(table.key)}};
  batch.Put(engine_.meta(), table_key(table.id), json.dump());
  for (size_t i = 0; i < table.plans.size(); ++i) {
    batch.Put(engine_.meta(), plan_key(table.id, static_cast<uint32_t>(i)), plan_text(*table.plans[i]));
  }
}

StoredTablePtr Tables::drop(int64_t project_id, int64_t group_id) {
  const std::unique_lock lock(mutex_);
  const auto found = tables_.find({project_id, group_id});
  if (found == tables_.end()) return nullptr;
  const StoredTablePtr table = found->second;
  const std::string begin = table_prefix(table->id);
  const std::string end = table_prefix(table->id + 1);
  rocksdb::WriteBatch batch;
  batch.DeleteRange(engine_.data(), begin, end);
  batch.Delete(engine_.meta(), table_key(table->id));
  batch.DeleteRange(engine_.meta(), plans_prefix(table->id), plans_prefix(table->id + 1));
  batch.DeleteRange(engine_.meta(), ingestions_prefix(group_id), behind_prefix(ingestions_prefix(group_id)));
  engine_.write(batch, "dropping table " + name_of(*table->group));
  tables_.erase(found);
  const auto shown = by_group_.find(group_id);
  if (shown != by_group_.end() && shown->second == table) by_group_.erase(shown);
  // Whole files at once; what is left goes with compactions.
  const rocksdb::Slice first(begin);
  const rocksdb::Slice last(end);
  const Engine::Use store = engine_.use();
  static_cast<void>(rocksdb::DeleteFilesInRange(store.db, store.data, &first, &last, false));
  return table;
}

}  // namespace millrace::feature_store
