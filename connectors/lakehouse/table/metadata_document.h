#pragma once
// The JSON document of a table's metadata: what it must have, and places in it.

#include <string_view>

#include "connectors/lakehouse/table/json_members.h"

namespace millrace::lakehouse {

inline constexpr std::string_view kDocument = "table metadata";
inline constexpr std::string_view kMainBranch = "main";
inline constexpr int64_t kNoSnapshot = -1;
inline constexpr int32_t kNoPartitionField =
    999;  // `last-partition-id` of a table that never had one

/// Throws DataException. Nothing nested deeper than kMaxJsonDepth.
Json parse_document(std::string_view text);
inline constexpr int kMaxJsonDepth = 500;

/// Fills in what version 1 and older writers leave out, and checks the kind of each member that is
/// used. Throws DataException or UnsupportedException.
void complete_document(Json& document);

/// An element of the array `list` whose integer `key` is `id`; null when there is none. Elements
/// without the key do not count.
const Json* element(const Json& list, std::string_view key, int64_t id);
/// Highest `key` in the array, at least `floor`.
int64_t highest(const Json& list, std::string_view key, int64_t floor);

}  // namespace millrace::lakehouse
