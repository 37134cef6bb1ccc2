#include "connectors/lakehouse/columns/cell_writer.h"

#include <cmath>
#include <limits>

#include "connectors/lakehouse/columns/cell_text.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr int64_t kMillisPerDay = 86'400'000;
constexpr int64_t kMicrosPerMilli = 1'000;

bool refuse(Reject& reject, RejectReason reason, std::string detail) {
  reject = {reason, {}, std::move(detail)};
  return false;
}

bool mismatch(const Column& column, const Value& value, Reject& reject) {
  return refuse(reject, RejectReason::TypeMismatch,
                "expected " + type_text(*column.field().type) + ", got " +
                    std::string(type_name(value.type())));
}

bool out_of_range(const Column& column, const std::string& number, Reject& reject) {
  return refuse(reject, RejectReason::NumberRange,
                number + " does not fit " + type_text(*column.field().type));
}

bool is_real(Kind type) { return type == Kind::Float32 || type == Kind::Float64; }
bool is_integer(Kind type) { return type >= Kind::Int8 && type <= Kind::Int64; }

/// Memory for texts that are no part of a value, kept from cell to cell. Cleared.
std::string& scratch() {
  constexpr size_t kMostKept = size_t{1} << 20;
  thread_local std::string text;
  if (text.capacity() > kMostKept) text = std::string();
  text.clear();
  return text;
}

const std::string& text_of(const Value& value) {
  std::string& text = scratch();
  if (value.type() == Kind::Decimal) {
    append_decimal(text, value.as_decimal());
  } else {
    append_json(text, value, false);
  }
  return text;
}

/// A whole number, from what is one without loss.
bool whole_number(const Column& column, const Value& value, int64_t& out, Reject& reject) {
  if (is_integer(value.type())) {
    out = value.as_int();
    return true;
  }
  if (value.type() == Kind::Decimal) {
    return decimal_to_int64(value.as_decimal(), out) || out_of_range(column, text_of(value), reject);
  }
  if (!is_real(value.type())) return mismatch(column, value, reject);
  const double number = value.as_double();
  constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63
  if (!(number >= -kEnd && number < kEnd) || number != std::trunc(number)) {
    return out_of_range(column, text_of(value), reject);
  }
  out = static_cast<int64_t>(number);
  return true;
}

bool append_int(Column& column, const Value& value, Reject& reject) {
  int64_t number = 0;
  if (!whole_number(column, value, number, reject)) return false;
  if (number < std::numeric_limits<int32_t>::min() || number > std::numeric_limits<int32_t>::max()) {
    return out_of_range(column, std::to_string(number), reject);
  }
  column.append_fixed(static_cast<int32_t>(number));
  return true;
}

bool append_long(Column& column, const Value& value, Reject& reject) {
  int64_t number = 0;
  if (!whole_number(column, value, number, reject)) return false;
  column.append_fixed(number);
  return true;
}

bool real_number(const Column& column, const Value& value, double& out, Reject& reject) {
  if (is_real(value.type())) {
    out = value.as_double();
    return true;
  }
  if (is_integer(value.type())) {
    out = static_cast<double>(value.as_int());
    return true;
  }
  if (value.type() == Kind::Decimal) {
    return decimal_to_double(value.as_decimal(), out) || out_of_range(column, text_of(value), reject);
  }
  return mismatch(column, value, reject);
}

bool append_float(Column& column, const Value& value, Reject& reject) {
  double number = 0;
  if (!real_number(column, value, number, reject)) return false;
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
    return out_of_range(column, text_of(value), reject);
  }
  column.append_fixed(static_cast<float>(number));
  return true;
}

bool append_double(Column& column, const Value& value, Reject& reject) {
  double number = 0;
  if (!real_number(column, value, number, reject)) return false;
  column.append_fixed(number);
  return true;
}

bool append_string(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  switch (value.type()) {
    case Kind::String:
      if (!utf8::is_valid(value.as_string())) {
        return refuse(reject, RejectReason::InvalidUtf8, "the text is not well-formed");
      }
      column.append_bytes(value.as_string());
      return true;
    case Kind::Array:
    case Kind::Map:
    case Kind::Struct:
      if (options.nested != NestedHandling::Stringify) {
        return refuse(reject, RejectReason::NestedField,
                      "an object or array; flat records are expected (nested.handling)");
      }
      break;
    case Kind::Bytes:
      return mismatch(column, value, reject);
    default:
      break;
  }
  const std::string& text = text_of(value);
  if (!utf8::is_valid(text)) {
    return refuse(reject, RejectReason::InvalidUtf8, "a text in it is not well-formed");
  }
  column.append_bytes(text);
  return true;
}

