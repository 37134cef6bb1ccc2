#include "runtime/herder/connector_file.h"

#include <cctype>

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "runtime/core/properties_file.h"
#include "runtime/herder/config_json.h"

namespace millrace {
namespace {

[[noreturn]] void missing_name(const std::filesystem::path& path) {
  throw ConnectException("Connector configuration at '" + path.string() +
                         "' is missing the mandatory 'name' configuration");
}

std::optional<ConnectorFile> as_plain_json(const std::string& text,
                                           const std::filesystem::path& path) {
  const auto map = parse_config_map(text);
  if (!map) return std::nullopt;
  ConnectorFile file;
  for (const auto& [key, value] : *map) {
    if (value) file.config.emplace(key, *value);
  }
  const std::string* name = find(file.config, "name");
  if (name == nullptr) missing_name(path);
  file.name = *name;
  return file;
}

std::optional<ConnectorFile> as_request(const std::string& text,
                                        const std::filesystem::path& path) {
  const auto request = parse_create_request(text, UnknownFields::Ignored);
  if (!request || !request->config) return std::nullopt;
  ConnectorFile file;
  for (const auto& [key, value] : *request->config) {
    if (value) file.config.emplace(key, *value);
  }
  file.name = request->name.value_or("");
  const std::string* inner = find(file.config, "name");
  if (inner != nullptr && *inner != file.name) {
    throw ConnectException("Connector name configuration in 'config' doesn't match the one "
                           "specified in 'name' at '" + path.string() + "'");
  }
  file.config["name"] = file.name;
  if (request->initial_state) file.initial_state = parse_initial_state(*request->initial_state);
  return file;
}

}  // namespace

std::optional<TargetState> parse_initial_state(std::string_view text) {
  std::string upper;
  for (const char c : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (upper == "RUNNING") return TargetState::Started;
  if (upper == "PAUSED") return TargetState::Paused;
  if (upper == "STOPPED") return TargetState::Stopped;
  return std::nullopt;
}

ConnectorFile read_connector_file(const std::filesystem::path& path) {
  std::string text;
  if (!read_file(path, text)) {
    throw ConnectException("reading connector configuration " + path.string() +
                           ": no such file");
  }
  if (auto file = as_plain_json(text, path)) return *file;
  if (auto file = as_request(text, path)) return *file;
  ConnectorFile file;
  file.config = parse_properties(text);
  const std::string* name = find(file.config, "name");
  if (name == nullptr) missing_name(path);
  file.name = *name;
  return file;
}

}  // namespace millrace
