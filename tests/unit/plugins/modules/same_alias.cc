// Another class with the simple name of one in good.cc.
#include "tests/unit/plugins/modules/test_classes.h"

MILLRACE_PLUGIN(table) {
  table.connector<test_plugin::NoSource>({"org.other.GoodSourceConnector"});
}
