#include "connectors/lakehouse/sink/changes.h"

#include "connectors/lakehouse/columns/value_path.h"

namespace millrace::lakehouse {
namespace {

/// First letter of an operation, small; 0 for none.
char operation_letter(const Value* value) {
  if (value == nullptr || value->type() != ::millrace::Type::String) return 0;
  std::string_view text = value->as_string();
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.empty()) return 0;
  const char letter = text.front();
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool refuse(Reject& reject, RejectReason reason, std::string field, std::string detail) {
  reject = {reason, std::move(field), std::move(detail)};
  return false;
}

}  // namespace

bool ChangeReader::read(const Record& record, RowChange& change, Reject& reject) const {
  if (record.value.value.is_null()) {
    change = {ChangeKind::Delete, record.key};
    return true;
  }
  if (options_.debezium) return read_envelope(record, change, reject);
  change = {options_.upsert ? ChangeKind::Upsert : ChangeKind::Insert, record.value};
  if (!options_.operation) return true;
  const char letter = operation_letter(value_at(record.value.value, *options_.operation));
  if (letter == 'd') change.kind = ChangeKind::Delete;
  if (letter == 'u') change.kind = ChangeKind::Upsert;
  return true;
}

bool ChangeReader::read_envelope(const Record& record, RowChange& change, Reject& reject) const {
  switch (operation_letter(value_at(record.value.value, "op"))) {
    case 'c':
      change.kind = options_.upsert ? ChangeKind::Upsert : ChangeKind::Insert;
      break;
    case 'r':
    case 'u':
      change.kind = ChangeKind::Upsert;
      break;
    case 'd':
      change = {ChangeKind::Delete, member_with_schema(record.value, "before")};
      // A table without a full replica identity tells only the key.
      if (change.row.value.is_null()) change.row = record.key;
      return true;
    default:
      return refuse(reject, RejectReason::TypeMismatch, "op",
                    "an envelope's operation is expected: c, r, u or d");
  }
  change.row = member_with_schema(record.value, "after");
  if (!change.row.value.is_null()) return true;
  return refuse(reject, RejectReason::MissingRequired, "after", "the envelope has no row");
}

SchemaAndValue ChangeReader::row_of(const Record& record) const {
  return options_.debezium ? member_with_schema(record.value, "after") : record.value;
}

}  // namespace millrace::lakehouse
