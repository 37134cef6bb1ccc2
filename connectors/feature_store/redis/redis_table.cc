#include "connectors/feature_store/redis/redis_table.h"

#include <fmt/format.h>

#include "connectors/feature_store/redis/feast_value.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

/// In `hash` keys, so that no two rows have one key.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ':')
      out += "%3A";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
}

std::string glob_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

RedisLayout parse_redis_layout(const std::string& name) {
  if (name == "feast") return RedisLayout::Feast;
  if (name == "hash") return RedisLayout::Hash;
  if (name == "connect") return RedisLayout::Connect;
  throw ConfigException(
      fmt::format("redis.layout is {}; it must be one of feast, hash, connect", name));
}

RedisTable::RedisTable(const RowPlan& plan, const RedisOptions& options, RedisLayout layout)
    : layout_(layout),
      group_id_(plan.group().id),
      name_(fmt::format("{}:{}", plan.group().database(), plan.group().table())) {
  const FeatureGroup& group = plan.group();
  const bool is_feast = layout == RedisLayout::Feast;
  if (is_feast) {
    if (options.feast_view) view_ = options.feast_view(group_id_);
    if (view_.empty()) view_ = group.name;
    project_ = options.feast_project.empty() ? group.project : options.feast_project;
    const auto names =
        options.join_keys ? options.join_keys(group_id_) : std::map<std::string, std::string>();
    entity_keys_.emplace(plan.key(), names, project_);
  }
  const std::string suffix = is_feast ? ":" + view_ : "";
  time_field_ = "_ts" + suffix;
  source_field_ = "_src" + suffix;
  key_fields_.resize(plan.key().size());
  for (size_t i = 0; i < plan.fields().size(); ++i) {
    const PlannedField& planned = plan.fields()[i];
    if (planned.key_index >= 0) key_fields_[static_cast<size_t>(planned.key_index)] = i;
    if (!planned.online || (is_feast && planned.key_index >= 0)) continue;
    columns_.push_back({i, is_feast ? feast_field(view_, planned.name) : planned.name});
  }
  cells_.resize(plan.fields().size());
  set_known({});
}

std::string RedisTable::owner_name() const {
  return layout_ == RedisLayout::Feast ? project_ + ":" + view_ : name_;
}

std::string RedisTable::pattern() const {
  switch (layout_) {
    case RedisLayout::Feast:
      return "*" + glob_of(project_);
    case RedisLayout::Hash:
      return glob_of(name_) + ":*";
    case RedisLayout::Connect:
      break;
  }
  return {};
}

std::set<std::string> RedisTable::features() const {
  std::set<std::string> names;
  for (const Column& column : columns_) names.insert(column.name);
  return names;
}

void RedisTable::set_known(const std::set<std::string>& known) {
  const std::set<std::string> own = features();
  cleared_.clear();
  all_.assign(own.begin(), own.end());
  for (const std::string& name : known) {
    if (own.contains(name)) continue;
    cleared_.push_back(name);
    all_.push_back(name);
  }
  for (const std::string& name : extras()) all_.push_back(name);
}

void RedisTable::append_shape(RedisArguments& out) const {
  const bool is_feast = layout_ == RedisLayout::Feast;
  out.add(is_feast ? "p" : "t");
  out.add(is_feast ? "f" : "w");
  out.add(time_field_);
  out.add(source_field_);
  for (const auto* names : {&cleared_, &all_}) {
    out.add(static_cast<int64_t>(names->size()));
    for (const std::string& name : *names) out.add(name);
  }
}

