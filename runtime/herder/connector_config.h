#pragma once
// The framework's own keys of connectors, and the validation of a whole connector configuration
// (connect-configs.md §9, connect-rest-api.md §3.10).

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/config_def.h"
#include "runtime/herder/herder.h"
#include "runtime/plugins/plugin_catalog.h"

namespace millrace {

const ConfigDefinition& source_connector_config();
const ConfigDefinition& sink_connector_config();

/// Prefix.key and message of forbidden client overrides.
using OverrideCheck = std::function<std::vector<std::pair<std::string, std::string>>(
    const Properties& connector, bool is_sink)>;

/// Everything validation needs besides the configuration. Any thread.
struct ValidationContext {
  const PluginCatalog& plugins;
  OverrideCheck check_overrides;
};

/// Variables of `config` are resolved already; nullopt values become errors. Throws
/// RequestException 400 without a connector.class, or with one that is not known.
ConfigInfos validate_connector(const ValidationContext& context,
                               const std::map<std::string, std::optional<std::string>>& config);

/// The 400 text of connect-rest-api.md §3.3 for a failed validation.
std::string invalid_config_message(const ConfigInfos& infos);

}  // namespace millrace
