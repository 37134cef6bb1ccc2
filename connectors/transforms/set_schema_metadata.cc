#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_set_schema_metadata(PluginTable&) {}

}  // namespace millrace::transforms
