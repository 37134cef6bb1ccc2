// The passes over the bytes of rows.

#include <array>
#include <limits>

#include "connectors/avro/binary.h"
#include "connectors/avro/limits.h"
#include "connectors/avro/skip.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"

namespace millrace::feature_store {
namespace {

constexpr int64_t kLastSecond = 9'999'999'999;  // whole numbers of more digits are milliseconds

/// One field. On null and on errors of the reader the cell is Null.
Cell read_cell(const PlannedField& field, avro::Reader& in) noexcept {
  Cell cell;
  if (field.is_union) {
    const size_t branch = in.read_index(field.has_null ? 2 : 1);
    if (field.has_null && branch == field.null_branch) return cell;
  }
  switch (field.wire) {
    case avro::Kind::Boolean:
      cell.kind = Cell::Kind::Boolean;
      cell.integer = in.read_boolean() ? 1 : 0;
      break;
    case avro::Kind::Int:
      cell.kind = field.type.kind == FeatureKind::Date ? Cell::Kind::Date : Cell::Kind::Integer;
      cell.integer = in.read_int();
      break;
    case avro::Kind::Long:
      cell.kind = field.type.kind == FeatureKind::Timestamp ? Cell::Kind::Timestamp : Cell::Kind::Integer;
      cell.integer = in.read_long();
      if (field.millis && __builtin_mul_overflow(cell.integer, int64_t{1000}, &cell.integer)) {
        in.fail("a timestamp is out of range");
      }
      break;
    case avro::Kind::Float:
      cell.kind = Cell::Kind::Float;
      cell.real = static_cast<double>(in.read_float());
      break;
    case avro::Kind::Double:
      cell.kind = Cell::Kind::Double;
      cell.real = in.read_double();
      break;
    case avro::Kind::String:
      cell.kind = Cell::Kind::Text;
      cell.bytes = in.read_bytes();
      break;
    default:
      cell.bytes = in.read_bytes();
      cell.kind = field.type.kind == FeatureKind::Complex   ? Cell::Kind::Complex
                  : field.type.kind == FeatureKind::Decimal ? Cell::Kind::Decimal
                                                            : Cell::Kind::Bytes;
  }
  return in.failed() ? Cell() : cell;
}

/// Python's null of a complex value: nothing but the null branch of its union (§4).
bool is_nested_null(const PlannedField& field, std::string_view bytes) noexcept {
  if (bytes.size() != 1 || field.nested->kind != avro::Kind::Union) return false;
  const auto index = static_cast<size_t>(static_cast<uint8_t>(bytes[0]) >> 1U);
  return (static_cast<uint8_t>(bytes[0]) & 1U) == 0 && index < field.nested->members.size() &&
         field.nested->members[index]->kind == avro::Kind::Null;
}

/// Whether the bytes are one value of the field's own schema.
bool is_nested_value(const PlannedField& field, std::string_view bytes) noexcept {
  avro::Reader in(bytes);
  uint64_t budget = avro::kFreeValues + bytes.size();
  avro::skip_value(in, *field.nested, 0, budget, avro::SizedBlocks::Walk);
  return !in.failed() && in.remaining() == 0;
}

Cell normalised(const PlannedField& field, Cell cell) noexcept {
  return cell.kind == Cell::Kind::Complex && is_nested_null(field, cell.bytes) ? Cell() : cell;
}

size_t characters(std::string_view text) noexcept {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

const char* check_whole(ColumnKind column, int64_t value) noexcept {
  const auto is = [value](auto limits) {
    using Limits = decltype(limits);
    return value >= Limits::min() && value <= Limits::max();
  };
  switch (column) {
    case ColumnKind::TinyInt: return is(std::numeric_limits<int8_t>()) ? nullptr : "a value is out of tinyint's range";
    case ColumnKind::SmallInt: return is(std::numeric_limits<int16_t>()) ? nullptr : "a value is out of smallint's range";
    case ColumnKind::Int: return is(std::numeric_limits<int32_t>()) ? nullptr : "a value is out of int's range";
    default: return nullptr;
  }
}

const char* check_decimal(const PlannedField& field, std::string_view bytes) noexcept {
  const auto value = int128_of(bytes);
  if (!value) return "a decimal has more digits than its type";
  const Int128 limit = power_of_ten(field.type.precision);
  return *value < limit && *value > -limit ? nullptr : "a decimal has more digits than its type";
}

/// What is declared of a column; what a store makes of a type by itself is the store's to check.
const char* check_cell(const PlannedField& field, const Cell& cell) noexcept {
  switch (cell.kind) {
    case Cell::Kind::Integer: {
      const bool narrow = field.type.kind == FeatureKind::TinyInt || field.type.kind == FeatureKind::SmallInt;
      return field.is_declared || narrow ? check_whole(field.column.kind, cell.integer) : nullptr;
    }
    case Cell::Kind::Decimal: return check_decimal(field, cell.bytes);
    case Cell::Kind::Text:
      return field.is_declared && field.column.kind == ColumnKind::VarChar &&
                     cell.bytes.size() > field.column.length &&
                     characters(cell.bytes) > field.column.length
                 ? "a text is longer than its column"
                 : nullptr;
    case Cell::Kind::Bytes:
    case Cell::Kind::Complex:
      return field.is_declared && field.column.kind == ColumnKind::VarBinary &&
                     cell.bytes.size() > field.column.length
                 ? "a value has more bytes than its column"
                 : nullptr;
    default: return nullptr;
  }
}

/// False: there is none, as of null.
bool event_time_of(const Cell& cell, int64_t& micros) noexcept {
  switch (cell.kind) {
    case Cell::Kind::Timestamp: micros = cell.integer; return true;
    case Cell::Kind::Date: return !__builtin_mul_overflow(cell.integer, kMicrosPerDay, &micros);
    case Cell::Kind::Integer: {
      const bool seconds = cell.integer <= kLastSecond && cell.integer >= -kLastSecond;
      return !__builtin_mul_overflow(cell.integer, int64_t{seconds ? 1'000'000 : 1'000}, &micros);
    }
    default: return false;
  }
}

}  // namespace

Failure RowPlan::scan(std::string_view row, bool is_delete, std::string& key, ScannedRow& out) const {
  avro::Reader in(row);
  std::array<Cell, kMaxKeyParts> parts;
  Failure bad;
  out = {};
  for (size_t i = 0; i < fields_.size(); ++i) {
    const PlannedField& field = fields_[i];
    const Cell cell = normalised(field, read_cell(field, in));
    if (in.failed()) return {FailureType::Deserialization, in.error(), static_cast<int32_t>(i)};
    if (field.key_index >= 0) parts[static_cast<size_t>(field.key_index)] = cell;
    if (field.is_event_time) out.has_event_time = event_time_of(cell, out.event_time_us);
    if (cell.kind == Cell::Kind::Complex && !is_delete) {
      if (cell.bytes.size() > limits_.max_nested_bytes) {
        if (!bad) bad = {FailureType::UserData, "a complex value is too large", static_cast<int32_t>(i)};
      } else if (!is_nested_value(field, cell.bytes)) {
        return {FailureType::Deserialization, "a complex value is not of its own schema", static_cast<int32_t>(i)};
      }
    }
    if (is_delete || !limits_.check_lengths || bad) continue;
    if (const char* why = check_cell(field, cell)) {
      bad = {FailureType::UserData, why, static_cast<int32_t>(i)};
    }
  }
  if (in.remaining() != 0) {
    return {FailureType::Deserialization, "bytes follow the last field: the row is of another schema", -1};
  }
  if (bad) return bad;
  return append_key(parts, key);
}

Failure RowPlan::append_key(std::span<const Cell> parts, std::string& key) const {
  const size_t begin = key.size();
  for (size_t i = 0; i < key_.size(); ++i) {
    const char* why = key_.append(key, i, parts[i], fields_[key_fields_[i]].type.scale);
    if (why == nullptr && key.size() - begin > kMaxKeyBytes) why = "a primary key has more than 4096 bytes";
    if (why == nullptr) continue;
    key.resize(begin);
    return {FailureType::UserData, why, static_cast<int32_t>(key_fields_[i])};
  }
  return {};
}

bool RowPlan::read(std::string_view row, std::span<Cell> cells) const noexcept {
  avro::Reader in(row);
  for (size_t i = 0; i < fields_.size(); ++i) cells[i] = normalised(fields_[i], read_cell(fields_[i], in));
  return !in.failed() && in.remaining() == 0;
}

bool RowPlan::read(std::string_view row, std::span<const uint32_t> wanted,
                   std::span<Cell> cells) const noexcept {
  avro::Reader in(row);
  size_t next = 0;
  for (uint32_t i = 0; next < wanted.size() && i < fields_.size(); ++i) {
    const Cell cell = read_cell(fields_[i], in);
    if (wanted[next] == i) cells[next++] = normalised(fields_[i], cell);
  }
  return !in.failed() && next == wanted.size();
}

}  // namespace millrace::feature_store
