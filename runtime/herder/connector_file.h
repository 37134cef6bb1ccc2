#pragma once
// Connector files of the command line (connect-configs.md §3), recognised by content.

#include <filesystem>
#include <optional>
#include <string>

#include "millrace/properties.h"
#include "runtime/storage/status.h"

namespace millrace {

struct ConnectorFile {
  std::string name;
  Properties config;
  std::optional<TargetState> initial_state;
};

/// JSON object of scalars, JSON like the body of POST /connectors, or properties, in this order.
/// Throws ConnectException with Kafka's texts.
ConnectorFile read_connector_file(const std::filesystem::path& path);

/// `RUNNING`, `PAUSED` or `STOPPED`, any case.
std::optional<TargetState> parse_initial_state(std::string_view text);

}  // namespace millrace
