#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_regex_router(PluginTable&) {}

}  // namespace millrace::transforms
