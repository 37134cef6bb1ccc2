#include "connectors/feature_store/serving/vectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/keys.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

constexpr JsonStyle kRondbStyle{.numeric_booleans = true, .rfc3339 = false};
constexpr size_t kDeadlineStep = 64;  // items between two looks at the clock

bool is_number(const Value& value) noexcept {
  return value.type() == Type::Int64 || value.type() == Type::Decimal;
}

/// Whether a passed value can be of the feature's type: the kind of JSON alone counts.
const char* passed_fault(const Value& value, FeatureKind kind) noexcept {
  if (value.is_null()) return nullptr;
  switch (kind) {
    case FeatureKind::Boolean:
      return value.type() == Type::Boolean ? nullptr : "must be true or false";
    case FeatureKind::String:
    case FeatureKind::Binary:
      return value.type() == Type::String ? nullptr : "must be text";
    case FeatureKind::Date:
    case FeatureKind::Timestamp:
      return value.type() == Type::String || is_number(value) ? nullptr
                                                              : "must be text or a number";
    case FeatureKind::Complex:
      return value.type() == Type::Array || value.type() == Type::Map
                 ? nullptr
                 : "must be a list or an object";
    default:
      return is_number(value) ? nullptr : "must be a number";
  }
}

}  // namespace

std::string_view VectorReader::status_text(Status status) noexcept {
  if (status == Status::Complete) return "COMPLETE";
  return status == Status::Missing ? "MISSING" : "ERROR";
}

void VectorReader::refuse(const Fault& fault) {
  throw RequestError(fault.code, fmt::format("'{}': {}", fault.name, fault.reason));
}

ViewPlan& VectorReader::open(const Value& body) {
  const auto store = text_member(body, "featureStoreName");
  const auto view = text_member(body, "featureViewName");
  const auto version = integer_member(body, "featureViewVersion");
  if (!store || !view || !version || *version < 0 || *version > INT32_MAX) {
    throw RequestError(ErrorCode::BadInput,
                       "'featureStoreName', 'featureViewName' and 'featureViewVersion' are needed");
  }
  return plans_.find(work_.parts.catalog(), *work_.parts.rows, *store, *view,
                     static_cast<int32_t>(*version));
}

VectorReader::Options VectorReader::options_of(const Value& body) const {
  Options options;
  if (const Value* metadata = member(body, "metadataOptions")) {
    options.names = boolean_member(*metadata, "featureName").value_or(false);
    options.types = boolean_member(*metadata, "featureType").value_or(false);
  }
  if (const Value* given = member(body, "options")) {
    options.validate_passed = boolean_member(*given, "validatePassedFeatures").value_or(true);
    options.detailed = boolean_member(*given, "includeDetailedStatus").value_or(false);
  }
  return options;
}

bool VectorReader::has_key(const ViewPart& part, const Value& entry) noexcept {
  return std::all_of(part.key.begin(), part.key.end(),
                     [&](const EntryNames& names) { return entry_value(names, entry) != nullptr; });
}

const Value* VectorReader::entry_value(const EntryNames& names, const Value& entry) noexcept {
  for (const std::string* name : {&names.serving_key, &names.prefixed, &names.bare}) {
    if (name->empty()) continue;
    if (const Value* value = member(entry, *name)) return value;
  }
  return nullptr;
}

VectorReader::Fault VectorReader::check_entry(const ViewPlan& plan, const Value& entry) const {
  if (entry.type() != Type::Map)
    return {ErrorCode::BadInput, "entries", "an entry must be an object"};
  if (entry.size() == 0) return {ErrorCode::NoKey, "entries", "an entry must have the primary key"};
  for (const MapEntry& given : entry.as_map()) {
    if (!plan.is_entry(given.key.as_string())) {
      return {ErrorCode::WrongKey, given.key.as_string(), "is no primary key of the feature view"};
    }
  }
  return {};
}

VectorReader::Fault VectorReader::check_passed(const ViewPlan& plan, const Value* passed,
                                               bool validate) const {
  if (passed == nullptr || passed->is_null()) return {};
  if (passed->type() != Type::Map) {
    return {ErrorCode::WrongPassedFeature, "passedFeatures", "must be an object"};
  }
  if (!validate) return {};
  for (const MapEntry& given : passed->as_map()) {
    const std::string_view name = given.key.as_string();
    const uint32_t* slot = plan.slot(name);
    if (slot == nullptr) {
      return {ErrorCode::FeatureAbsent, name, "is no feature of the view, or a label"};
    }
    const ViewSlot& known = plan.slots()[*slot];
    if (known.type.empty()) continue;
    if (const char* reason = passed_fault(given.value, known.kind))
      return {ErrorCode::WrongType, name, reason};
  }
  return {};
}

