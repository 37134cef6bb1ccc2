#include "connectors/feature_store/serving/freshness.h"

#include <algorithm>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/request_error.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

[[noreturn]] void bad_point() {
  throw RequestError(
      ErrorCode::BadInput,
      "'minOffset' must be {\"topic\",\"partition\",\"offset\"} or a list of them, and in a "
      "header or query topic:partition:offset, separated by commas");
}

void add_point(Freshness& out, std::string_view topic, int64_t partition, int64_t offset) {
  constexpr int64_t kMaxPartition = INT32_MAX;
  if (topic.empty() || partition < 0 || partition > kMaxPartition || offset < 0) bad_point();
  if (out.points.size() >= kMaxReadPoints) {
    throw RequestError(ErrorCode::BadInput, "'minOffset' may name at most 64 partitions");
  }
  out.points.push_back({{std::string(topic), static_cast<int32_t>(partition)}, offset});
}

void add_text(Freshness& out, std::string_view text) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view point = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t last = point.rfind(':');
    const size_t middle =
        last == 0 || last == std::string_view::npos ? last : point.rfind(':', last - 1);
    if (last == std::string_view::npos || middle == std::string_view::npos || middle >= last)
      bad_point();
    const auto partition = whole_number<int64_t>(point.substr(middle + 1, last - middle - 1));
    const auto offset = whole_number<int64_t>(point.substr(last + 1));
    if (!partition || !offset) bad_point();
    add_point(out, point.substr(0, middle), *partition, *offset);
  }
}

void add_json(Freshness& out, const Value& value) {
  if (value.type() == Type::Array) {
    for (const Value& item : value.as_array()) {
      if (item.type() != Type::Map) bad_point();
      add_json(out, item);
    }
    return;
  }
  if (value.type() != Type::Map) bad_point();
  const auto topic = text_member(value, "topic");
  const auto offset = integer_member(value, "offset");
  if (!topic || !offset) bad_point();
  add_point(out, *topic, integer_member(value, "partition").value_or(0), *offset);
}

std::chrono::milliseconds limited(int64_t ms, std::chrono::milliseconds most,
                                  std::string_view name) {
  if (ms < 0)
    throw RequestError(ErrorCode::BadInput, "'" + std::string(name) + "' must not be negative");
  return std::min(std::chrono::milliseconds(ms), most);
}

/// From the body, else the header, else the query.
std::optional<int64_t> number_of(const Value& body, std::string_view header, const Call& call,
                                 std::string_view name) {
  if (const auto number = integer_member(body, name)) return number;
  const std::string_view text = !header.empty() ? header : query_value(call.query, name);
  if (text.empty()) return std::nullopt;
  const auto number = whole_number<int64_t>(text);
  if (!number) {
    throw RequestError(ErrorCode::BadInput, "'" + std::string(name) + "' must be a whole number");
  }
  return number;
}

}  // namespace

std::string_view query_value(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() > name.size() && pair.substr(0, name.size()) == name &&
        pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

Freshness Freshness::read(const Call& call, const Value& body, const ApiLimits& limits) {
  Freshness out;
  add_text(out, call.min_offset);
  add_text(out, query_value(call.query, "minOffset"));
  if (const Value* points = member(body, "minOffset")) add_json(out, *points);
  const auto wait = number_of(body, call.wait_ms, call, "waitMs");
  if (wait && !out.points.empty()) out.wait = limited(*wait, limits.max_wait, "waitMs");
  const auto deadline = number_of(body, call.deadline_ms, call, "deadlineMs");
  out.deadline = deadline ? limited(*deadline, limits.deadline, "deadlineMs") : limits.deadline;
  return out;
}

bool is_fresh(const Call& call, Freshness& freshness, const RowSource& rows, Waiting& waiting) {
  for (const ReadPoint& point : freshness.points) {
    if (rows.is_applied(point.partition, point.offset)) continue;
    if (call.waited || freshness.wait.count() == 0) {
      throw RequestError(ErrorCode::ReadFailed, 503,
                         "Offset " + std::to_string(point.offset) + " of " +
                             point.partition.to_string() +
                             " has not been applied; ask again, or with a longer waitMs");
    }
    waiting.points = std::move(freshness.points);
    waiting.most = freshness.wait;
    return false;
  }
  return true;
}

void Deadline::check() const {
  if (std::chrono::steady_clock::now() <= at_) return;
  throw RequestError(ErrorCode::ReadFailed, 503,
                     "The request took longer than it may; ask for less, or raise deadlineMs");
}

}  // namespace millrace::feature_store
