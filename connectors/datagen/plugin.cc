#include "millrace/plugin.h"

#include "connectors/datagen/datagen_source.h"
#include "connectors/datagen/null_sink.h"

MILLRACE_PLUGIN(table) {
  using namespace millrace::datagen;
  table.connector<DatagenSourceConnector>({"org.millrace.DatagenSourceConnector", kVersion});
  table.connector<NullSinkConnector>({"org.millrace.NullSinkConnector", kVersion});
}
