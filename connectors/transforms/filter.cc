#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_filter(PluginTable&) {}

}  // namespace millrace::transforms
