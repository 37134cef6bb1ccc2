// The entry symbol is there, but gives nothing.
#include "millrace/plugin.h"

extern "C" __attribute__((visibility("default"))) const millrace::PluginEntry*
millrace_plugin_entry() {
  return nullptr;
}
