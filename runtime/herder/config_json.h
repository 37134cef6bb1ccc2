#pragma once
// Configurations as JSON: numbers keep their spelling, null stays null (connect-rest-api.md §1.2).

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

using NullableConfig = std::map<std::string, std::optional<std::string>>;

/// Why a body could not be read, in Jackson's words.
struct JsonFailure {
  std::string message;
};

/// A JSON object of scalars; trailing text is ignored, duplicate keys: last wins. nullopt with
/// `failure` filled in (if given) otherwise.
std::optional<NullableConfig> parse_config_map(std::string_view json,
                                               JsonFailure* failure = nullptr);

enum class UnknownFields { Ignored, Refused };

/// Body of POST /connectors.
struct CreateRequest {
  std::optional<std::string> name;
  std::optional<NullableConfig> config;
  std::optional<std::string> initial_state;
};
std::optional<CreateRequest> parse_create_request(std::string_view json, UnknownFields unknown,
                                                  JsonFailure* failure = nullptr);

}  // namespace millrace
