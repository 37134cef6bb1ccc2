#pragma once
// `sasl.jaas.config`: a login module and its options (kafka-clients.md §3.6).

#include <string>
#include <string_view>
#include <vector>

#include "millrace/properties.h"

namespace millrace::security {

struct JaasEntry {
  std::string module;  // class name
  Properties options;  // may hold secrets
  /// What Java refuses and is read here all the same; empty: read exactly as Java reads it.
  std::vector<std::string> warnings;
};

/// Reads as Java does. Only where Java refuses the text, unquoted values may hold any character but
/// blanks, `=`, `;` and quotes, and the final `;` may be missing. Throws ConfigException without any
/// of the values.
JaasEntry parse_jaas(std::string_view text);

}  // namespace millrace::security
