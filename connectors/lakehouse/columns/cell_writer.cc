#include "connectors/lakehouse/columns/cell_writer.h"

#include <cmath>
#include <limits>

#include "connectors/lakehouse/columns/cell_context.h"
#include "connectors/lakehouse/columns/cell_text.h"
#include "connectors/lakehouse/columns/members.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/json.h"
#include "millrace/schema.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr size_t kMostShown = 64;  // bytes of a value in a message
constexpr int64_t kMillisPerDay = 86'400'000;
constexpr int64_t kMicrosPerMilli = 1'000;

bool out_of_range(const Column& column, const std::string& number, const CellContext& context) {
  return context.refuse(RejectReason::NumberRange,
                        number.substr(0, kMostShown) + " does not fit " + type_text(*column.field().type));
}

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
  } else if (value.type() == Kind::String) {
    text.assign(value.as_string());
  } else {
    append_json(text, value, false);
  }
  return text;
}

/// False, and why, when the number is none of the column.
bool fits(NumberFit fit, const Column& column, const Value& value, CellContext& context) {
  switch (fit) {
    case NumberFit::Fits:
      return true;
    case NumberFit::TooLarge:
      return out_of_range(column, text_of(value), context);
    default:
      return context.mismatch(column, value);
  }
}

bool append_int(Column& column, const Value& value, CellContext& context) {
  int64_t number = 0;
  if (!fits(to_whole(value, number), column, value, context)) return false;
  if (number < std::numeric_limits<int32_t>::min() || number > std::numeric_limits<int32_t>::max()) {
    return out_of_range(column, std::to_string(number), context);
  }
  column.append_fixed(static_cast<int32_t>(number));
  return true;
}

bool append_long(Column& column, const Value& value, CellContext& context) {
  int64_t number = 0;
  if (!fits(to_whole(value, number), column, value, context)) return false;
  column.append_fixed(number);
  return true;
}

bool append_float(Column& column, const Value& value, CellContext& context) {
  double number = 0;
  if (!fits(to_real(value, number), column, value, context)) return false;
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
    return out_of_range(column, text_of(value), context);
  }
  column.append_fixed(static_cast<float>(number));
  return true;
}

bool append_double(Column& column, const Value& value, CellContext& context) {
  double number = 0;
  if (!fits(to_real(value, number), column, value, context)) return false;
  column.append_fixed(number);
  return true;
}

bool put_text(Column& column, std::string_view text, CellContext& context) {
  if (!utf8::is_valid(text)) return context.refuse(RejectReason::InvalidUtf8, "the text is not well-formed");
  if (!context.take(static_cast<int64_t>(text.size()))) return false;
  column.append_bytes(text);
  return true;
}

bool append_string(Column& column, const Value& value, CellContext& context) {
  switch (value.type()) {
    case Kind::String:
      return put_text(column, value.as_string(), context);
    case Kind::Array:
    case Kind::Map:
    case Kind::Struct:
      if (context.options.nested != NestedHandling::Stringify) {
        return context.refuse(
            RejectReason::NestedField,
            "an object or array; flat records are expected (lakehouse.nested.handling)");
      }
      break;
    case Kind::Bytes:
      return context.mismatch(column, value);
    default:
      break;
  }
  return put_text(column, text_of(value), context);
}

/// Microseconds of a time, or of an instant, or days, from text, a number of milliseconds or a date.
bool append_temporal(Column& column, const Value& value, CellContext& context) {
  const TypeId type = column.field().type->id;
  int64_t ms = 0;
  if (value.type() == Kind::String) {
    std::optional<int64_t> parsed = parse_temporal(value.as_string(), type);
    if (!parsed) return context.mismatch(column, value);
    type == TypeId::Date ? column.append_fixed(static_cast<int32_t>(*parsed))
                         : column.append_fixed(*parsed);
    return true;
  }
  if (!is_integer(value.type()) && value.type() != Kind::Date) return context.mismatch(column, value);
  ms = value.as_int();
  if (type == TypeId::Date) {
    const int64_t days = ms / kMillisPerDay - (ms % kMillisPerDay < 0 ? 1 : 0);
    if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) {
      return out_of_range(column, std::to_string(ms), context);
    }
    column.append_fixed(static_cast<int32_t>(days));
    return true;
  }
  int64_t micros = 0;
  if (__builtin_mul_overflow(ms, kMicrosPerMilli, &micros) ||
      (type == TypeId::Time && (ms < 0 || ms >= kMillisPerDay))) {
    return out_of_range(column, std::to_string(ms), context);
  }
  column.append_fixed(micros);
  return true;
}

