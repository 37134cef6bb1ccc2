// Needs a function that nobody has.
#include "tests/unit/plugins/modules/test_classes.h"

namespace test_plugin {
void nobody_defines_this();
}

MILLRACE_PLUGIN(table) {
  test_plugin::nobody_defines_this();
  table.connector<test_plugin::NoSource>({"org.missing.MissingSourceConnector"});
}
