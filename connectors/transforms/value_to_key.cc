#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_value_to_key(PluginTable&) {}

}  // namespace millrace::transforms
