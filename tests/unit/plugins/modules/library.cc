// A shared object that is no plugin. Loading it would end the process.
#include <cstdlib>

namespace {
__attribute__((constructor)) void on_load() {
  std::abort();
}
}  // namespace

extern "C" __attribute__((visibility("default"))) int millrace_plugin_entry_v0() {
  return 0;
}
