#pragma once
// Settings of JsonConverter (connect-data.md §3.1).

#include <string>

#include "millrace/config_def.h"

namespace millrace::converters {

struct JsonOptions {
  bool schemas_enable = true;
  int32_t schemas_cache_size = 1000;
  std::string decimal_format = "BASE64";
  bool replace_null_with_default = true;

  static const ConfigDef<JsonOptions>& def();
};

}  // namespace millrace::converters
