#pragma once
// Validation of a whole connector configuration (connect-rest-api.md §3.10, connect-configs.md §9).

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/herder/connector_config.h"
#include "runtime/herder/herder.h"
#include "runtime/plugins/plugin_catalog.h"
#include "runtime/storage/config_transformer.h"

namespace millrace {

/// Decides about one client setting of a connector, e.g. `acks` of `producer.override.acks`:
/// empty when it may be overridden, else the message for the user. Any thread.
using OverridePolicy = std::function<std::string(std::string_view client_key)>;

/// The policy of `connector.client.config.override.policy`, by class name or alias (All, None,
/// Principal). Throws ConfigException for another name.
OverridePolicy make_override_policy(std::string_view name);

/// What validation needs; all of it may be used by any thread.
struct ConnectorValidator {
  const PluginCatalog& plugins;
  const ConfigTransformer& transformer;
  OverridePolicy override_policy;

  /// Runs code of the connector, reads files of config providers: not for the control thread.
  /// Throws RequestException 400 when there is no usable `connector.class`, and what providers or
  /// the connector throw.
  ConfigInfos validate(const NullableConfig& config) const;
};

/// Kafka's text for a refused configuration; nullopt when there are no errors.
std::optional<std::string> validation_failure(const ConfigInfos& infos);

}  // namespace millrace
