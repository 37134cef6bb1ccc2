#pragma once
// String settings as plugins and clients receive them: original spelling, untrimmed.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Key to value, ordered by key so that logs, files and tests are stable.
using Properties = std::map<std::string, std::string, std::less<>>;

/// Entries whose key starts with `prefix`, with the prefix removed.
Properties with_prefix(const Properties& properties, std::string_view prefix);

/// The value of `key`, or null when it is not set. A value set to "" is set.
const std::string* find(const Properties& properties, std::string_view key) noexcept;

/// Elements of a comma-separated LIST value, blanks around each removed; none for null or blank
/// text. `a,,b` and `a,` have empty elements, as Kafka's LIST type has.
std::vector<std::string> split_list(const std::string* text);

}  // namespace millrace
