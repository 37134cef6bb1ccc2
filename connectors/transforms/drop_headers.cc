#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_drop_headers(PluginTable&) {}

}  // namespace millrace::transforms
