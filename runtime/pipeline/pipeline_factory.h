#pragma once
// Makes converters, transformations and error handling from a connector's configuration, for a task
// or for `millrace transform`. Failures throw ConfigException or ConnectException.

#include <memory>
#include <stop_token>
#include <string>

#include "millrace/ids.h"
#include "millrace/properties.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/plugins/plugin_catalog.h"

namespace millrace {

/// Used by one thread. The referenced things outlive this; `worker` and `connector` have their
/// variables resolved.
class PipelineFactory {
 public:
  PipelineFactory(const PluginCatalog& plugins, const Properties& worker,
                  const Properties& connector)
      : plugins_(plugins), worker_(worker), connector_(connector) {}

  /// With the log reporter when errors.log.enable is set.
  std::unique_ptr<ErrorHandler> make_error_handler(const ConnectorTaskId& id, bool is_sink,
                                                   std::stop_token stop) const;
  Pipeline make_pipeline(ErrorHandler& errors) const;

 private:
  Converters make_converters() const;
  NamedConverter<Converter> make_converter(Side side) const;
  NamedConverter<HeaderConverter> make_header_converter() const;
  TransformationChain make_chain() const;
  std::unique_ptr<Predicate> make_predicate(const std::string& alias) const;

  const PluginCatalog& plugins_;
  const Properties& worker_;
  const Properties& connector_;
};

}  // namespace millrace
