// Offsets of connectors: reading at any time, changing only while stopped.

#include "millrace/errors.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {

void StandaloneHerder::connector_offsets(const std::string& name,
                                         Callback<std::vector<JsonPartitionOffset>> done) {
  operations_.run_now<std::vector<JsonPartitionOffset>>(
      name, "reading the offsets of connector " + name,
      [=, this](const Running<std::vector<JsonPartitionOffset>>& running) {
        steps_.read_offsets(running, name,
                            require(name, "Connector " + name + " not found").config);
      },
      std::move(done));
}

void StandaloneHerder::alter_connector_offsets(
    const std::string& name, std::optional<std::vector<JsonPartitionOffset>> offsets,
    Callback<std::string> done) {
  operations_.enqueue<std::string>(
      name, (offsets ? "altering" : "resetting") + std::string(" the offsets of connector ") + name,
      [=, this](const Running<std::string>& running) {
        require_offsets_given(offsets);
        const Entry& entry = require(name, "Connector " + name + " not found");
        require_stopped(name, entry.target, entry.tasks.size());
        steps_.alter_offsets(running, name, entry.config, offsets);
      },
      std::move(done));
}

}  // namespace millrace
