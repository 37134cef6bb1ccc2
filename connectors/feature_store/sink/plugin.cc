#include "millrace/plugin.h"

#include "connectors/feature_store/sink/feature_store_connector.h"

MILLRACE_PLUGIN(table) {
  using namespace millrace::feature_store;
  table.connector<FeatureStoreConnector>({"org.millrace.FeatureStoreSinkConnector", kVersion});
}
