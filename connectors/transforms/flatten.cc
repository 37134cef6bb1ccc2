#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_flatten(PluginTable&) {}

}  // namespace millrace::transforms
