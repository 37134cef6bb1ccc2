#include "millrace/config_def.h"

#include <algorithm>

#include "runtime/core/nearest.h"

namespace millrace {
namespace {

/// Text of a value in an error message; null prints as Java's null.
std::string shown(const ConfigValue& value) { return config_value_text(value).value_or("null"); }

/// Parses one key and applies its validator; all messages go to `errors`.
ConfigValue check(const ConfigKey& key, const Properties& properties,
                  std::vector<std::string>& errors) {
  ConfigValue value;
  const std::string* text = find(properties, key.name);
  if (std::string error = parse_config_value(key, text, value); !error.empty()) {
    errors.push_back(std::move(error));
    // A missing required key is not passed on; one that failed to parse is, as null.
    if (text == nullptr) return value;
  }
  if (!key.validator) return value;
  if (const std::string detail = key.validator->check(value); !detail.empty()) {
    errors.push_back("Invalid value " + shown(value) + " for configuration " + key.name + ": " +
                     detail);
  }
  return value;
}

}  // namespace

ConfigDefinition& ConfigDefinition::add(ConfigKey key) {
  if (find(key.name) != nullptr) {
    throw ConfigException("Configuration " + key.name + " is defined twice.");
  }
  keys_.push_back(std::move(key));
  return *this;
}

ConfigDefinition& ConfigDefinition::add_missing(const ConfigDefinition& other) {
  for (const ConfigKey& key : other.keys_) {
    if (find(key.name) == nullptr) keys_.push_back(key);
  }
  return *this;
}

const ConfigKey* ConfigDefinition::find(std::string_view name) const noexcept {
  const auto at = std::find_if(keys_.begin(), keys_.end(),
                               [name](const ConfigKey& key) { return key.name == name; });
  return at == keys_.end() ? nullptr : &*at;
}

std::vector<std::string> ConfigDefinition::groups() const {
  std::vector<std::string> names;
  for (const ConfigKey& key : keys_) {
    if (key.group && std::find(names.begin(), names.end(), *key.group) == names.end()) {
      names.push_back(*key.group);
    }
  }
  return names;
}

std::vector<ConfigKeyResult> ConfigDefinition::validate(const Properties& properties) const {
  std::vector<ConfigKeyResult> results;
  results.reserve(keys_.size());
  for (const ConfigKey& key : keys_) {
    ConfigKeyResult& result = results.emplace_back();
    result.name = key.name;
    result.value = check(key, properties, result.errors);
    if (key.recommender) result.recommended = key.recommender();
  }
  return results;
}

std::vector<ConfigValue> ConfigDefinition::parse(const Properties& properties) const {
  std::vector<ConfigValue> values;
  values.reserve(keys_.size());
  for (const ConfigKey& key : keys_) {
    std::vector<std::string> errors;
    values.push_back(check(key, properties, errors));
    if (!errors.empty()) throw ConfigException(errors.front());
  }
  return values;
}

std::optional<std::string> ConfigDefinition::suggest(std::string_view unknown) const {
  std::vector<std::string> names;
  for (const ConfigKey& key : keys_) names.push_back(key.name);
  const auto best = nearest_names(unknown, names, 1);
  if (best.empty()) return std::nullopt;
  return best.front();
}

std::string config_markdown(const ConfigDefinition& definition) {
  std::string text = "| Key | Type | Default | Valid | Importance | Meaning |\n|---|---|---|---|---|---|\n";
  for (const ConfigKey& key : definition.keys()) {
    if (key.internal) continue;
    std::string fallback = "null";
    if (key.required) fallback = "**required**";
    else if (key.default_text) fallback = key.default_text->empty() ? "\"\"" : *key.default_text;
    text += "| `" + key.name + "` | " + std::string(config_type_name(key.type)) + " | " + fallback +
            " | " + (key.validator ? key.validator->description : "") + " | " +
            std::string(importance_name(key.importance)) + " | " + key.doc + " |\n";
  }
  return text;
}

}  // namespace millrace
