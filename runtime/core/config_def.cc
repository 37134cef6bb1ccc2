#include "millrace/config_def.h"

#include <algorithm>
#include <iterator>

#include "millrace/nearest.h"
#include "millrace/text.h"

namespace millrace {
namespace {

/// Text of a value in an error message: as Java prints it, lists as `[a, b]`, null as `null`.
std::string shown(const ConfigValue& value) {
  const auto* list = std::get_if<std::vector<std::string>>(&value);
  if (list == nullptr) return config_value_text(value).value_or("null");
  return java_list_text(*list);
}

/// Parses one key and applies its validator; all messages go to `errors`. A value that is missing
/// or does not parse goes to the validator as null, as in Kafka.
ConfigValue check(const ConfigKey& key, const Properties& properties,
                  std::vector<std::string>& errors) {
  ConfigValue value;
  std::string error = parse_config_value(key, find(properties, key.name), value);
  if (!error.empty()) errors.push_back(std::move(error));
  if (!key.validator) return value;
  if (const std::string detail = key.validator->check(value); !detail.empty()) {
    errors.push_back(key.validator->whole_message
                         ? detail
                         : "Invalid value " + shown(value) + " for configuration " + key.name +
                               ": " + detail);
  }
  return value;
}

void recommend(const ConfigKey& key, ConfigKeyResult& result) {
  if (!key.recommender) return;
  try {
    result.recommended = key.recommender();
  } catch (const ConfigException& error) {
    result.errors.emplace_back(error.what());
  }
}

/// Keys that `key` names as dependents and nobody defined: a mistake in the definition.
std::vector<std::string> undefined_dependents(const ConfigDefinition& definition,
                                              const ConfigKey& key) {
  std::vector<std::string> names;
  std::ranges::copy_if(key.dependents, std::back_inserter(names),
                       [&](const std::string& name) { return definition.find(name) == nullptr; });
  return names;
}

/// Text for a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string default_cell(const ConfigKey& key) {
  if (key.required) return "**required**";
  if (!key.default_text) return "null";
  if (key.default_text->empty()) return "\"\"";
  return key.type == ConfigType::Password ? std::string(Password::kHidden)
                                          : cell(*key.default_text);
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
    recommend(key, result);
    for (const std::string& name : undefined_dependents(*this, key)) {
      result.errors.push_back(name + " is referred in the dependents, but not defined.");
    }
  }
  return results;
}

std::vector<ConfigValue> ConfigDefinition::parse(const Properties& properties) const {
  for (const ConfigKey& key : keys_) {
    if (const auto names = undefined_dependents(*this, key); !names.empty()) {
      throw ConfigException("The dependents of " + key.name + " are not defined: " + names.front());
    }
  }
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
  std::string text =
      "| Key | Type | Default | Valid | Importance | Meaning |\n|---|---|---|---|---|---|\n";
  for (const ConfigKey& key : definition.keys()) {
    if (key.internal) continue;
    text += "| `" + key.name + "` | " + std::string(config_type_name(key.type)) + " | " +
            default_cell(key) + " | " + (key.validator ? cell(key.validator->description) : "") +
            " | " + std::string(importance_name(key.importance)) + " | " + cell(key.doc) + " |\n";
  }
  return text;
}

}  // namespace millrace
