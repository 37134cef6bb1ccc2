#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_extract_field(PluginTable&) {}

}  // namespace millrace::transforms
