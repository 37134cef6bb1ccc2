#pragma once
// Configuration rows of the file connectors (connect-data.md §6.1).

#include <optional>
#include <string>

#include "millrace/config_def.h"

namespace millrace::file {

inline constexpr const char* kVersion = "4.1.1";
inline constexpr const char* kFilenameField = "filename";
inline constexpr const char* kPositionField = "position";

struct SourceOptions {
  std::optional<std::string> file;
  std::string topic;
  int32_t batch_size = 2000;

  static const ConfigDef<SourceOptions>& def();
};

struct SinkOptions {
  std::optional<std::string> file;

  static const ConfigDef<SinkOptions>& def();
};

}  // namespace millrace::file
