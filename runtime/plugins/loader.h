#pragma once
// Opening one plugin file.

#include <cstdint>
#include <filesystem>
#include <string>

#include "millrace/plugin.h"

namespace millrace {

/// What a file named like a plugin is.
struct PluginFile {
  enum class Kind : uint8_t {
    Plugin,
    OtherLibrary,  // a shared object without the entry symbol, such as one a plugin needs
    Unusable,
  };
  Kind kind = Kind::Unusable;
  std::string reason;  // why it is Unusable
};

/// Reads the file only; nothing of it is executed.
PluginFile inspect_plugin(const std::filesystem::path& file);

/// Loads the file for good (RTLD_NOW | RTLD_LOCAL, never closed) and asks it for its classes.
/// Throws ConnectException that names the file and the reason, with both stamps when they differ.
PluginTable load_plugin(const std::filesystem::path& file);

}  // namespace millrace
