#pragma once
// `errors.log.enable`: one log line per failed row, in Kafka's words.

#include <string>
#include <utility>

#include "millrace/ids.h"
#include "runtime/pipeline/error_reporter.h"

namespace millrace {

class LogReporter final : public ErrorReporter {
 public:
  LogReporter(ConnectorTaskId id, bool is_sink, bool include_messages)
      : id_(std::move(id)), is_sink_(is_sink), include_messages_(include_messages) {}
  void report(const RecordBatch& batch, uint32_t row, const RowError& error,
              ErrorCounts& counts) override;

 private:
  ConnectorTaskId id_;
  bool is_sink_;
  bool include_messages_;
};

/// What Java's SourceRecord.toString() gives.
std::string source_record_text(const Record& record);

}  // namespace millrace