VectorReader::Fault VectorReader::add_keys(ViewPlan& plan, Item& item) {
  for (const ViewPart& part : plan.parts()) {
    places_.push_back(kNoLookup);
    if (part.table == nullptr || !has_key(part, *item.entry)) continue;
    Lookup& lookup = work_.add_lookup(part.table);
    const KeySchema& schema = part.table->key;
    for (size_t i = 0; i < schema.size(); ++i) {
      // A table keeps the key it was made with.
      const auto at = std::find_if(part.key.begin(), part.key.end(), [&](const EntryNames& names) {
        return names.bare == schema.names()[i];
      });
      const Value* value = at == part.key.end() ? nullptr : entry_value(*at, *item.entry);
      const char* reason = "is part of the stored primary key, and not of the feature group's";
      const KeyFault fault =
          value == nullptr ? KeyFault::BadValue
                           : append_key_part(schema, i, *value, work_.arena, lookup.key, reason);
      if (fault == KeyFault::None) continue;
      work_.drop_lookup();
      return {fault == KeyFault::WrongType ? ErrorCode::WrongType : ErrorCode::BadValue,
              schema.names()[i], reason};
    }
    places_.back() = static_cast<uint32_t>(work_.lookups() - 1);
  }
  return {};
}

void VectorReader::prepare(ViewPlan& plan, const Options& options, Item& item) {
  item.first = static_cast<uint32_t>(places_.size());
  item.fault = check_entry(plan, *item.entry);
  if (!item.fault) item.fault = check_passed(plan, item.passed, options.validate_passed);
  if (item.fault) return;
  const size_t before = work_.lookups();
  item.fault = add_keys(plan, item);
  if (!item.fault) return;
  while (work_.lookups() > before) work_.drop_lookup();
  places_.resize(item.first);
}

bool VectorReader::is_found(uint32_t place) {
  return place != kNoLookup && work_.lookup(place).found == Found::Row;
}

VectorReader::Fault VectorReader::collect_part(ViewPart& part, const ViewPlan& plan,
                                               const Item& item, uint32_t place) {
  if (!is_found(place)) {
    for (const uint32_t slot : part.slots) {
      const int32_t key = plan.slots()[slot].key_index;
      if (key >= 0)
        shown_[slot].json = entry_value(part.key[static_cast<size_t>(key)], *item.entry);
    }
    return {};
  }
  const Lookup& row = work_.lookup(place);
  // The row may be of a schema that came after the plan of the view was made.
  if (part.columns.front().table() != row.table)
    part.columns.assign(1, TableColumns(row.table, part.names));
  const Columns* columns = part.columns.front().of(row.plan);
  row_.resize(std::max(row_.size(), part.names.size()));
  if (columns == nullptr || !columns->read(row.row, work_.cells, row_)) {
    work_.stats.row(RowResult::Failed);
    return {ErrorCode::ReadFailed, part.group->name, "the stored row cannot be read"};
  }
  for (size_t i = 0; i < part.slots.size(); ++i) {
    shown_[part.slots[i]] = {columns->field(i), row_[i], nullptr};
  }
  return {};
}

VectorReader::Fault VectorReader::collect(ViewPlan& plan, const Item& item, Status& status) {
  shown_.assign(plan.slots().size(), {});
  status = Status::Complete;
  for (size_t i = 0; i < plan.parts().size(); ++i) {
    const uint32_t place = places_[item.first + i];
    if (!is_found(place)) status = Status::Missing;
    if (const Fault fault = collect_part(plan.parts()[i], plan, item, place)) return fault;
  }
  if (item.passed == nullptr || item.passed->type() != Type::Map) return {};
  for (const MapEntry& given : item.passed->as_map()) {
    if (const uint32_t* slot = plan.slot(given.key.as_string()))
      shown_[*slot] = {nullptr, {}, &given.value};
  }
  return {};
}

void VectorReader::append_features(const ViewPlan& plan, std::string& out) {
  out += '[';
  for (size_t i = 0; i < shown_.size(); ++i) {
    if (i > 0) out += ',';
    const Shown& shown = shown_[i];
    if (shown.json != nullptr) {
      append_raw_json(out, *shown.json);
    } else if (shown.field == nullptr) {
      out += "null";
    } else if (!append_cell_json(out, *shown.field, shown.cell, kRondbStyle)) {
      work_.stats.row(RowResult::Failed);
      throw RequestError(
          ErrorCode::ComplexDecode,
          fmt::format("The stored value of '{}' is not of its type", plan.slots()[i].name));
    }
  }
  out += ']';
}

void VectorReader::append_metadata(const ViewPlan& plan, const Options& options,
                                   std::string& out) const {
  if (!options.names && !options.types) {
    out += "null";
    return;
  }
  out += '[';
  for (size_t i = 0; i < plan.slots().size(); ++i) {
    const ViewSlot& slot = plan.slots()[i];
    out += i == 0 ? "{" : ",{";
    if (options.names) {
      out += "\"featureName\":";
      append_json_string(out, slot.name, false);
    }
    if (options.types) {
      out += options.names ? ",\"featureType\":" : "\"featureType\":";
      append_json_string(out, slot.type, false);
    }
    out += '}';
  }
  out += ']';
}

