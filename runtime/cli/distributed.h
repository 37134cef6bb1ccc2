#pragma once
// `connect-distributed`: a worker of a group, from its properties file.

#include <string>

namespace millrace {

/// `worker_file` may be empty: no properties. Returns the exit code.
int run_distributed(const std::string& worker_file);

}  // namespace millrace
