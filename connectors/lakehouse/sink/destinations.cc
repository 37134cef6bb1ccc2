#include "connectors/lakehouse/sink/destinations.h"

#include <algorithm>

#include "connectors/lakehouse/columns/value_path.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kLogger = "millrace.lakehouse.Destinations";
constexpr size_t kShownName = 200;  // bytes of a name in messages

}  // namespace

Destinations::Destinations(const SinkOptions& options, Make make)
    : options_(options), make_(std::move(make)) {
  for (const std::string& name : options.tables.value_or(std::vector<std::string>())) {
    auto destination = std::make_unique<Destination>(Destination{name, make_(name)});
    const TableOptions table = options.table(name);
    if (table.route_regex && options.route_field) destination->route.emplace(*table.route_regex);
    list_.push_back(std::move(destination));
  }
  for (const auto& destination : list_) destination->table->share_memory(list_.size());
}

bool Destinations::take_name(const Record& record) {
  const Value* value = value_at(record.value.value, *options_.route_field);
  if (value == nullptr || value->is_null()) return false;
  name_.clear();
  append_java_string(name_, *value);
  if (by_name()) {
    std::transform(name_.begin(), name_.end(), name_.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  }
  return true;
}

// With a route field, a table without an expression gets nothing, as with Apache's sink.
bool Destinations::goes_to(const Destination& destination, const Record& record) {
  if (by_name()) return take_name(record) && name_ == destination.name;
  if (!options_.route_field || !destination.route) return !options_.route_field;
  return take_name(record) && destination.route->matches(name_);
}

Destination* Destinations::find(const Record& record, const OffsetMap& partitions) {
  if (!take_name(record)) {
    ++without_name_;
    return nullptr;
  }
  if (last_ != nullptr && last_->name == name_) return last_;
  if (const auto known = by_name_.find(name_); known != by_name_.end()) return last_ = known->second;
  if (is_missing()) {
    ++without_table_;
    return nullptr;
  }
  return open(partitions);
}

Destination* Destinations::open(const OffsetMap& partitions) {
  auto destination = std::make_unique<Destination>();
  destination->name = table_name();
  // With more backquotes than it needs it may be a table that is open: two writers of one task would fence
  // each other.
  if (const auto same = by_name_.find(destination->name); same != by_name_.end()) {
    return last_ = by_name_[name_] = same->second;
  }
  destination->table = make_(destination->name);
  std::vector<TopicPartition> of;
  for (const auto& [partition, offset] : partitions) of.push_back(partition);
  try {
    destination->table->open(of);
  } catch (const NotFoundException&) {
    note_missing();
    return nullptr;
  }
  last_ = list_.emplace_back(std::move(destination)).get();
  by_name_[last_->name] = by_name_[name_] = last_;
  return last_;
}

std::string Destinations::table_name() {
  std::string why = "a name of more than " + std::to_string(kMaxName) + " bytes";
  try {
    if (name_.size() <= kMaxName) return parse_table_name(name_).to_string();
  } catch (const ConfigException& error) {
    why = error.what();
  }
  ++impossible_;
  throw BadTableName("TABLE_NAME(" + *options_.route_field + "): " + why);
}

bool Destinations::is_missing() {
  const auto known = missing_.find(name_);
  return known != missing_.end() && Clock::now() < known->second;
}

void Destinations::note_missing() {
  ++without_table_;
  if (missing_.size() >= kMaxMissing) missing_.clear();
  const bool is_new = missing_.insert_or_assign(name_, Clock::now() + kMissingCheck).second;
  if (!is_new || warnings_ >= kMaxWarnings) return;
  ++warnings_;
  log(LogLevel::Warn, kLogger,
      "Skipping records for table " + name_.substr(0, kShownName) + ": there is none; create it, or set "
      "iceberg.tables.auto-create-enabled=true" +
      (warnings_ == kMaxWarnings ? ". Further missing tables are only counted" : ""));
}

bool Destinations::close_clean(size_t limit) {
  if (list_.size() <= limit) return true;
  std::vector<Destination*> clean;
  for (const auto& destination : list_) {
    if (destination->table->clean()) clean.push_back(destination.get());
  }
  const size_t count = std::min(clean.size(), list_.size() - limit);
  std::partial_sort(clean.begin(), clean.begin() + static_cast<ptrdiff_t>(count), clean.end(),
                    [](const Destination* a, const Destination* b) { return a->used < b->used; });
  clean.resize(count);
  const auto goes = [&](const Destination* one) {
    return std::find(clean.begin(), clean.end(), one) != clean.end();
  };
  std::erase_if(by_name_, [&](const auto& entry) { return goes(entry.second); });
  std::erase_if(list_, [&](const auto& one) { return goes(one.get()); });
  last_ = nullptr;
  return list_.size() <= limit;
}

std::vector<TaskMetric> Destinations::metrics() const {
  if (!by_name()) return {};
  using Kind = TaskMetric::Kind;
  const std::string skipped = "lakehouse_skipped_records_total";
  const std::string skipped_help = "Records that name no table, or a missing one that must not be made.";
  return {{"lakehouse_open_tables", "Tables that the task has open.", Kind::Gauge, {},
           static_cast<double>(list_.size())},
          {skipped, skipped_help, Kind::Counter, {{"reason", "no_name"}},
           static_cast<double>(without_name_)},
          {skipped, skipped_help, Kind::Counter, {{"reason", "no_table"}},
           static_cast<double>(without_table_)},
          {"lakehouse_rejected_names_total", "Records whose table name can be none.", Kind::Counter, {},
           static_cast<double>(impossible_)}};
}

}  // namespace millrace::lakehouse
