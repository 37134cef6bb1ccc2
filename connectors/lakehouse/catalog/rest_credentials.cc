// Storage settings that a REST catalog gives for one table.

#include "connectors/lakehouse/catalog/rest_catalog.h"

namespace millrace::lakehouse {
namespace {

void overlay(Properties& settings, const Json& given) {
  if (!given.is_object()) return;
  for (const auto& [name, value] : given.items()) {
    if (value.is_string()) settings[name] = value.get<std::string>();
  }
}

}  // namespace

Properties table_settings(const Properties& catalog, const Json& answer,
                          const std::string& location) {
  Properties settings = catalog;
  if (const auto config = answer.find("config"); config != answer.end()) overlay(settings, *config);
  const auto all = answer.find("storage-credentials");
  if (all == answer.end() || !all->is_array()) return settings;
  const Json* best = nullptr;
  size_t length = 0;
  for (const Json& one : *all) {
    if (!one.is_object() || !one.contains("prefix") || !one["prefix"].is_string()) continue;
    const std::string prefix = one["prefix"].get<std::string>();
    if (!location.starts_with(prefix) || (best != nullptr && prefix.size() <= length)) continue;
    best = &one;
    length = prefix.size();
  }
  if (best != nullptr && best->contains("config")) overlay(settings, (*best)["config"]);
  return settings;
}

}  // namespace millrace::lakehouse
