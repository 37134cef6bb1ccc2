#pragma once
// Connector files of the command line (connect-configs.md §3), recognised by content: a JSON object
// of scalars, a JSON object like the body of POST /connectors, or properties.

#include <filesystem>
#include <optional>
#include <string>

#include "millrace/properties.h"
#include "runtime/storage/status.h"

namespace millrace {

struct ConnectorFile {
  std::string name;
  Properties config;  // `name` included
  std::optional<TargetState> initial_state;
};

/// Throws ConnectException or ConfigException that names the file.
ConnectorFile read_connector_file(const std::filesystem::path& path);

}  // namespace millrace
