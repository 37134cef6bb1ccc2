#include <limits>

#include "connectors/avro/binary.h"
#include "connectors/avro/limits.h"
#include "connectors/feature_store/wire/cell_parse.h"
#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/member.h"

namespace millrace::feature_store {
namespace {

using avro::Node;

constexpr const char* kWrongType = "a value is of another type than its field";
constexpr const char* kNoNull = "a value is null where the schema has no null";

Cell::Kind cell_kind(FeatureKind kind) noexcept {
  switch (kind) {
    case FeatureKind::Boolean: return Cell::Kind::Boolean;
    case FeatureKind::TinyInt:
    case FeatureKind::SmallInt:
    case FeatureKind::Int:
    case FeatureKind::BigInt: return Cell::Kind::Integer;
    case FeatureKind::Float: return Cell::Kind::Float;
    case FeatureKind::Double: return Cell::Kind::Double;
    case FeatureKind::Decimal: return Cell::Kind::Decimal;
    case FeatureKind::Date: return Cell::Kind::Date;
    case FeatureKind::Timestamp: return Cell::Kind::Timestamp;
    case FeatureKind::String: return Cell::Kind::Text;
    case FeatureKind::Binary: return Cell::Kind::Bytes;
    case FeatureKind::Complex: break;
  }
  return Cell::Kind::Complex;
}

/// `cell` is of `wire`'s kind, and not null.
const char* write_cell(avro::Writer& out, avro::Kind wire, bool millis, const Cell& cell) {
  switch (wire) {
    case avro::Kind::Boolean: out.write_boolean(cell.integer != 0); return nullptr;
    case avro::Kind::Int:
      if (cell.integer < std::numeric_limits<int32_t>::min() ||
          cell.integer > std::numeric_limits<int32_t>::max()) {
        return "a number is out of its type's range";
      }
      out.write_long(cell.integer);
      return nullptr;
    case avro::Kind::Long:
      out.write_long(millis ? floor_div(cell.integer, 1'000) : cell.integer);
      return nullptr;
    case avro::Kind::Float: out.write_float(static_cast<float>(cell.real)); return nullptr;
    case avro::Kind::Double: out.write_double(cell.real); return nullptr;
    default: out.write_bytes(cell.bytes); return nullptr;
  }
}

/// Index of null in a union; none for other types.
std::optional<size_t> null_branch(const Node& type) noexcept {
  for (size_t i = 0; type.kind == avro::Kind::Union && i < type.members.size(); ++i) {
    if (type.members[i]->kind == avro::Kind::Null) return i;
  }
  return std::nullopt;
}

const char* write_null(avro::Writer& out, const PlannedField& field) {
  if (field.has_null) {
    out.write_long(field.null_branch);
    return nullptr;
  }
  const auto branch = field.nested == nullptr ? std::nullopt : null_branch(*field.nested);
  if (!branch) return kNoNull;
  if (field.is_union) out.write_long(0);
  out.write_long(1);  // the length
  out.write_long(static_cast<int64_t>(*branch));
  return nullptr;
}

class NestedEncoder {
 public:
  explicit NestedEncoder(std::string& out) : out_(out) {}

  const char* write(const Node& type, const Value& value, int depth) {
    if (depth > avro::kMaxValueDepth) return "values are nested too deeply";
    switch (type.kind) {
      case avro::Kind::Union: return choice(type, value, depth);
      case avro::Kind::Record: return record(type, value, depth);
      case avro::Kind::Array: return array(type, value, depth);
      case avro::Kind::Map: return map(type, value, depth);
      case avro::Kind::Null:
      case avro::Kind::Enum:
      case avro::Kind::Fixed: return "no feature has such a type";
      default: return scalar(type, value);
    }
  }

 private:
  const char* choice(const Node& type, const Value& value, int depth) {
    const auto null = null_branch(type);
    if (value.is_null() && !null) return kNoNull;
    const size_t branch = value.is_null() ? *null : null == size_t{0} ? 1 : 0;
    if (branch >= type.members.size()) return kWrongType;
    out_.write_long(static_cast<int64_t>(branch));
    return value.is_null() ? nullptr : write(*type.members[branch], value, depth + 1);
  }

  const char* record(const Node& type, const Value& value, int depth) {
    if (value.type() != Type::Map && value.type() != Type::Struct) return "an object is expected";
    size_t known = 0;
    for (const avro::Field& field : type.fields) {
      const Value* member = member_of(value, field.name);
      if (member != nullptr) ++known;
      if (const char* why = write(*field.type, member == nullptr ? Value() : *member, depth + 1)) return why;
    }
    const bool foreign = value.type() == Type::Map && known < value.as_map().size();
    return foreign ? "an object has a member that its type does not have" : nullptr;
  }

  const char* array(const Node& type, const Value& value, int depth) {
    if (value.type() != Type::Array) return "an array is expected";
    out_.open_block(value.as_array().size());
    for (const Value& item : value.as_array()) {
      if (const char* why = write(*type.members[0], item, depth + 1)) return why;
    }
    out_.close_block();
    return nullptr;
  }

  const char* map(const Node& type, const Value& value, int depth) {
    if (value.type() != Type::Map) return "an object is expected";
    out_.open_block(value.as_map().size());
    for (const MapEntry& entry : value.as_map()) {
      if (entry.key.type() != Type::String) return "the keys of maps are texts";
      out_.write_bytes(entry.key.as_string());
      if (const char* why = write(*type.members[0], entry.value, depth + 1)) return why;
    }
    out_.close_block();
    return nullptr;
  }

  const char* scalar(const Node& type, const Value& value) {
    if (value.is_null()) return kNoNull;
    Cell cell;
    if (const char* why = cell_of(value, feature_type_of(type), arena_, cell)) return why;
    return write_cell(out_, type.kind, type.logical_type().ends_with("timestamp-millis"), cell);
  }

  avro::Writer out_;
  Arena arena_;
};

const char* write_field(avro::Writer& out, const PlannedField& field, const Cell& cell) {
  if (cell.is_null()) return write_null(out, field);
  const bool real = cell.kind == Cell::Kind::Float || cell.kind == Cell::Kind::Double;
  const bool wants_real = field.wire == avro::Kind::Float || field.wire == avro::Kind::Double;
  if (cell.kind != cell_kind(field.type.kind) && !(real && wants_real)) return kWrongType;
  if (field.is_union) out.write_long(field.has_null && field.null_branch == 0 ? 1 : 0);
  return write_cell(out, field.wire, field.millis, cell);
}

}  // namespace

const char* RowEncoder::encode(std::span<const Cell> cells, std::string& out) const {
  const std::vector<PlannedField>& fields = plan_->fields();
  if (cells.size() != fields.size()) return "a row has another number of values than its schema";
  const size_t before = out.size();
  avro::Writer writer(out);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (const char* why = write_field(writer, fields[i], cells[i])) {
      out.resize(before);
      return why;
    }
  }
  return nullptr;
}

const char* RowEncoder::encode_complex(size_t field, const Value& value, std::string& out) const {
  const Node* nested = plan_->fields().at(field).nested;
  if (nested == nullptr) return "the feature is not complex";
  const size_t before = out.size();
  const char* why = NestedEncoder(out).write(*nested, value, 0);
  if (why != nullptr) out.resize(before);
  return why;
}

}  // namespace millrace::feature_store
