#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_timestamp_converter(PluginTable&) {}

}  // namespace millrace::transforms
