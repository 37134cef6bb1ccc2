#include "connectors/feature_store/serving/columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {

Columns::Columns(const RowPlan& plan, std::span<const std::string_view> names) : plan_(&plan) {
  std::vector<uint32_t> at(names.size(), kNone);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto field = plan.field(names[i]);
    const bool shown = field && plan.fields()[*field].online;
    fields_.push_back(shown ? &plan.fields()[*field] : nullptr);
    if (!shown) continue;
    at[i] = static_cast<uint32_t>(*field);
    wanted_.push_back(at[i]);
  }
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
  for (const uint32_t field : at) {
    const auto found = std::lower_bound(wanted_.begin(), wanted_.end(), field);
    place_.push_back(field == kNone ? kNone : static_cast<uint32_t>(found - wanted_.begin()));
  }
}

bool Columns::read(std::string_view row, std::vector<Cell>& scratch, std::span<Cell> out) const {
  scratch.resize(std::max(scratch.size(), wanted_.size()));
  if (!plan_->read(row, wanted_, std::span(scratch).first(wanted_.size()))) return false;
  for (size_t i = 0; i < place_.size(); ++i)
    out[i] = place_[i] == kNone ? Cell{} : scratch[place_[i]];
  return true;
}

TableColumns::TableColumns(StoredTablePtr table, std::span<const std::string_view> names)
    : table_(std::move(table)), names_(names.begin(), names.end()) {}

const Columns* TableColumns::of(const RowPlan* plan) {
  for (const Columns& columns : columns_) {
    if (columns.plan() == plan) return &columns;
  }
  const bool known = std::any_of(table_->plans.begin(), table_->plans.end(),
                                 [plan](const RowPlanPtr& own) { return own.get() == plan; });
  if (!known) return nullptr;
  const std::vector<std::string_view> names(names_.begin(), names_.end());
  return &columns_.emplace_back(*plan, names);
}

TableColumns& ColumnsCache::find(const StoredTablePtr& table,
                                 std::span<const std::string_view> names) {
  key_ = std::to_string(table->group->id);
  for (const std::string_view name : names) {
    key_ += '\0';
    key_ += name;
  }
  const auto found = entries_.find(key_);
  if (found != entries_.end() && found->second.table() == table) return found->second;
  for (const std::string_view name : names) {
    if (has_column(*table, name)) continue;
    throw RequestError(ErrorCode::FeatureAbsent, fmt::format("Column '{}' does not exist in {}",
                                                             name, table->group->table()));
  }
  if (entries_.size() >= kMaxEntries) entries_.clear();
  const auto all = names.empty() ? value_columns(*table) : std::vector<std::string_view>();
  const TableColumns made(table, names.empty() ? std::span<const std::string_view>(all) : names);
  return entries_.insert_or_assign(key_, made).first->second;
}

bool has_column(const StoredTable& table, std::string_view name) {
  return std::any_of(table.plans.begin(), table.plans.end(), [name](const RowPlanPtr& plan) {
    const auto field = plan->field(name);
    return field && plan->fields()[*field].online;
  });
}

std::vector<std::string_view> value_columns(const StoredTable& table) {
  std::vector<std::string_view> names;
  for (const PlannedField& field : table.newest().fields()) {
    if (field.online && field.key_index < 0) names.push_back(field.name);
  }
  return names;
}

}  // namespace millrace::feature_store
