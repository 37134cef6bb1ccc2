#include "connectors/lakehouse/table/json_members.h"

#include <fmt/format.h>

#include <limits>

#include "millrace/errors.h"

namespace millrace::lakehouse::members {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view name, std::string_view must) {
  throw DataException(fmt::format("{}: member `{}` must be {}", what, name, must));
}

template <class J>
J* look_up(J& object, std::string_view name, std::string_view what) {
  if (!object.is_object()) throw DataException(fmt::format("{}: must be a JSON object", what));
  const auto found = object.find(std::string(name));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

int32_t narrow(int64_t value, std::string_view name, std::string_view what) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    refuse(what, name, "a 32-bit integer");
  }
  return static_cast<int32_t>(value);
}

}  // namespace

const Json* find(const Json& object, std::string_view name, std::string_view what) {
  return look_up(object, name, what);
}

Json* find(Json& object, std::string_view name, std::string_view what) {
  return look_up(object, name, what);
}

const Json& get(const Json& object, std::string_view name, std::string_view what) {
  if (const Json* found = find(object, name, what)) return *found;
  throw DataException(fmt::format("{}: member `{}` is missing", what, name));
}

const Json& array(const Json& object, std::string_view name, std::string_view what) {
  const Json& value = get(object, name, what);
  if (!value.is_array()) refuse(what, name, "an array");
  return value;
}

std::string text(const Json& object, std::string_view name, std::string_view what) {
  const Json& value = get(object, name, what);
  if (!value.is_string()) refuse(what, name, "text");
  return value.get<std::string>();
}

bool flag(const Json& object, std::string_view name, std::string_view what) {
  const Json& value = get(object, name, what);
  if (!value.is_boolean()) refuse(what, name, "true or false");
  return value.get<bool>();
}

int64_t as_int64(const Json& value, std::string_view name, std::string_view what) {
  if (!value.is_number_integer()) refuse(what, name, "an integer");
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (value.is_number_unsigned() && value.get<uint64_t>() > kMax) {
    refuse(what, name, "a 64-bit integer");
  }
  return value.get<int64_t>();
}

int32_t as_int32(const Json& value, std::string_view name, std::string_view what) {
  return narrow(as_int64(value, name, what), name, what);
}

int64_t int64(const Json& object, std::string_view name, std::string_view what) {
  return as_int64(get(object, name, what), name, what);
}

int32_t int32(const Json& object, std::string_view name, std::string_view what) {
  return as_int32(get(object, name, what), name, what);
}

std::optional<int64_t> optional_int64(const Json& object, std::string_view name,
                                      std::string_view what) {
  const Json* value = find(object, name, what);
  return value == nullptr ? std::nullopt : std::optional(as_int64(*value, name, what));
}

std::optional<int32_t> optional_int32(const Json& object, std::string_view name,
                                      std::string_view what) {
  const Json* value = find(object, name, what);
  return value == nullptr ? std::nullopt : std::optional(as_int32(*value, name, what));
}

}  // namespace millrace::lakehouse::members
