// Built against other headers, as far as its stamp says; its description must never be called.
#include <cstdlib>

#include "millrace/plugin.h"

extern "C" __attribute__((visibility("default"))) const millrace::PluginEntry*
millrace_plugin_entry() {
  static const millrace::PluginEntry entry{"millrace-0;gcc4",
                                           [](millrace::PluginTable&) { std::abort(); }};
  return &entry;
}
