#include "runtime/cli/standalone_config.h"

#include "runtime/cli/worker_file.h"

namespace millrace {

const ConfigDefinition& StandaloneConfig::definition() {
  static const ConfigDefinition all = [] {
    ConfigDefinition definition;
    definition.add_missing(WorkerOptions::def().definition());
    definition.add_missing(rest::tls_config_def().definition());
    definition.add_missing(rest::rest_config_def().definition());
    definition.add_missing(StandaloneOptions::def().definition());
    return definition;
  }();
  return all;
}

StandaloneConfig StandaloneConfig::load(const Properties& properties) {
  StandaloneConfig config;
  config.worker = WorkerOptions::def().parse(properties);
  config.rest = rest::parse_rest_config(properties);
  config.standalone = StandaloneOptions::def().parse(properties);
  config.originals = properties;
  log_worker_file("org.apache.kafka.connect.runtime.standalone.StandaloneConfig", definition(),
                  properties);
  return config;
}

}  // namespace millrace
