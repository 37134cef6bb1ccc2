#include "connectors/feature_store/serving/feast_lookup.h"

#include <fmt/format.h>

#include <unordered_set>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/keys.h"
#include "connectors/feature_store/serving/request_error.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

constexpr JsonStyle kFeastStyle{.numeric_booleans = false, .rfc3339 = true};
constexpr std::string_view kNoTime = "\"1970-01-01T00:00:00Z\"";
constexpr size_t kDeadlineStep = 64;  // rows between two looks at the clock

void append_status(std::string& out, std::string_view status) {
  out += '"';
  out += status;
  out += '"';
}

}  // namespace

void FeastReader::read_features(const Value& body) {
  const bool full_names = boolean_member(body, "full_feature_names").value_or(false);
  const Value* features = member(body, "features");
  const auto service = text_member(body, "feature_service");
  sources_.clear();
  result_count_ = 0;
  if (service) {
    const FeastService* known = catalog_->feast_service(*service);
    if (known == nullptr) {
      throw RequestError(ErrorCode::ViewAbsent, 404,
                         fmt::format("Feature service {} does not exist", *service));
    }
    for (const std::string& feature : known->features) add_feature(feature, full_names);
  } else if (features != nullptr && features->type() == Type::Array) {
    for (const Value& feature : features->as_array()) {
      if (feature.type() != Type::String)
        throw RequestError(ErrorCode::BadInput, "'features' must be texts");
      add_feature(feature.as_string(), full_names);
    }
  }
  if (result_count_ == 0) {
    throw RequestError(ErrorCode::BadInput, "'features' or 'feature_service' must name features");
  }
  check_names();
}

void FeastReader::add_feature(std::string_view text, bool full_names) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw RequestError(ErrorCode::BadInput, fmt::format("Feature '{}' must be view:feature", text));
  }
  const std::string_view view = text.substr(0, colon);
  const std::string_view feature = text.substr(colon + 1);
  uint32_t at = 0;
  while (at < sources_.size() && sources_[at].view->name != view) ++at;
  if (at == sources_.size()) {
    const FeastView* known = catalog_->feast_view(view);
    const FeatureGroup* group = known == nullptr ? nullptr : catalog_->group(known->group_id);
    if (group == nullptr || group->deleted) {
      throw RequestError(ErrorCode::ViewAbsent, 404,
                         fmt::format("Feature view {} does not exist", view));
    }
    sources_.push_back(
        {.view = known, .group = group, .table = work_.parts.rows->table(group->id)});
  }
  if (result_count_ >= kMaxColumns) {
    throw RequestError(ErrorCode::BadInput,
                       fmt::format("A request may ask for {} features", kMaxColumns));
  }
  if (result_count_ == results_.size()) results_.emplace_back();
  Result& result = results_[result_count_];
  result.name = full_names ? fmt::format("{}__{}", view, feature) : std::string(feature);
  result.values.clear();
  result.statuses.clear();
  result.source = at;
  sources_[at].names.push_back(feature);
  sources_[at].results.push_back(static_cast<uint32_t>(result_count_++));
}

void FeastReader::check_names() const {
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < result_count_; ++i) {
    if (names.insert(results_[i].name).second) continue;
    throw RequestError(ErrorCode::BadInput, fmt::format("Two features are named '{}'; ask with "
                                                        "full_feature_names",
                                                        results_[i].name));
  }
}

void FeastReader::add_keys(Source& source) {
  const auto& names =
      source.table == nullptr ? source.group->primary_key : source.table->key.names();
  std::vector<const EntityColumns::Column*> key;
  for (const std::string& name : names) {
    key.push_back(key_column(*source.view, name, entities_));
    if (key.back() == nullptr) {
      throw RequestError(ErrorCode::NoKey,
                         fmt::format("'entities' lacks '{}', which feature view {} needs", name,
                                     source.view->name));
    }
  }
  source.places.assign(entities_.rows, kNoLookup);
  if (source.table == nullptr) return;
  columns_.find(source.table, source.names);  // refuses unknown ones
  for (size_t row = 0; row < entities_.rows; ++row) source.places[row] = add_key(source, key, row);
}

uint32_t FeastReader::add_key(const Source& source,
                              std::span<const EntityColumns::Column* const> key, size_t row) {
  Lookup& lookup = work_.add_lookup(source.table);
  for (size_t i = 0; i < key.size(); ++i) {
    const char* reason = nullptr;
    const KeyFault fault =
        append_key_part(source.table->key, i, key[i]->values[row], work_.arena, lookup.key, reason);
    if (fault == KeyFault::None) continue;
    work_.drop_lookup();
    return kBadKey;
  }
  return static_cast<uint32_t>(work_.lookups() - 1);
}

