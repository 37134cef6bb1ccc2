#pragma once
// Dead letters: records that failed, with headers that say why. Of a sink they are as they were
// consumed (connect-tasks.md §5; org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter);
// sources have none in Java (docs/design/dead-letters.md).

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/ids.h"
#include "millrace/record.h"

namespace millrace {

/// The settings `errors.deadletterqueue.*` of a sink.
struct DeadLetterConfig {
  std::string topic_name;  // empty: no queue
  int16_t replication_factor = 3;
  bool context_headers_enable = false;

  /// The rows of these keys, for parsing here and for REST answers. Static storage.
  static const ConfigDefinition& definition();
  /// Throws ConfigException.
  static DeadLetterConfig parse(const Properties& connector);
  /// The same of a source: behind `millrace.`, since Java ignores the plain keys there, and with
  /// context headers unless they are turned off. Throws ConfigException.
  static DeadLetterConfig parse_source(const Properties& connector);
};

/// Keeps what transformations may change of a row, as it was before. Task thread only.
class LetterForms {
 public:
  virtual ~LetterForms() = default;
  /// Call before conversion and transformation; may copy into the batch's arena.
  virtual void remember(RecordBatch& batch) = 0;
  /// A copy of the row whose wire forms are those of its letter. It points into the batch and into
  /// this, until the next call.
  virtual Record original(const RecordBatch& batch, uint32_t row, const RowError& error) = 0;
};

/// Of a sink: the bytes as they were consumed.
class ConsumedForms final : public LetterForms {
 public:
  void remember(RecordBatch& batch) override;
  /// A row that a task made itself lacks a place of origin; it is where the row is addressed to.
  Record original(const RecordBatch& batch, uint32_t row, const RowError& error) override;

 private:
  struct Form {
    int64_t timestamp;
    Header* headers;
    uint32_t header_count;
  };
  const RecordBatch* batch_ = nullptr;
  std::vector<Form> forms_;
};

/// Adds the letter for `original` to `letters`: bytes of key, value and headers, timestamp, no
/// partition, and with `context_headers` the ten `__connect.errors.*` headers behind its own, also
/// when it has such names already, and then those of the error itself. A record with a place in a source has that place,
/// `__millrace.errors.source.*`, instead of partition and offset. Nothing refers to the original's
/// batch afterwards; `topic` must outlive the letters.
void add_letter(RecordBatch& letters, std::string_view topic, const Record& original,
                const RowError& error, const ConnectorTaskId& id, bool context_headers);

}  // namespace millrace
