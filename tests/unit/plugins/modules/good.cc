// A plugin as it should be.
#include "tests/unit/plugins/modules/test_classes.h"

MILLRACE_PLUGIN(table) {
  table.connector<test_plugin::NoSource>({"org.good.GoodSourceConnector", VERSION});
  table.converter<test_plugin::NoConverter>({"org.good.GoodConverter", VERSION});
}
