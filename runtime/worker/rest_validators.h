#pragma once
// Checks of REST keys that are not ranges or lists of words.

#include "millrace/config_def.h"

namespace millrace {

/// Every entry non-blank; `key` appears in the message.
ConfigValidator listener_urls(std::string key, bool may_be_empty);
/// Rules `action name:value`, separated by commas, each optionally in double quotes.
ConfigValidator header_rules();

}  // namespace millrace
