#include "connectors/transforms/registrations.h"

namespace millrace::transforms {

void register_predicates(PluginTable&) {}

}  // namespace millrace::transforms
