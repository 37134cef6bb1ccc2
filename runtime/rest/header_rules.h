#pragma once
// `response.http.headers.config`: headers added to every answer of the main listeners
// (connect-rest-api.md §6.4).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/rest/http_types.h"

namespace millrace::rest {

struct HeaderRule {
  enum class Action : uint8_t { Set, Add, SetDate, AddDate };
  Action action = Action::Set;
  std::string name;
  std::string value;      // of Set and Add
  int64_t offset_ms = 0;  // of the date actions: added to now
};

/// Rules separated by commas; one that holds a comma stands in double quotes. Throws
/// ConfigException in Kafka's words.
std::vector<HeaderRule> parse_header_rules(std::string_view text);
void apply(const std::vector<HeaderRule>& rules, HttpHeaders& headers, int64_t now_ms);

}  // namespace millrace::rest