bool append_decimal_cell(Column& column, const Value& value, CellContext& context) {
  const Type& type = *column.field().type;
  DecimalBytes bytes{};
  const NumberFit fit = to_decimal(value, type.precision, type.scale, bytes);
  if (fit == NumberFit::NoNumber) return context.mismatch(column, value);
  if (fit == NumberFit::TooLarge) {
    return out_of_range(column, text_of(value), context);
  }
  column.append_fixed(bytes);
  return true;
}

bool append_binary(Column& column, const Value& value, CellContext& context) {
  const auto put = [&](std::string_view bytes) {
    if (column.width() != 0 && bytes.size() != column.width()) {
      return context.refuse(RejectReason::TypeMismatch,
                            "expected " + type_text(*column.field().type) + ", got " +
                                std::to_string(bytes.size()) + " bytes");
    }
    if (!context.take(static_cast<int64_t>(bytes.size()))) return false;
    column.append_bytes(bytes);
    return true;
  };
  if (value.type() == Kind::Bytes) {
    const auto bytes = value.as_bytes();
    return put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (value.type() != Kind::String) return context.mismatch(column, value);
  if (column.field().type->id == TypeId::Uuid) {
    std::array<char, 16> uuid{};
    if (!parse_uuid(value.as_string(), uuid)) return context.mismatch(column, value);
    return put({uuid.data(), uuid.size()});
  }
  std::string& decoded = scratch();
  if (!decode_base64(value.as_string(), decoded)) return context.mismatch(column, value);
  return put(decoded);
}

}  // namespace

bool CellContext::mismatch(const Column& column, const Value& value) const {
  std::string got(type_name(value.type()));
  if (value.type() == Kind::String) {
    got += " '" + utf8::sanitise(value.as_string().substr(0, kMostShown)) + "'";
  }
  return refuse(RejectReason::TypeMismatch,
                "expected " + type_text(*column.field().type) + ", got " + got);
}

bool append_value(Column& column, const Value& value, const CellOptions& options, Reject& reject) {
  CellContext context{options, reject, options.max_bytes};
  return append_cell(column, value, context);
}

bool append_cell(Column& column, const Value& value, CellContext& context) {
  switch (column.field().type->id) {
    case TypeId::Boolean:
      if (const auto truth = to_bool(value)) {
        column.append_fixed(static_cast<uint8_t>(*truth));
        return true;
      }
      break;
    case TypeId::Int:
      return append_int(column, value, context);
    case TypeId::Long:
      return append_long(column, value, context);
    case TypeId::Float:
      return append_float(column, value, context);
    case TypeId::Double:
      return append_double(column, value, context);
    case TypeId::String:
      return append_string(column, value, context);
    case TypeId::Date:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return append_temporal(column, value, context);
    case TypeId::Decimal:
      return append_decimal_cell(column, value, context);
    case TypeId::Uuid:
    case TypeId::Fixed:
    case TypeId::Binary:
      return append_binary(column, value, context);
    case TypeId::Struct:
      if (!is_object(value)) break;
      return append_members(column, value, context);
    case TypeId::List:
      if (value.type() != Kind::Array) break;
      return append_items(column, value, context);
    case TypeId::Map:
      if (value.type() != Kind::Map) break;
      return append_entries(column, value, context);
  }
  return context.mismatch(column, value);
}

}  // namespace millrace::lakehouse
