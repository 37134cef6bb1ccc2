// Throws after it has registered a class.
#include "millrace/errors.h"
#include "tests/unit/plugins/modules/test_classes.h"

MILLRACE_PLUGIN(table) {
  table.connector<test_plugin::NoSink>({"org.throws.ThrowsSinkConnector"});
  throw THROWN;
}
