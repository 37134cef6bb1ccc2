#pragma once
// Parts of values: text of temporal types, members.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/lakehouse/table/types.h"
#include "connectors/scalars/member.h"
#include "connectors/scalars/number_fit.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

/// A boolean, or a text of one (`true`, `FALSE`); nullopt for other ones.
std::optional<bool> to_bool(const Value& value);
std::string decimal_text(const Value& decimal);

/// ISO 8601: days of `2017-11-16`; microseconds of `22:31:08.123456`; of `2017-11-16T22:31:08.1`, with a
/// blank for the T, or a date alone; an offset (`Z`, `+01:00`, `+0100`) is applied for an instant, and
/// none counts as UTC. nullopt for anything else.
std::optional<int64_t> parse_temporal(std::string_view text, TypeId type);

/// With all hyphens or none; `out` is not defined when it is none.
bool parse_uuid(std::string_view text, std::array<char, 16>& out);

}  // namespace millrace::lakehouse
