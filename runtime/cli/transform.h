#pragma once
// `millrace transform`: what a connector's converters, predicates and transformations make of
// records, without worker or log.

#include <string>
#include <vector>

namespace millrace {

inline constexpr const char* kTransformUsage =
    "transform CONNECTOR_CONFIG [--worker FILE] [--input FILE] [--records] [--topic NAME]\n"
    "            [--timestamp MS] [--json] [--continue] [--max-line-bytes N]";

/// Reads records from a file or standard input, prints each result to standard output and a summary
/// to standard error. Returns the exit code: 0, 1 when a row failed or input or output did, 2 when
/// the configuration or the command line is wrong.
int run_transform(const std::vector<std::string>& arguments);

}  // namespace millrace
