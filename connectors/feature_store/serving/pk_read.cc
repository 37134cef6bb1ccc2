#include "connectors/feature_store/serving/pk_read.h"

#include <fmt/format.h>

#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/keys.h"
#include "connectors/feature_store/serving/request_error.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

constexpr JsonStyle kRondbStyle{.numeric_booleans = true, .rfc3339 = false};

/// The members of `filters`; throws when it is no list of {column, value}.
std::span<const Value> filters_of(const Value& body) {
  const Value* filters = member(body, "filters");
  if (filters == nullptr) return {};
  if (filters->type() != Type::Array)
    throw RequestError(ErrorCode::BadInput, "'filters' must be a list");
  return filters->as_array();
}

std::string_view column_of(const Value& filter) {
  const auto column = text_member(filter, "column");
  if (!column)
    throw RequestError(ErrorCode::BadInput, "Each of 'filters' and 'readColumns' needs a 'column'");
  return *column;
}

/// The filter of a column; throws when there are two.
const Value* value_for(std::span<const Value> filters, std::string_view name) {
  static const Value kNull;
  const Value* found = nullptr;
  for (const Value& filter : filters) {
    if (column_of(filter) != name) continue;
    if (found != nullptr) {
      throw RequestError(ErrorCode::WrongKey,
                         fmt::format("'filters' names column '{}' twice", name));
    }
    found = member(filter, "value");
    if (found == nullptr) found = &kNull;
  }
  return found;
}

void append_part(const KeySchema& schema, size_t i, const Value& value, Arena& arena,
                 std::string& key) {
  const char* reason = nullptr;
  const KeyFault fault = append_key_part(schema, i, value, arena, key, reason);
  if (fault == KeyFault::None) return;
  throw RequestError(fault == KeyFault::WrongType ? ErrorCode::WrongType : ErrorCode::BadValue,
                     fmt::format("Primary key '{}': {}", schema.names()[i], reason));
}

}  // namespace

const FeatureGroup& PkReader::group_of(std::string_view database, std::string_view table) {
  if (!catalog_->has_database(database)) {
    throw RequestError(ErrorCode::StoreAbsent, fmt::format("Database '{}' is not known", database));
  }
  const FeatureGroup* group = catalog_->table(database, table);
  if (group == nullptr || group->deleted) {
    throw RequestError(ErrorCode::GroupAbsent,
                       fmt::format("Table '{}.{}' is not known", database, table));
  }
  return *group;
}

void PkReader::find_key(const FeatureGroup& group, const Value& body, Operation& operation) {
  const auto filters = filters_of(body);
  if (filters.empty()) throw RequestError(ErrorCode::NoKey, "'filters' must name the primary key");
  const auto& names = group.primary_key;
  if (filters.size() != names.size()) {
    throw RequestError(ErrorCode::WrongKey,
                       fmt::format("The primary key of {} has {} columns, 'filters' {}",
                                   group.table(), names.size(), filters.size()));
  }
  for (const std::string& name : names) {
    if (value_for(filters, name) == nullptr) {
      throw RequestError(
          ErrorCode::WrongKey,
          fmt::format("'filters' does not name column '{}' of the primary key", name));
    }
  }
  operation.table = work_.parts.rows->table(group.id);
  if (operation.table == nullptr) return;
  Lookup& lookup = work_.add_lookup(operation.table);
  const KeySchema& schema = operation.table->key;
  try {
    for (size_t i = 0; i < schema.size(); ++i) {
      const Value* value = value_for(filters, schema.names()[i]);
      if (value == nullptr) {
        throw RequestError(ErrorCode::WrongKey,
                           fmt::format("'{}' is part of the stored primary key of {}",
                                       schema.names()[i], group.table()));
      }
      append_part(schema, i, *value, work_.arena, lookup.key);
    }
  } catch (const RequestError&) {
    work_.drop_lookup();
    throw;
  }
  operation.lookup = work_.lookups() - 1;
}

void PkReader::read_names(const Value& body) {
  names_.clear();
  const Value* columns = member(body, "readColumns");
  if (columns == nullptr) return;
  if (columns->type() != Type::Array)
    throw RequestError(ErrorCode::BadInput, "'readColumns' must be a list");
  if (columns->size() > kMaxColumns) {
    throw RequestError(ErrorCode::BadInput,
                       fmt::format("'readColumns' may have {} columns", kMaxColumns));
  }
  for (const Value& column : columns->as_array()) {
    names_.push_back(column_of(column));
    const auto type = text_member(column, "dataReturnType");
    if (type && *type != "default") {
      throw RequestError(ErrorCode::BadInput, "'dataReturnType' must be default");
    }
  }
}

void PkReader::prepare(std::string_view database, std::string_view table, Operation& operation) {
  if (operation.body.type() != Type::Map) {
    throw RequestError(ErrorCode::BadInput, "The body of pk-read must be an object");
  }
  operation.id = text_member(operation.body, "operationId").value_or(std::string_view());
  const FeatureGroup& group = group_of(database, table);
  find_key(group, operation.body, operation);
  read_names(operation.body);
  if (operation.table != nullptr) columns_.find(operation.table, names_);  // refuses unknown ones
}

