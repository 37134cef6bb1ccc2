#include "millrace/plugin.h"

#include "connectors/lakehouse/sink/lakehouse_connector.h"

MILLRACE_PLUGIN(table) {
  using namespace millrace::lakehouse;
  table.connector<LakehouseConnector>({"org.millrace.LakehouseSinkConnector", kVersion});
  table.connector<LakehouseConnector>({"org.apache.iceberg.connect.IcebergSinkConnector", kVersion});
}
