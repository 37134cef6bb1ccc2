#pragma once
#include <string>

namespace millrace {

/// The plugins folder beside the executable: <prefix>/bin/millrace -> <prefix>/plugins.
std::string shipped_plugins();

}  // namespace millrace
