#pragma once
// Opening one plugin file.

#include <filesystem>
#include <string_view>

#include "millrace/plugin.h"

namespace millrace {

/// True when `file` is a 64-bit ELF shared object whose dynamic symbols define `symbol`. Reads the
/// file only; nothing of it is executed. False for anything unreadable or malformed.
bool exports_symbol(const std::filesystem::path& file, std::string_view symbol) noexcept;

/// Loads the file for good (RTLD_NOW | RTLD_LOCAL, never closed) and asks it for its classes.
/// Throws ConnectException that names the file and the reason, with both stamps when they differ.
PluginTable load_plugin(const std::filesystem::path& file);

}  // namespace millrace
