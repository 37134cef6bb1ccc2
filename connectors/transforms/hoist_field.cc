#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_hoist_field(PluginTable&) {}

}  // namespace millrace::transforms
