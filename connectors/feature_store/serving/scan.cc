// Rows in the order of their keys: `{db}/{table}/scan`.

#include <fmt/format.h>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/keys.h"
#include "connectors/feature_store/serving/pk_read.h"
#include "connectors/feature_store/serving/request_error.h"
#include "millrace/base64.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

size_t limit_of(const Value& body, size_t most) {
  const auto limit = integer_member(body, "limit");
  if (!limit || *limit < 1 || static_cast<uint64_t>(*limit) > most) {
    throw RequestError(ErrorCode::BadInput, fmt::format("'limit' is needed, from 1 to {}", most));
  }
  return static_cast<size_t>(*limit);
}

std::string after_of(const Value& body) {
  std::string key;
  const auto after = text_member(body, "after");
  if (after && (!decode_base64(*after, key) || key.size() > 2 * kMaxKeyBytes)) {
    throw RequestError(ErrorCode::BadInput, "'after' must be what 'next' of the answer before was");
  }
  return key;
}

}  // namespace

size_t PkReader::key_prefix(const StoredTable& table, const Value& body, std::string& key) {
  const Value* filters = member(body, "filters");
  if (filters == nullptr) return 0;
  if (filters->type() != Type::Array)
    throw RequestError(ErrorCode::BadInput, "'filters' must be a list");
  const auto items = filters->as_array();
  for (size_t i = 0; i < items.size(); ++i) {
    const auto column = text_member(items[i], "column");
    if (!column || i >= table.key.size() || *column != table.key.names()[i]) {
      throw RequestError(
          ErrorCode::WrongKey,
          "'filters' of a scan must name the first columns of the primary key, in its order");
    }
    const Value* value = member(items[i], "value");
    const char* reason = nullptr;
    const KeyFault fault = append_key_part(table.key, i, value == nullptr ? Value() : *value,
                                           work_.arena, key, reason);
    if (fault == KeyFault::None) continue;
    throw RequestError(fault == KeyFault::WrongType ? ErrorCode::WrongType : ErrorCode::BadValue,
                       fmt::format("Primary key '{}': {}", *column, reason));
  }
  return items.size();
}

std::optional<int> PkReader::scan(const Call& call, std::string_view database,
                                  std::string_view table, std::string& out, Waiting& waiting) {
  catalog_ = work_.parts.catalog();
  const Value body = parse_request(call.body, work_.arena);
  if (body.type() != Type::Map)
    throw RequestError(ErrorCode::BadInput, "The body of scan must be an object");
  Freshness freshness = Freshness::read(call, body, work_.parts.limits);
  const FeatureGroup& group = group_of(database, table);
  const size_t limit = limit_of(body, work_.parts.limits.max_entries);
  const std::string after = after_of(body);
  read_names(body);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  const Deadline deadline(call, freshness);
  out += "{\"operationId\":";
  append_json_string(out, text_member(body, "operationId").value_or(std::string_view()), false);
  out += ",\"data\":[";
  const StoredTablePtr stored = work_.parts.rows->table(group.id);
  std::string last;
  bool more = false;
  if (stored != nullptr) {
    std::string prefix;
    key_prefix(*stored, body, prefix);
    columns_.find(stored, names_);
    bool first = true;
    more = work_.parts.rows->scan(*stored, prefix, after, limit,
                                  [&](std::string_view key, const Lookup& row) {
                                    if (!first) out += ',';
                                    first = false;
                                    const size_t before = out.size();
                                    work_.stats.row(RowResult::Found);
                                    if (!append_row(stored, row, out)) {
                                      work_.stats.row(RowResult::Failed);
                                      out.resize(before);
                                      out += "null";
                                    }
                                    check_size(out, work_.parts.limits);
                                    deadline.check();
                                    last = key;
                                    return true;
                                  });
  }
  out += "],\"next\":";
  if (more && !last.empty()) {
    out += '"';
    append_base64(out, {reinterpret_cast<const uint8_t*>(last.data()), last.size()});
    out += '"';
  } else {
    out += "null";
  }
  out += '}';
  return 200;
}

}  // namespace millrace::feature_store
