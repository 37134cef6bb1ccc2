#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_cast(PluginTable&) {}

}  // namespace millrace::transforms
