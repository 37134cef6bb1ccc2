#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_header_from(PluginTable&) {}

}  // namespace millrace::transforms
