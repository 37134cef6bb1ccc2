#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_insert_header(PluginTable&) {}

}  // namespace millrace::transforms
