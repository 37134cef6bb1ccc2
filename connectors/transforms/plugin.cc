#include "millrace/plugin.h"

#include "connectors/transforms/registrations.h"

MILLRACE_PLUGIN(table) { millrace::transforms::register_all(table); }