void VectorReader::append_details(const ViewPlan& plan, const Item& item, std::string& out) {
  out += '[';
  for (size_t i = 0; i < plan.parts().size(); ++i) {
    const ViewPart& part = plan.parts()[i];
    const bool found = is_found(places_[item.first + i]);
    const int status = found ? 200 : has_key(part, *item.entry) ? 404 : 400;
    if (i > 0) out += ',';
    fmt::format_to(std::back_inserter(out), "{{\"featureGroupId\":{},\"httpStatus\":{}}}",
                   part.group_id, status);
  }
  out += ']';
}

std::optional<int> VectorReader::one(const Call& call, std::string& out, Waiting& waiting) {
  const Value body = parse_request(call.body, work_.arena);
  ViewPlan& plan = open(body);
  Freshness freshness = Freshness::read(call, body, work_.parts.limits);
  const Options options = options_of(body);
  Item item{.entry = member(body, "entries"), .passed = member(body, "passedFeatures")};
  if (item.entry == nullptr)
    throw RequestError(ErrorCode::NoKey, "'entries' must have the primary key");
  places_.clear();
  prepare(plan, options, item);
  if (item.fault) refuse(item.fault);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  work_.look_up();
  Status status = Status::Complete;
  if (const Fault fault = collect(plan, item, status)) refuse(fault);
  out += "{\"features\":";
  append_features(plan, out);
  out += ",\"metadata\":";
  append_metadata(plan, options, out);
  out += ",\"status\":\"";
  out += status_text(status);
  out += "\",\"detailedStatus\":";
  if (options.detailed) {
    append_details(plan, item, out);
  } else {
    out += "null";
  }
  out += '}';
  return 200;
}

void VectorReader::read_items(ViewPlan& plan, const Options& options, const Value& body) {
  const Value* entries = member(body, "entries");
  if (entries == nullptr || (entries->type() == Type::Array && entries->size() == 0)) {
    throw RequestError(ErrorCode::NoKey, "'entries' must be a list that is not empty");
  }
  if (entries->type() != Type::Array)
    throw RequestError(ErrorCode::BadInput, "'entries' must be a list");
  if (entries->size() > work_.parts.limits.max_entries) {
    throw RequestError(ErrorCode::BadInput,
                       fmt::format("'entries' may have {} entries, this one has {}",
                                   work_.parts.limits.max_entries, entries->size()));
  }
  const Value* passed = member(body, "passedFeatures");
  if (passed != nullptr && passed->type() != Type::Array) {
    throw RequestError(ErrorCode::WrongPassedFeature, "'passedFeatures' must be a list");
  }
  const bool has_passed = passed != nullptr && passed->size() != 0;
  if (has_passed && passed->size() != entries->size()) {
    throw RequestError(ErrorCode::WrongPassedFeature,
                       "'passedFeatures' must be empty or as long as 'entries'");
  }
  items_.assign(entries->size(), {});
  places_.clear();
  for (size_t i = 0; i < items_.size(); ++i) {
    items_[i].entry = &entries->as_array()[i];
    if (has_passed) items_[i].passed = &passed->as_array()[i];
    prepare(plan, options, items_[i]);
  }
}

VectorReader::Status VectorReader::append_item(ViewPlan& plan, Item& item, std::string& out) {
  const size_t before = out.size();
  Status status = Status::Error;
  try {
    if (!item.fault) item.fault = collect(plan, item, status);
    if (!item.fault) append_features(plan, out);
  } catch (const RequestError& error) {
    item.fault = {error.code(), {}, "could not be shown"};
  }
  if (!item.fault) return status;
  out.resize(before);
  out += "null";
  return Status::Error;
}

void VectorReader::append_all_details(const ViewPlan& plan, std::string& out) {
  for (size_t i = 0; i < items_.size(); ++i) {
    out += i == 0 ? '[' : ',';
    if (items_[i].fault) {
      out += "[]";
    } else {
      append_details(plan, items_[i], out);
    }
    check_size(out, work_.parts.limits);
  }
  out += ']';
}

std::optional<int> VectorReader::batch(const Call& call, std::string& out, Waiting& waiting) {
  const Value body = parse_request(call.body, work_.arena);
  ViewPlan& plan = open(body);
  Freshness freshness = Freshness::read(call, body, work_.parts.limits);
  const Options options = options_of(body);
  read_items(plan, options, body);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  const Deadline deadline(call, freshness);
  work_.look_up();
  statuses_.clear();
  out += "{\"features\":";
  for (size_t i = 0; i < items_.size(); ++i) {
    if (i % kDeadlineStep == 0) deadline.check();
    out += i == 0 ? '[' : ',';
    statuses_.push_back(append_item(plan, items_[i], out));
    check_size(out, work_.parts.limits);
  }
  out += "],\"metadata\":";
  append_metadata(plan, options, out);
  out += ",\"status\":";
  for (size_t i = 0; i < statuses_.size(); ++i) {
    out += i == 0 ? "[\"" : ",\"";
    out += status_text(statuses_[i]);
    out += '"';
  }
  out += "],\"detailedStatus\":";
  if (options.detailed) {
    append_all_details(plan, out);
  } else {
    out += "null";
  }
  out += '}';
  return 200;
}

}  // namespace millrace::feature_store
