#include "connectors/feature_store/serving/feast_push.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/request_error.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kEventTimestamp = "event_timestamp";
constexpr std::string_view kIgnored[] = {"created", "created_timestamp"};
constexpr int64_t kMicros = 1'000'000;

[[noreturn]] void bad_cell(std::string_view column, size_t row, std::string_view reason) {
  throw RequestError(ErrorCode::BadValue,
                     fmt::format("Row {} of 'df', column '{}': {}", row, column, reason));
}

FeatureType timestamp_type() {
  return {.kind = FeatureKind::Timestamp, .text = "timestamp"};
}

}  // namespace

RowPlanPtr FeastPusher::plan_of(const FeatureGroupPtr& group, bool& is_new) const {
  const StoredTablePtr table = work_.parts.rows->table(group->id);
  is_new = table == nullptr;
  if (!is_new) return table->plans.back();
  if (group->schemas.empty()) {
    throw RequestError(
        ErrorCode::GroupMetadata, 404,
        fmt::format("Feature group {} has no schema yet; give it one in 'schemas', or write it "
                    "a record first",
                    group->table()));
  }
  const auto& [id, schema] = *group->schemas.rbegin();
  return std::make_shared<const RowPlan>(group, id, schema);
}

void FeastPusher::map_columns(const FeastView& view, const RowPlan& plan) {
  columns_.clear();
  event_time_ = frame_.find(kEventTimestamp);
  std::vector<const EntityColumns::Column*> used{event_time_};
  for (const PlannedField& field : plan.fields()) {
    const auto* column =
        field.key_index >= 0 ? key_column(view, field.name, frame_) : frame_.find(field.name);
    if (column == nullptr && field.is_event_time) column = event_time_;
    columns_.push_back(column);
    used.push_back(column);
  }
  for (const auto& column : frame_.columns) {
    const bool ignored =
        std::find(std::begin(kIgnored), std::end(kIgnored), column.name) != std::end(kIgnored);
    if (ignored || std::find(used.begin(), used.end(), &column) != used.end()) continue;
    throw RequestError(
        ErrorCode::FeatureAbsent, 422,
        fmt::format("Column '{}' of 'df' is no feature of {}", column.name, view.name));
  }
}

void FeastPusher::read_event_time(const RowPlan& plan, size_t at, Row& row) {
  const auto event = std::find_if(plan.fields().begin(), plan.fields().end(),
                                  [](const PlannedField& field) { return field.is_event_time; });
  if (event != plan.fields().end() || event_time_ == nullptr) return;
  Cell cell;
  const char* reason = cell_of(event_time_->values[at], timestamp_type(), work_.arena, cell);
  if (reason != nullptr) bad_cell(kEventTimestamp, at, reason);
  row.has_event_time = !cell.is_null();
  row.event_time_us = cell.integer;
}

void FeastPusher::encode_row(const RowEncoder& encoder, const RowPlan& plan, size_t at, Row& row) {
  const auto& fields = plan.fields();
  texts_.resize(std::max(texts_.size(), fields.size()));
  work_.cells.assign(fields.size(), {});
  for (size_t i = 0; i < fields.size(); ++i) {
    if (columns_[i] == nullptr) continue;
    const Value& value = columns_[i]->values[at];
    texts_[i].clear();
    const char* reason = nullptr;
    if (value.is_null()) continue;
    if (fields[i].type.kind == FeatureKind::Complex) {
      reason = encoder.encode_complex(i, value, texts_[i]);
      work_.cells[i].kind = Cell::Kind::Complex;
      work_.cells[i].bytes = texts_[i];
    } else {
      reason = cell_of(value, fields[i].type, work_.arena, work_.cells[i]);
    }
    if (reason != nullptr) bad_cell(fields[i].name, at, reason);
  }
  if (const char* reason = encoder.encode(work_.cells, row.bytes)) bad_cell("", at, reason);
  ScannedRow scanned;
  if (const Failure failure = plan.scan(row.bytes, false, row.key, scanned)) {
    const bool named = failure.field >= 0;
    bad_cell(named ? std::string_view(fields[static_cast<size_t>(failure.field)].name) : "", at,
             failure.reason);
  }
  row.has_event_time = scanned.has_event_time;
  row.event_time_us = scanned.event_time_us;
  read_event_time(plan, at, row);
}

void FeastPusher::apply(const RowPlan& plan, bool is_new) {
  const int64_t now = wall_clock_us();
  const auto ttl = plan.group().ttl_seconds;
  std::unordered_map<std::string_view, size_t> places;
  std::vector<RowChange> changes;
  for (const Row& row : rows_) {
    RowChange change{.plan = &plan, .key = row.key, .row = row.bytes};
    change.has_event_time = row.has_event_time;
    change.if_newer = row.has_event_time;
    change.event_time_us = row.event_time_us;
    change.kafka_ms = now / 1'000;
    if (ttl && row.has_event_time) {
      change.expiry_us = row.event_time_us + *ttl * kMicros;
      if (change.expiry_us <= now) continue;
    }
    const auto [place, added] = places.emplace(row.key, changes.size());
    if (added) {
      changes.push_back(change);
    } else if (change.event_time_us >= changes[place->second].event_time_us) {
      changes[place->second] = change;
    }
  }
  if (changes.empty()) return;
  OnlineStore& store = work_.parts.rows->local();
  if (is_new) store.prepare(plan);
  ApplyBatch batch{.changes = changes, .counted = {}, .next = {}, .expected = {}};
  if (store.apply(batch)) return;
  for (const RowChange& change : changes) {
    if (change.status != RowStatus::Failed) continue;
    const std::string reason =
        change.failure.reason == nullptr ? change.failure_text : change.failure.reason;
    throw RequestError(ErrorCode::BadValue, "The store refuses a row of 'df': " + reason);
  }
  throw RequestError(ErrorCode::ReadFailed, "The store refuses the rows of 'df'");
}

void FeastPusher::push(const Call& call) {
  const CatalogPtr catalog = work_.parts.catalog();
  const Value body = parse_request(call.body, work_.arena);
  const std::string_view to = text_member(body, "to").value_or("online");
  if (to != "online") {
    throw RequestError(ErrorCode::BadInput,
                       "'to' must be online: there is no offline store behind this server");
  }
  const std::string_view name = text_member(body, "push_source_name").value_or(std::string_view());
  const FeastPushSource* source = catalog->push_source(name);
  const FeastView* view = source == nullptr ? nullptr : catalog->feast_view(source->view);
  const FeatureGroupPtr group = view == nullptr ? nullptr : catalog->group_ptr(view->group_id);
  if (group == nullptr || group->deleted) {
    throw RequestError(ErrorCode::ViewAbsent, 404,
                       fmt::format("Push source '{}' does not exist", name));
  }
  frame_.read(member(body, "df"), "df", work_.parts.limits.max_entries);
  bool is_new = false;
  const RowPlanPtr plan = plan_of(group, is_new);
  map_columns(*view, *plan);
  const RowEncoder encoder(plan);
  rows_.assign(frame_.rows, {});
  for (size_t i = 0; i < rows_.size(); ++i) encode_row(encoder, *plan, i, rows_[i]);
  apply(*plan, is_new);
  rows_ = {};
}

}  // namespace millrace::feature_store