void FeastReader::write_row(Source& source, uint32_t place, std::string& timestamps) {
  const Lookup* row = place >= kBadKey ? nullptr : &work_.lookup(place);
  const bool is_there = row != nullptr && row->found == Found::Row;
  const Columns* columns = nullptr;
  bool readable = false;
  if (is_there) {
    columns = columns_.find(row->table, source.names).of(row->plan);
    row_.resize(std::max(row_.size(), source.names.size()));
    readable = columns != nullptr && columns->read(row->row, work_.cells, row_);
    if (!readable) work_.stats.row(RowResult::Failed);
  }
  if (readable && row->has_event_time) {
    timestamps += '"';
    append_timestamp(timestamps, row->event_time_us, 'T', -1);
    timestamps += "Z\"";
  } else {
    timestamps += kNoTime;
  }
  for (size_t i = 0; i < source.results.size(); ++i) {
    Result& result = results_[source.results[i]];
    const PlannedField* field = readable ? columns->field(i) : nullptr;
    if (field == nullptr || row_[i].is_null()) {
      result.values += "null";
      append_status(result.statuses, readable                       ? "NULL_VALUE"
                                     : place == kBadKey || is_there ? "INVALID"
                                     : row != nullptr && row->found == Found::Expired
                                         ? "OUTSIDE_MAX_AGE"
                                         : "NOT_FOUND");
    } else {
      const bool shown = append_cell_json(result.values, *field, row_[i], kFeastStyle);
      append_status(result.statuses, shown ? "PRESENT" : "INVALID");
    }
  }
}

void FeastReader::append_entity(const EntityColumns::Column& column, std::string& out) const {
  out += "{\"values\":[";
  for (size_t i = 0; i < column.values.size(); ++i) {
    if (i > 0) out += ',';
    append_raw_json(out, column.values[i]);
  }
  out += "],\"statuses\":[";
  for (size_t i = 0; i < column.values.size(); ++i) {
    if (i > 0) out += ',';
    append_status(out, column.values[i].is_null() ? "NULL_VALUE" : "PRESENT");
  }
  out += "],\"event_timestamps\":[";
  for (size_t i = 0; i < column.values.size(); ++i) {
    if (i > 0) out += ',';
    out += kNoTime;
  }
  out += "]}";
}

void FeastReader::append_answer(std::string& out) {
  out += "{\"metadata\":{\"feature_names\":[";
  bool first = true;
  const auto append_name = [&](std::string_view name) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name, false);
  };
  for (const auto& column : entities_.columns) append_name(column.name);
  for (size_t i = 0; i < result_count_; ++i) append_name(results_[i].name);
  out += "]},\"results\":[";
  for (size_t i = 0; i < entities_.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_entity(entities_.columns[i], out);
  }
  for (size_t i = 0; i < result_count_; ++i) {
    const Result& result = results_[i];
    out += ",{\"values\":[";
    out += result.values;
    out += "],\"statuses\":[";
    out += result.statuses;
    out += "],\"event_timestamps\":[";
    out += timestamps_[result.source];
    out += "]}";
    check_size(out, work_.parts.limits);
  }
  out += "]}";
}

void FeastReader::trim() {
  size_t bytes = 0;
  for (const Result& result : results_)
    bytes += result.values.capacity() + result.statuses.capacity();
  for (const std::string& text : timestamps_) bytes += text.capacity();
  if (bytes <= kKeptBytes) return;
  results_ = {};
  timestamps_ = {};
}

std::optional<int> FeastReader::read(const Call& call, std::string& out, Waiting& waiting) {
  catalog_ = work_.parts.catalog();
  trim();
  const Value body = parse_request(call.body, work_.arena);
  Freshness freshness = Freshness::read(call, body, work_.parts.limits);
  read_features(body);
  entities_.read(member(body, "entities"), "entities", work_.parts.limits.max_entries);
  for (Source& source : sources_) add_keys(source);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  const Deadline deadline(call, freshness);
  work_.look_up();
  timestamps_.resize(std::max(timestamps_.size(), sources_.size()));
  size_t bytes = 0;
  for (size_t s = 0; s < sources_.size(); ++s) {
    std::string& timestamps = timestamps_[s];
    timestamps.clear();
    for (size_t row = 0; row < entities_.rows; ++row) {
      if (row % kDeadlineStep == 0) deadline.check();
      if (row > 0) {
        timestamps += ',';
        for (const uint32_t result : sources_[s].results) {
          results_[result].values += ',';
          results_[result].statuses += ',';
        }
      }
      write_row(sources_[s], sources_[s].places[row], timestamps);
    }
    for (const uint32_t result : sources_[s].results) bytes += results_[result].values.size();
    if (bytes > work_.parts.limits.max_answer_bytes) {
      throw RequestError(ErrorCode::BadInput, "The answer would be too long; ask for fewer rows");
    }
  }
  append_answer(out);
  return 200;
}

}  // namespace millrace::feature_store
