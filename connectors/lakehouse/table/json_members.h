#pragma once
// Members of JSON objects with their kind checked. All throw DataException; `what` names the
// object, as in `schema 3`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/lakehouse/table/schema_json.h"

namespace millrace::lakehouse::members {

/// nullptr: no such member, or null. Throws for what is no object.
const Json* find(const Json& object, std::string_view name, std::string_view what);
Json* find(Json& object, std::string_view name, std::string_view what);
const Json& get(const Json& object, std::string_view name, std::string_view what);

const Json& array(const Json& object, std::string_view name, std::string_view what);
std::string text(const Json& object, std::string_view name, std::string_view what);
bool flag(const Json& object, std::string_view name, std::string_view what);
int64_t int64(const Json& object, std::string_view name, std::string_view what);
int32_t int32(const Json& object, std::string_view name, std::string_view what);
/// None when there is no such member.
std::optional<int64_t> optional_int64(const Json& object, std::string_view name,
                                      std::string_view what);
std::optional<int32_t> optional_int32(const Json& object, std::string_view name,
                                      std::string_view what);

/// Of the value itself.
int64_t as_int64(const Json& value, std::string_view name, std::string_view what);
int32_t as_int32(const Json& value, std::string_view name, std::string_view what);

}  // namespace millrace::lakehouse::members
