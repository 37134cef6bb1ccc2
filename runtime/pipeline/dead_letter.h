#pragma once
// Dead letters: records of a sink that failed, as they were consumed, with headers that say why
// (connect-tasks.md §5; org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter).

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/ids.h"
#include "millrace/record.h"

namespace millrace {

/// The settings `errors.deadletterqueue.*`, which only sinks have.
struct DeadLetterConfig {
  std::string topic_name;  // empty: no queue
  int16_t replication_factor = 3;
  bool context_headers_enable = false;

  /// The rows of these keys, for parsing here and for REST answers. Static storage.
  static const ConfigDefinition& definition();
  /// Throws ConfigException.
  static DeadLetterConfig parse(const Properties& connector);
};

/// What transformations may change of a consumed row, as it was before. Task thread only.
class ConsumedForms {
 public:
  /// Call before conversion; copies the arrays of headers into the batch's arena.
  void remember(RecordBatch& batch);
  /// A copy of the row, with what was remembered of it if `batch` is the remembered one. A row
  /// that a task made itself lacks a place of origin; it is where the row is addressed to.
  Record consumed(const RecordBatch& batch, uint32_t row) const;

 private:
  struct Form {
    int64_t timestamp;
    Header* headers;
    uint32_t header_count;
  };
  const RecordBatch* batch_ = nullptr;
  std::vector<Form> forms_;
};

/// Adds the letter for `consumed` to `letters`: bytes of key, value and headers, timestamp, no
/// partition, and with `context_headers` the ten `__connect.errors.*` headers behind its own, also
/// when it has such names already. Nothing refers to the consumed batch afterwards; `topic` must
/// outlive the batch.
void add_letter(RecordBatch& letters, std::string_view topic, const Record& consumed,
                const RowError& error, const ConnectorTaskId& id, bool context_headers);

}  // namespace millrace
