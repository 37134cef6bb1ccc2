#pragma once
// `connect-standalone`: one worker from its properties file and any number of connector files.

#include <string>
#include <vector>

namespace millrace {

/// `arguments` are the worker file and the connector files. Returns the exit code.
int run_standalone(const std::vector<std::string>& arguments);

}  // namespace millrace
