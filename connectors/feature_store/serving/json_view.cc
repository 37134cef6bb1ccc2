#include "connectors/feature_store/serving/json_view.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "connectors/feature_store/serving/request_error.h"
#include "millrace/decimal.h"
#include "millrace/json.h"
#include "millrace/utf8.h"

namespace millrace::feature_store {
namespace {

/// Numbers beyond are no value of any feature, and readers of JSON refuse them: they become null.
constexpr int64_t kMaxExponent = 10'000;

/// Brackets within brackets, strings left out: what the parser would go down to.
bool is_too_deep(std::string_view text) noexcept {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxRequestDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

[[noreturn]] void wrong_member(std::string_view name, std::string_view wanted) {
  throw RequestError(ErrorCode::BadInput, fmt::format("'{}' must be {}", name, wanted));
}

}  // namespace

Value parse_request(std::string_view text, Arena& arena) {
  if (is_too_deep(text)) {
    throw RequestError(ErrorCode::BadInput,
                       fmt::format("The body is nested deeper than {} levels", kMaxRequestDepth));
  }
  if (!utf8::is_valid(text)) throw RequestError(ErrorCode::BadInput, "The body is not UTF-8");
  Value value;
  size_t consumed = 0;
  const std::string error = parse_json(text, arena, value, JsonNumbers::Exact, &consumed);
  if (!error.empty()) throw RequestError(ErrorCode::BadInput, "The body is no JSON: " + error);
  if (text.find_first_not_of(" \t\r\n", consumed) != std::string_view::npos) {
    throw RequestError(ErrorCode::BadInput, "The body has something behind its JSON value");
  }
  return value;
}

const Value* member(const Value& object, std::string_view name) noexcept {
  if (object.type() != Type::Map) return nullptr;
  for (const MapEntry& entry : object.as_map()) {
    if (entry.key.as_string() == name) return entry.value.is_null() ? nullptr : &entry.value;
  }
  return nullptr;
}

std::optional<std::string_view> text_member(const Value& object, std::string_view name) {
  const Value* value = member(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->type() != Type::String) wrong_member(name, "text");
  return value->as_string();
}

std::optional<int64_t> integer_member(const Value& object, std::string_view name) {
  const Value* value = member(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->type() != Type::Int64) wrong_member(name, "a whole number");
  return value->as_int();
}

std::optional<bool> boolean_member(const Value& object, std::string_view name) {
  const Value* value = member(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->type() != Type::Boolean) wrong_member(name, "true or false");
  return value->as_bool();
}

void append_raw_json(std::string& out, const Value& value) {
  switch (value.type()) {
    case Type::Boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Type::Int64: {
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof digits, value.as_int()).ptr;
      out.append(digits, static_cast<size_t>(end - digits));
      return;
    }
    case Type::Decimal:
      if (std::abs(int64_t{value.as_decimal().scale}) > kMaxExponent) break;
      append_decimal(out, value.as_decimal());
      return;
    case Type::String:
      append_json_string(out, value.as_string(), false);
      return;
    case Type::Array: {
      char separator = '[';
      for (const Value& item : value.as_array()) {
        out += separator;
        append_raw_json(out, item);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case Type::Map: {
      char separator = '{';
      for (const MapEntry& entry : value.as_map()) {
        out += separator;
        append_json_string(out, entry.key.as_string(), false);
        out += ':';
        append_raw_json(out, entry.value);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
    default:
      break;
  }
  out += "null";
}

}  // namespace millrace::feature_store
