#include "runtime/herder/config_results.h"

#include <algorithm>

namespace millrace {
namespace {

auto by_name(std::string_view name) {
  return [name](const auto& entry) { return entry.name == name; };
}

void add_groups(std::vector<std::string>& groups, const std::vector<std::string>& more) {
  for (const std::string& group : more) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
}

}  // namespace

Properties without_nulls(const NullableConfig& config) {
  Properties properties;
  for (const auto& [key, value] : config) {
    if (value) properties.emplace(key, *value);
  }
  return properties;
}

ConfigResults::ConfigResults(const ConfigDefinition& definition, const NullableConfig& config)
    : results_(definition.validate(without_nulls(config))) {
  for (ConfigKeyResult& result : results_) {
    const auto given = config.find(result.name);
    if (given == config.end() || given->second) continue;
    // Set to null: neither missing nor replaced by the default, but the validator sees it.
    result.value = std::monostate{};
    result.errors.clear();
    const ConfigKey* key = definition.find(result.name);
    if (!key->validator) continue;
    if (const std::string detail = key->validator->check(result.value); !detail.empty()) {
      result.errors.push_back("Invalid value null for configuration " + result.name + ": " +
                              detail);
    }
  }
}

ConfigKeyResult* ConfigResults::find(std::string_view name) {
  const auto at = std::find_if(results_.begin(), results_.end(), by_name(name));
  return at == results_.end() ? nullptr : &*at;
}

void ConfigResults::add_error(const std::string& name, const std::optional<std::string>& value,
                              std::string message) {
  ConfigKeyResult* result = find(name);
  if (result == nullptr) {
    result = &results_.emplace_back();
    result->name = name;
    if (value) result->value = *value;
  }
  result->errors.push_back(std::move(message));
}

void MergedKeys::put(const ConfigKey& key) {
  const auto at = std::find_if(keys_.begin(), keys_.end(), by_name(key.name));
  if (at == keys_.end()) {
    keys_.push_back(key);
  } else {
    *at = key;
  }
}

bool MergedKeys::contains(std::string_view name) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), by_name(name));
}

ConfigInfos to_config_infos(std::string name, const MergedKeys& keys,
                            const std::vector<ConfigKeyResult>& values,
                            std::vector<std::string> groups) {
  ConfigInfos infos;
  infos.name = std::move(name);
  infos.groups = std::move(groups);
  std::map<std::string_view, const ConfigKeyResult*> last;
  for (const ConfigKeyResult& value : values) {
    last[value.name] = &value;
    if (keys.contains(value.name)) continue;
    infos.configs.push_back({std::nullopt, value});
    infos.error_count += static_cast<int32_t>(value.errors.size());
  }
  for (const ConfigKey& key : keys.keys()) {
    ConfigInfo info{key, std::nullopt};
    if (const auto at = last.find(key.name); at != last.end()) {
      info.value = *at->second;
      infos.error_count += static_cast<int32_t>(info.value->errors.size());
    }
    if (!key.internal) infos.configs.push_back(std::move(info));
  }
  return infos;
}

ConfigInfos to_prefixed_infos(const ConfigDefinition& definition,
                              const std::vector<ConfigKeyResult>& values,
                              const std::string& prefix) {
  ConfigInfos infos;
  for (const ConfigKeyResult& value : values) {
    ConfigInfo info{std::nullopt, value};
    if (const ConfigKey* key = definition.find(value.name)) {
      info.definition = *key;
      if (!info.definition->display_name) info.definition->display_name = key->name;
      info.definition->name = prefix + key->name;
      if (key->group) add_groups(infos.groups, {*key->group});
    }
    info.value->name = prefix + value.name;
    if (!value.errors.empty()) ++infos.error_count;
    infos.configs.push_back(std::move(info));
  }
  return infos;
}

void append(ConfigInfos& infos, ConfigInfos part) {
  infos.error_count += part.error_count;
  add_groups(infos.groups, part.groups);
  std::move(part.configs.begin(), part.configs.end(), std::back_inserter(infos.configs));
}

}  // namespace millrace
