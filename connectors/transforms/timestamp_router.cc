#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_timestamp_router(PluginTable&) {}

}  // namespace millrace::transforms
