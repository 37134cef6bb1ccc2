#include "millrace/plugin.h"

#include "connectors/file/file_connectors.h"

MILLRACE_PLUGIN(table) {
  using namespace millrace::file;
  table.connector<FileStreamSourceConnector>(
      {"org.apache.kafka.connect.file.FileStreamSourceConnector", kVersion});
  table.connector<FileStreamSinkConnector>(
      {"org.apache.kafka.connect.file.FileStreamSinkConnector", kVersion});
}