bool RedisTable::append_key(const RowChange& change, std::string& key) {
  const RowPlan& plan = *change.plan;
  if (!plan.key().read(change.key, key_cells_, key_texts_)) return false;
  if (layout_ == RedisLayout::Feast) return entity_keys_->append(key, key_cells_);
  if (layout_ == RedisLayout::Hash)
    key += name_;
  else
    key += change.partition == nullptr ? std::string_view(name_) : change.partition->topic;
  if (layout_ == RedisLayout::Connect && !change.record_key.empty()) {
    key += ':';
    key += change.record_key;
    return true;
  }
  for (size_t i = 0; i < key_cells_.size(); ++i) {
    value_.clear();
    append_cell_text(value_, plan.fields()[key_fields_[i]], key_cells_[i]);
    key += ':';
    append_escaped(key, value_);
  }
  return true;
}

void RedisTable::append_time(const RowChange& change, RedisArguments& out) const {
  if (!change.has_event_time) {
    out.add("");
    out.add("");
    return;
  }
  const bool is_feast = layout_ == RedisLayout::Feast;
  const int64_t micros = change.event_time_us;
  const int64_t seconds =
      is_feast ? floor_div(micros, kMicrosPerSecond) : micros / kMicrosPerSecond;
  const int64_t rest = micros - seconds * kMicrosPerSecond;
  out.add(seconds);
  out.add(is_feast ? rest * 1'000 : rest);
}

void RedisTable::field(std::string_view name, std::string_view value) {
  fields_.add(name);
  fields_.add(value);
}

Failure RedisTable::append_columns(const RowChange& change) {
  const RowPlan& plan = *change.plan;
  if (!plan.read(change.row, cells_))
    return {FailureType::Deserialization, "the row cannot be read"};
  for (const Column& column : columns_) {
    const PlannedField& planned = plan.fields()[column.index];
    const Cell& cell = cells_[column.index];
    value_.clear();
    if (layout_ != RedisLayout::Feast) {
      if (cell.is_null()) continue;
      append_cell_text(value_, planned, cell);
    } else if (!append_feast_value(value_, planned, cell)) {
      return {FailureType::Deserialization,
              "a complex value is none of its schema, or a decimal is too long",
              static_cast<int32_t>(column.index)};
    }
    field(column.name, value_);
  }
  return {};
}

Failure RedisTable::append_fields(const RowChange& change, const Place& place,
                                  RedisArguments& out) {
  fields_.clear();
  if (!change.is_delete) {
    if (const Failure failure = append_columns(change)) return failure;
    if (change.has_event_time && (layout_ != RedisLayout::Connect || change.if_newer)) {
      value_.clear();
      if (layout_ == RedisLayout::Feast)
        append_feast_timestamp(value_, change.event_time_us);
      else
        value_ = std::to_string(change.event_time_us);
      field(time_field_, value_);
    }
    if (layout_ == RedisLayout::Hash && change.partition != nullptr) {
      field("_off", fmt::format("{}:{}", change.partition->partition, change.offset));
    }
    if (place.guarded && change.partition != nullptr) {
      field(source_field_, fmt::format("{}:{}:{}", change.partition->topic,
                                       change.partition->partition, change.offset));
    }
  }
  out.add(static_cast<int64_t>(fields_.count()));
  out.add(fields_);
  return {};
}

Failure RedisTable::append_row(const RowChange& change, const Place& place, std::string& key,
                               RedisArguments& out) {
  if (!append_key(change, key)) {
    return {FailureType::Deserialization,
            "the primary key cannot be read, or a decimal is too long"};
  }
  std::string operation(1, change.is_delete ? 'd' : 'u');
  if (change.if_newer) operation += 'n';
  if (!place.marker.empty()) operation += 'm';
  out.add(operation);
  append_time(change, out);
  const bool expires = layout_ != RedisLayout::Feast && change.expiry_us != 0;
  out.add(expires ? std::to_string(floor_div(change.expiry_us, 1'000)) : "");
  const bool guarded = place.guarded && change.partition != nullptr;
  out.add(guarded ? fmt::format("{}:{}", change.partition->topic, change.partition->partition)
                  : "");
  out.add(guarded ? std::to_string(change.offset) : "");
  return append_fields(change, place, out);
}

}  // namespace millrace::feature_store
