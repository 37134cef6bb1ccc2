#pragma once
// Typed request bodies. All throw JsonError with Jackson's text, or Error(NullPointer) where the
// Java worker runs into a null; REST answers both with 500 (connect-rest-api.md §1.2, §9.5).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/properties.h"
#include "runtime/herder/connector_config.h"
#include "runtime/storage/status.h"
#include "runtime/worker/worker.h"

namespace millrace::rest {

struct CreateConnectorRequest {
  std::optional<std::string> name;
  /// Values keep the literal spelling of numbers.
  NullableConfig config;
  std::optional<TargetState> initial_state;
};

CreateConnectorRequest read_create_request(std::string_view body);
/// A map of strings. `null_text` is the message when the body is empty or null.
NullableConfig read_config(std::string_view body, std::string_view null_text);
/// A list of maps of strings, as a worker sends task configurations. Keys with null values are left
/// out.
std::vector<Properties> read_task_configs(std::string_view body);
/// The entries of an alter request; empty when `offsets` is missing, null or empty. Partitions and
/// offsets are verbatim JSON text; a missing partition is `null`.
std::vector<JsonPartitionOffset> read_offsets(std::string_view body);

}  // namespace millrace::rest