bool PkReader::append_row(const StoredTablePtr& table, const Lookup& row, std::string& out) {
  TableColumns& columns = columns_.find(table, names_);
  const Columns* own = columns.of(row.plan);
  const auto& names = columns.names();
  row_.resize(std::max(row_.size(), names.size()));
  if (own == nullptr || !own->read(row.row, work_.cells, row_)) return false;
  out += '{';
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, names[i], false);
    out += ':';
    if (own->field(i) == nullptr) {
      out += "null";
    } else if (!append_cell_json(out, *own->field(i), row_[i], kRondbStyle)) {
      return false;
    }
  }
  out += '}';
  return true;
}

int PkReader::append_result(const Operation& operation, std::string& out) {
  out += "{\"operationId\":";
  append_json_string(out, operation.id, false);
  out += ",\"data\":";
  const size_t before = out.size();
  int status = operation.status;
  const Lookup* row = operation.lookup == kNoLookup ? nullptr : &work_.lookup(operation.lookup);
  if (status == 200 && (row == nullptr || row->found != Found::Row)) status = 404;
  if (status == 200) {
    read_names(operation.body);
    if (!append_row(row->table, *row, out)) {
      work_.stats.row(RowResult::Failed);
      out.resize(before);
      status = 500;
    }
  }
  if (status != 200) out += "null";
  out += '}';
  return status;
}

std::optional<int> PkReader::read(const Call& call, std::string_view database,
                                  std::string_view table, std::string& out, Waiting& waiting) {
  catalog_ = work_.parts.catalog();
  Operation operation;
  operation.body = parse_request(call.body, work_.arena);
  Freshness freshness = Freshness::read(call, operation.body, work_.parts.limits);
  prepare(database, table, operation);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  work_.look_up();
  const int status = append_result(operation, out);
  if (status == 500) {
    out.clear();
    throw RequestError(ErrorCode::ReadFailed, "The stored row cannot be read");
  }
  return status;
}

void PkReader::prepare_batched(const Value& item, Operation& operation) {
  const auto url = text_member(item, "relative-url");
  const auto method = text_member(item, "method");
  if (item.type() != Type::Map || !url || (method && *method != "POST")) {
    throw RequestError(ErrorCode::BadInput,
                       "Each operation needs method POST, 'relative-url' and 'body'");
  }
  const size_t first = url->find('/');
  const size_t last = url->rfind('/');
  if (first == std::string_view::npos || first == last || url->substr(last + 1) != "pk-read" ||
      url->find('/', first + 1) != last) {
    throw RequestError(ErrorCode::BadInput, "'relative-url' must be database/table/pk-read");
  }
  const Value* body = member(item, "body");
  if (body != nullptr) operation.body = *body;
  try {
    prepare(url->substr(0, first), url->substr(first + 1, last - first - 1), operation);
  } catch (const RequestError& error) {
    operation.lookup = kNoLookup;
    operation.status = error.status();
    operation.message = error.what();
  }
}

void PkReader::append_batched(const Operation& operation, std::string& out) {
  const size_t start = out.size();
  out += "{\"code\":200,\"body\":";
  const int status = append_result(operation, out);
  if (status != 200) {
    out.resize(start);
    out += fmt::format("{{\"code\":{},", status);
    if (!operation.message.empty()) {
      out += "\"message\":";
      append_json_string(out, operation.message, false);
      out += ',';
    }
    out += "\"body\":{\"operationId\":";
    append_json_string(out, operation.id, false);
    out += ",\"data\":null}";
  }
  out += '}';
}

std::optional<int> PkReader::batch(const Call& call, std::string& out, Waiting& waiting) {
  catalog_ = work_.parts.catalog();
  const Value body = parse_request(call.body, work_.arena);
  Freshness freshness = Freshness::read(call, body, work_.parts.limits);
  const Value* items = member(body, "operations");
  if (items == nullptr || items->type() != Type::Array || items->size() == 0) {
    throw RequestError(ErrorCode::BadInput, "'operations' must be a list that is not empty");
  }
  if (items->size() > work_.parts.limits.max_operations) {
    throw RequestError(ErrorCode::BadInput,
                       fmt::format("A batch may have {} operations, this one has {}",
                                   work_.parts.limits.max_operations, items->size()));
  }
  std::vector<Operation> operations(items->size());
  for (size_t i = 0; i < operations.size(); ++i)
    prepare_batched(items->as_array()[i], operations[i]);
  if (!is_fresh(call, freshness, *work_.parts.rows, waiting)) return std::nullopt;
  const Deadline deadline(call, freshness);
  work_.look_up();
  out += "{\"result\":[";
  for (size_t i = 0; i < operations.size(); ++i) {
    if (i > 0) out += ',';
    append_batched(operations[i], out);
    check_size(out, work_.parts.limits);
    deadline.check();
  }
  out += "]}";
  return 200;
}

}  // namespace millrace::feature_store
