// The passes over the bytes of rows.

#include <cstddef>
#include <limits>
#include <memory>

#include "connectors/avro/binary.h"
#include "connectors/avro/limits.h"
#include "connectors/avro/skip.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"

namespace millrace::feature_store {
namespace {

constexpr int64_t kLastSecond = 9'999'999'999;  // whole numbers of more digits are milliseconds

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
    case ColumnKind::TinyInt:
      return is(std::numeric_limits<int8_t>()) ? nullptr : "a value is out of tinyint's range";
    case ColumnKind::SmallInt:
      return is(std::numeric_limits<int16_t>()) ? nullptr : "a value is out of smallint's range";
    case ColumnKind::Int:
      return is(std::numeric_limits<int32_t>()) ? nullptr : "a value is out of int's range";
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

Cell::Kind kind_of(const PlannedField& field) noexcept {
  switch (field.wire) {
    case avro::Kind::Boolean: return Cell::Kind::Boolean;
    case avro::Kind::Int:
      return field.type.kind == FeatureKind::Date ? Cell::Kind::Date : Cell::Kind::Integer;
    case avro::Kind::Long:
      return field.type.kind == FeatureKind::Timestamp ? Cell::Kind::Timestamp : Cell::Kind::Integer;
    case avro::Kind::Float: return Cell::Kind::Float;
    case avro::Kind::Double: return Cell::Kind::Double;
    case avro::Kind::String: return Cell::Kind::Text;
    default:
      return field.type.kind == FeatureKind::Complex   ? Cell::Kind::Complex
             : field.type.kind == FeatureKind::Decimal ? Cell::Kind::Decimal
                                                       : Cell::Kind::Bytes;
  }
}

/// Whether check_cell can have something against a value.
bool is_bounded(const PlannedField& field, Cell::Kind kind) noexcept {
  switch (kind) {
    case Cell::Kind::Integer: return field.is_declared || field.type.kind != FeatureKind::BigInt;
    case Cell::Kind::Decimal: return true;
    case Cell::Kind::Text:
    case Cell::Kind::Bytes: return field.is_declared;
    default: return false;
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

RowPlan::Step RowPlan::step_of(const PlannedField& field) const noexcept {
  const Cell::Kind kind = kind_of(field);
  const bool passing = field.key_index < 0 && !field.is_event_time && kind != Cell::Kind::Complex &&
                       !(limits_.check_lengths && is_bounded(field, kind));
  return {kind, field.wire, field.is_union, field.has_null, field.null_branch, field.millis, passing};
}

/// On null and on errors of the reader the cell is Null.
inline void RowPlan::read_cell(const Step& step, avro::Reader& in, Cell& out) noexcept {
  out = Cell();
  if (step.is_union) {
    const size_t branch = in.read_index(step.has_null ? 2 : 1);
    if (step.has_null && branch == step.null_branch) return;
  }
  switch (step.wire) {
    case avro::Kind::Boolean: out.integer = in.read_boolean() ? 1 : 0; break;
    case avro::Kind::Int: out.integer = in.read_int(); break;
    case avro::Kind::Long:
      out.integer = in.read_long();
      if (step.millis && __builtin_mul_overflow(out.integer, int64_t{1000}, &out.integer)) {
        in.fail("a timestamp is out of range");
      }
      break;
    case avro::Kind::Float: out.real = static_cast<double>(in.read_float()); break;
    case avro::Kind::Double: out.real = in.read_double(); break;
    default: out.bytes = in.read_bytes();
  }
  if (!in.failed()) out.kind = step.kind;
}

Failure RowPlan::check(size_t i, const Cell& cell, bool is_delete) const noexcept {
  const auto index = static_cast<int32_t>(i);
  if (is_delete) return {};
  if (cell.kind == Cell::Kind::Complex) {
    if (cell.bytes.size() > limits_.max_nested_bytes) {
      return {FailureType::UserData, "a complex value is too large", index};
    }
    if (!is_nested_value(fields_[i], cell.bytes)) {
      return {FailureType::Deserialization, "a complex value is not of its own schema", index};
    }
  }
  const char* why = limits_.check_lengths ? check_cell(fields_[i], cell) : nullptr;
  return why == nullptr ? Failure() : Failure{FailureType::UserData, why, index};
}

Failure RowPlan::scan(std::string_view row, bool is_delete, std::string& key, ScannedRow& out) const {
  avro::Reader in(row);
  alignas(Cell) std::byte room[sizeof(Cell) * kMaxKeyParts];  // not set: that would be most of the work
  Cell* const parts = reinterpret_cast<Cell*>(room);
  Cell cell;
  Failure bad;
  out = {};
  for (size_t i = 0; i < steps_.size(); ++i) {
    read_cell(steps_[i], in, cell);
    if (in.failed()) return {FailureType::Deserialization, in.error(), static_cast<int32_t>(i)};
    if (steps_[i].passing) continue;
    const PlannedField& field = fields_[i];
    if (cell.kind == Cell::Kind::Complex && is_nested_null(field, cell.bytes)) continue;
    if (field.key_index >= 0) std::construct_at(parts + field.key_index, cell);
    if (field.is_event_time) out.has_event_time = event_time_of(cell, out.event_time_us);
    const Failure wrong = check(i, cell, is_delete);
    if (wrong.type == FailureType::Deserialization) return wrong;
    if (wrong && !bad) bad = wrong;
  }
  if (in.remaining() != 0) {
    return {FailureType::Deserialization, "bytes follow the last field: the row is of another schema", -1};
  }
  if (bad) return bad;
  return append_key({parts, key_.size()}, key);
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
  for (size_t i = 0; i < steps_.size(); ++i) {
    Cell& cell = cells[i];
    read_cell(steps_[i], in, cell);
    if (cell.kind == Cell::Kind::Complex && is_nested_null(fields_[i], cell.bytes)) cell = Cell();
  }
  return !in.failed() && in.remaining() == 0;
}

bool RowPlan::read(std::string_view row, std::span<const uint32_t> wanted,
                   std::span<Cell> cells) const noexcept {
  avro::Reader in(row);
  size_t next = 0;
  Cell skipped;
  for (uint32_t i = 0; next < wanted.size() && i < steps_.size(); ++i) {
    const bool is_wanted = wanted[next] == i;
    Cell& cell = is_wanted ? cells[next] : skipped;
    read_cell(steps_[i], in, cell);
    if (!is_wanted) continue;
    if (cell.kind == Cell::Kind::Complex && is_nested_null(fields_[i], cell.bytes)) cell = Cell();
    ++next;
  }
  return !in.failed() && next == wanted.size();
}

}  // namespace millrace::feature_store
