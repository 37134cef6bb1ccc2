#pragma once
// Input lines of `millrace transform` as rows of a batch.

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/record.h"

namespace millrace {

/// What a row has that its line does not say.
struct RecordDefaults {
  std::string topic;
  int64_t timestamp = kNoTimestamp;
  int32_t partition = kNoPartition;
  int64_t offset = -1;  // of this row
};

/// Both forms below change `record`, a new row of `batch`; texts go into the batch's arena. They
/// return the empty string, or why the line is no record.

/// The whole line is the value: consumed bytes of a sink, a required string of a source, as
/// FileStreamSource emits lines.
std::string read_value_line(std::string_view line, bool is_sink, const RecordDefaults& defaults,
                            RecordBatch& batch, Record& record);

/// The line is a JSON object with any of `topic`, `partition`, `offset`, `timestamp`, `key`,
/// `value`, `headers` (a list of objects of `key` and `value`). For a sink keys and values are the
/// consumed bytes: a text, `{"base64": TEXT}`, null, or any other JSON, taken as its text. For a
/// source they are schemaless data, bytes when they have the form `{"base64": TEXT}`. A member
/// `row` is ignored, so that results of a source can be the input of a sink.
std::string read_record_line(std::string_view line, bool is_sink, const RecordDefaults& defaults,
                             RecordBatch& batch, Record& record);

}  // namespace millrace
