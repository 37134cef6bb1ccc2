#pragma once
// What is logged of a worker's properties file when it is loaded (connect-configs.md §1).

#include <optional>
#include <string>
#include <string_view>

#include "millrace/config_def.h"

namespace millrace {

/// Logs the values, secrets hidden, and suggestions for keys that look misspelt, as the Java class
/// `name` does.
void log_worker_file(const char* name, const ConfigDefinition& definition,
                     const Properties& properties);

/// `NAME values: ` and one tab-indented line per key, sorted by key; secrets hidden.
std::string config_values_text(std::string_view name, const ConfigDefinition& definition,
                               const Properties& properties);

/// The key of `definition` that `key` is most likely a misspelling of; nullopt when it is known,
/// belongs to a prefix, a client or the other kind of worker, or resembles nothing.
std::optional<std::string> suggest_worker_key(const ConfigDefinition& definition,
                                              std::string_view key);

}  // namespace millrace
