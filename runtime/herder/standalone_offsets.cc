// Offsets of connectors: reading at any time, changing only while stopped.

#include "millrace/errors.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;

}  // namespace

void StandaloneHerder::connector_offsets(const std::string& name,
                                         Callback<std::vector<JsonPartitionOffset>> done) {
  operations_.run_now<std::vector<JsonPartitionOffset>>(
      name, "reading the offsets of connector " + name,
      [=, this](const Running<std::vector<JsonPartitionOffset>>& running) {
        const OperationPtr& op = running.operation();
        const Entry& entry = require(name, "Connector " + name + " not found");
        resolve(op, {entry.config}, [=, this](std::vector<Properties>& resolved) {
          services_.worker.connector_offsets(
              name, resolved.front(),
              op->then<std::vector<JsonPartitionOffset>>(
                  [running](auto& offsets) { running.finish(std::move(offsets)); }));
        });
      },
      std::move(done));
}

void StandaloneHerder::alter_connector_offsets(
    const std::string& name, std::optional<std::vector<JsonPartitionOffset>> offsets,
    Callback<std::string> done) {
  operations_.enqueue<std::string>(
      name, (offsets ? "altering" : "resetting") + std::string(" the offsets of connector ") + name,
      [=, this](const Running<std::string>& running) {
        const OperationPtr& op = running.operation();
        if (offsets && offsets->empty()) {
          throw RequestException(
              kBadRequest, "Partitions / offsets need to be provided for an alter offsets request");
        }
        const Entry& entry = require(name, "Connector " + name + " not found");
        if (entry.target != TargetState::Stopped || !entry.tasks.empty()) {
          throw RequestException(
              kBadRequest,
              "Connectors must be in the STOPPED state before their offsets can be modified. This "
              "can be done for the specified connector by issuing a 'PUT' request to the "
              "'/connectors/" +
                  name + "/stop' endpoint");
        }
        resolve(op, {entry.config}, [=, this](std::vector<Properties>& resolved) {
          services_.worker.alter_connector_offsets(
              name, resolved.front(), offsets,
              op->then<std::string>(
                  [running](std::string& message) { running.finish(std::move(message)); }));
        });
      },
      std::move(done));
}

}  // namespace millrace
