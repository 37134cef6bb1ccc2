#pragma once
// Validation of a whole connector configuration (connect-rest-api.md §3.10, connect-configs.md §9).

#include <optional>
#include <string>

#include "runtime/herder/connector_config.h"
#include "runtime/herder/herder.h"
#include "runtime/plugins/plugin_catalog.h"
#include "runtime/storage/config_transformer.h"

namespace millrace {

/// What validation needs; all of it may be used by any thread.
struct ConnectorValidator {
  const PluginCatalog& plugins;
  const ConfigTransformer& transformer;
  std::string override_policy;  // connector.client.config.override.policy
  Properties worker = {};       // whose converters are the defaults

  /// Runs code of the connector, reads files of config providers: not for the control thread.
  /// Throws RequestException 400 when there is no usable `connector.class`, and what providers or
  /// the connector throw.
  ConfigInfos validate(const NullableConfig& config) const;
};

/// Kafka's text for a refused configuration; nullopt when there are no errors.
std::optional<std::string> validation_failure(const ConfigInfos& infos);

}  // namespace millrace