/// Microseconds of a time, or of an instant, or days, from text, a number of milliseconds or a date.
bool append_temporal(Column& column, const Value& value, Reject& reject) {
  const TypeId type = column.field().type->id;
  int64_t ms = 0;
  if (value.type() == Kind::String) {
    std::optional<int64_t> parsed = parse_temporal(value.as_string(), type);
    if (!parsed) {
      return refuse(reject, RejectReason::TypeMismatch,
                    "expected " + type_text(*column.field().type) + ", got '" +
                        std::string(value.as_string().substr(0, 64)) + "'");
    }
    type == TypeId::Date ? column.append_fixed(static_cast<int32_t>(*parsed))
                         : column.append_fixed(*parsed);
    return true;
  }
  if (!is_integer(value.type()) && value.type() != Kind::Date) return mismatch(column, value, reject);
  ms = value.as_int();
  if (type == TypeId::Date) {
    const int64_t days = ms / kMillisPerDay - (ms % kMillisPerDay < 0 ? 1 : 0);
    if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) {
      return out_of_range(column, std::to_string(ms), reject);
    }
    column.append_fixed(static_cast<int32_t>(days));
    return true;
  }
  int64_t micros = 0;
  if (__builtin_mul_overflow(ms, kMicrosPerMilli, &micros) ||
      (type == TypeId::Time && (ms < 0 || ms >= kMillisPerDay))) {
    return out_of_range(column, std::to_string(ms), reject);
  }
  column.append_fixed(micros);
  return true;
}

bool append_decimal_cell(Column& column, const Value& value, Reject& reject) {
  const Type& type = *column.field().type;
  DecimalBytes bytes{};
  const DecimalFit fit = to_decimal(value, type.precision, type.scale, bytes);
  if (fit == DecimalFit::NoNumber) return mismatch(column, value, reject);
  if (fit == DecimalFit::TooLarge) {
    return out_of_range(column, text_of(value), reject);
  }
  column.append_fixed(bytes);
  return true;
}

bool append_binary(Column& column, const Value& value, Reject& reject) {
  const auto put = [&](std::string_view bytes) {
    if (column.width() != 0 && bytes.size() != column.width()) {
      return refuse(reject, RejectReason::TypeMismatch,
                    "expected " + type_text(*column.field().type) + ", got " +
                        std::to_string(bytes.size()) + " bytes");
    }
    column.append_bytes(bytes);
    return true;
  };
  if (value.type() == Kind::Bytes) {
    const auto bytes = value.as_bytes();
    return put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (value.type() != Kind::String) return mismatch(column, value, reject);
  if (column.field().type->id == TypeId::Uuid) {
    std::array<char, 16> uuid{};
    if (!parse_uuid(value.as_string(), uuid)) return mismatch(column, value, reject);
    return put({uuid.data(), uuid.size()});
  }
  std::string& decoded = scratch();
  if (!decode_base64(value.as_string(), decoded)) return mismatch(column, value, reject);
  return put(decoded);
}

bool fail_at(Reject& reject, const std::string& name) {
  reject.field = reject.field.empty() ? name : name + "." + reject.field;
  return false;
}

bool append_members(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  column.append_struct();
  for (Column& child : column.children()) {
    const NestedField& field = child.field();
    const Value* member = member_of(value, field.name);
    if (member == nullptr || member->is_null()) {
      if (field.required) {
        refuse(reject, RejectReason::MissingRequired, "");
        return fail_at(reject, field.name);
      }
      child.append_null();
    } else if (!append_value(child, *member, options, reject)) {
      return fail_at(reject, field.name);
    }
  }
  return true;
}

bool append_element(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  if (!value.is_null()) {
    return append_value(column, value, options, reject) || fail_at(reject, column.field().name);
  }
  if (column.field().required) {
    refuse(reject, RejectReason::MissingRequired, "");
    return fail_at(reject, column.field().name);
  }
  column.append_null();
  return true;
}

bool append_items(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  column.append_list(static_cast<int32_t>(value.size()));
  for (const Value& item : value.as_array()) {
    if (!append_element(column.children()[0], item, options, reject)) return false;
  }
  return true;
}

bool append_entries(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  column.append_list(static_cast<int32_t>(value.size()));
  for (const MapEntry& entry : value.as_map()) {
    if (!append_element(column.children()[0], entry.key, options, reject)) return false;
    if (!append_element(column.children()[1], entry.value, options, reject)) return false;
  }
  return true;
}

}  // namespace

bool append_value(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  switch (column.field().type->id) {
    case TypeId::Boolean:
      if (value.type() != Kind::Boolean) return mismatch(column, value, reject);
      column.append_fixed(static_cast<uint8_t>(value.as_bool()));
      return true;
    case TypeId::Int:
      return append_int(column, value, reject);
    case TypeId::Long:
      return append_long(column, value, reject);
    case TypeId::Float:
      return append_float(column, value, reject);
    case TypeId::Double:
      return append_double(column, value, reject);
    case TypeId::String:
      return append_string(column, value, options, reject);
    case TypeId::Date:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return append_temporal(column, value, reject);
    case TypeId::Decimal:
      return append_decimal_cell(column, value, reject);
    case TypeId::Uuid:
    case TypeId::Fixed:
    case TypeId::Binary:
      return append_binary(column, value, reject);
    case TypeId::Struct:
      if (value.type() != Kind::Map && value.type() != Kind::Struct) break;
      return append_members(column, value, options, reject);
    case TypeId::List:
      if (value.type() != Kind::Array) break;
      return append_items(column, value, options, reject);
    case TypeId::Map:
      if (value.type() != Kind::Map) break;
      return append_entries(column, value, options, reject);
  }
  return mismatch(column, value, reject);
}

}  // namespace millrace::lakehouse
