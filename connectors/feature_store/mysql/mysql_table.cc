#include "connectors/feature_store/mysql/mysql_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "connectors/feature_store/mysql/connection.h"
#include "connectors/feature_store/mysql/mysql_cell.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

/// `(?, ?), (?, ?)`; the fields of one row are given.
std::string tuples(const std::string& one, size_t rows) {
  std::string out;
  for (size_t i = 0; i < rows; ++i) {
    if (i != 0) out += ", ";
    out += one;
  }
  return out;
}

std::string marks(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += i == 0 ? "?" : ", ?";
  return out;
}

}  // namespace

void append_key_part(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

MysqlTable::MysqlTable(const RowPlan& plan, const MysqlDialect& dialect,
                       const std::vector<std::string>& columns)
    : group_id_(plan.group().id), name_(table_name(plan.group())), cells_(plan.fields().size()) {
  key_fields_.resize(plan.key().size());
  std::set<std::string> others(columns.begin(), columns.end());
  for (size_t i = 0; i < plan.fields().size(); ++i) {
    const PlannedField& field = plan.fields()[i];
    if (field.key_index >= 0) key_fields_[static_cast<size_t>(field.key_index)] = i;
    if (!field.online || others.erase(to_lower(field.name)) == 0) continue;
    fields_.push_back(i);
    names_.push_back(sql_name(field.name));
    if (!field.is_event_time || field.key_index >= 0) continue;  // of one key, there is one time
    guard_ = Guard::Column;
    guard_field_ = i;
    guard_name_ = names_.back();
  }
  if (dialect.hidden_columns && others.erase(kHiddenEventTime) != 0) {
    guard_ = Guard::Hidden;
    guard_name_ = sql_name(kHiddenEventTime);
  }
  for (const std::string& name : plan.key().names()) key_names_.push_back(sql_name(name));
  for (const std::string& name : others) others_.push_back(sql_name(name));
  upsert_width_ = std::max<size_t>(fields_.size() + (has_hidden() ? 1 : 0), 1);
}

/// What a row does to one that is there. The guard is the last to change: assignments see those
/// before.
std::string MysqlTable::guarded_assignments() const {
  std::string out;
  const auto assign = [&](const std::string& name) {
    out += fmt::format("{0}{1} = IF({2} IS NULL OR VALUES({2}) >= {2}, VALUES({1}), {1})",
                       out.empty() ? "" : ", ", name, guard_name_);
  };
  for (const auto* names : {&names_, &others_}) {
    for (const std::string& name : *names) {
      if (name != guard_name_ && std::ranges::find(key_names_, name) == key_names_.end())
        assign(name);
    }
  }
  assign(guard_name_);
  return out;
}

std::string MysqlTable::upsert_sql(size_t rows, bool guarded) const {
  std::vector<std::string> names = names_;
  if (has_hidden()) names.push_back(guard_name_);
  std::string row = "(" + marks(names.size());
  for (const std::string& name : others_) {
    names.push_back(name);
    row += ", DEFAULT";
  }
  std::string out = fmt::format("INSERT INTO {} ({}) VALUES {} ON DUPLICATE KEY UPDATE ", name_,
                                fmt::join(names, ", "), tuples(row + ")", rows));
  if (guarded && has_guard()) return out + guarded_assignments();
  std::string assignments;
  for (const std::string& name : names) {
    if (std::ranges::find(key_names_, name) != key_names_.end()) continue;
    assignments += fmt::format("{0}{1} = VALUES({1})", assignments.empty() ? "" : ", ", name);
  }
  if (assignments.empty()) assignments = key_names_[0] + " = " + key_names_[0];
  return out + assignments;
}

std::string MysqlTable::delete_sql(size_t rows) const {
  const size_t parts = key_names_.size();
  return fmt::format("DELETE FROM {} WHERE ({}) IN ({})", name_, fmt::join(key_names_, ", "),
                     tuples(parts == 1 ? "?" : "(" + marks(parts) + ")", rows));
}

std::string MysqlTable::select_sql(size_t rows) const {
  const size_t parts = key_names_.size();
  return fmt::format("SELECT {0}, {1} FROM {2} WHERE ({0}) IN ({3}) FOR UPDATE",
                     fmt::join(key_names_, ", "), guard_name_, name_,
                     tuples(parts == 1 ? "?" : "(" + marks(parts) + ")", rows));
}

bool MysqlTable::read(const RowChange& change) {
  return change.plan->read(change.row, cells_);
}

Failure MysqlTable::append_row(const RowChange& change, BoundRows& out) {
  if (!read(change)) return {FailureType::Deserialization, "the row cannot be read"};
  for (const size_t i : fields_) {
    const char* const why = append_cell(out, change.plan->fields()[i], cells_[i]);
    if (why != nullptr) return {FailureType::UserData, why, static_cast<int32_t>(i)};
  }
  if (has_hidden()) {
    if (change.has_event_time)
      out.parameters.whole(change.event_time_us);
    else
      out.parameters.null();
  }
  return {};
}

Failure MysqlTable::append_key(const RowChange& change, BoundRows& out) {
  if (!read(change)) return {FailureType::Deserialization, "the row cannot be read"};
  for (const size_t i : key_fields_) {
    const char* const why = append_cell(out, change.plan->fields()[i], cells_[i]);
    if (why != nullptr) return {FailureType::UserData, why, static_cast<int32_t>(i)};
  }
  return {};
}

std::optional<std::string> MysqlTable::guard_text(const RowChange& change) {
  if (has_hidden()) {
    return change.has_event_time ? std::optional(std::to_string(change.event_time_us))
                                 : std::nullopt;
  }
  if (!read(change) || cells_[guard_field_].is_null()) return std::nullopt;
  return server_text(change.plan->fields()[guard_field_], cells_[guard_field_]);
}

bool MysqlTable::is_before(const std::string& a, const std::string& b) const {
  const auto first = whole_number<int64_t>(a);
  const auto second = whole_number<int64_t>(b);
  if (first && second) return *first < *second;
  return a < b;
}

std::string MysqlTable::key_text(const RowChange& change) {
  std::string out;
  if (!read(change)) return out;
  for (const size_t i : key_fields_)
    append_key_part(out, server_text(change.plan->fields()[i], cells_[i]));
  return out;
}

}  // namespace millrace::feature_store
