#include "runtime/pipeline/log_reporter.h"

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

std::string java_text(const Value& value) {
  std::string text;
  append_java_string(text, value);
  return text;
}

std::string schema_text(const Schema* schema) {
  if (schema == nullptr) return "null";
  return fmt::format("Schema{{{}{}{}}}", schema->name().value_or(""), schema->name() ? ":" : "",
                     type_name(schema->type()));
}

std::string headers_text(const Record& record) {
  std::string text;
  for (const Header& header : record.header_span()) {
    text += fmt::format("{}ConnectHeader(key={}, value={}, schema={})", text.empty() ? "[" : ", ",
                        header.key, java_text(header.data.value), schema_text(header.data.schema));
  }
  return text.empty() ? text : text + "]";
}

std::string number_or_null(int64_t number, int64_t none) {
  return number == none ? "null" : std::to_string(number);
}

std::string consumed_record_text(const Record& record) {
  std::string text = fmt::format("{{topic='{}', partition={}, offset={}", record.original_topic,
                                 record.original_partition, record.offset);
  if (record.timestamp_type != TimestampType::None) {
    text += fmt::format(
        ", timestamp={}, timestampType={}", record.timestamp,
        record.timestamp_type == TimestampType::LogAppend ? "LogAppendTime" : "CreateTime");
  }
  return text + "}";
}

}  // namespace

std::string source_record_text(const Record& record) {
  return fmt::format(
      "SourceRecord{{sourcePartition={}, sourceOffset={}}} ConnectRecord{{topic='{}', "
      "kafkaPartition={}, key={}, keySchema={}, value={}, valueSchema={}, timestamp={}, "
      "headers=ConnectHeaders(headers={})}}",
      java_text(record.source_partition), java_text(record.source_offset), record.topic,
      number_or_null(record.partition, kNoPartition), java_text(record.key.value),
      schema_text(record.key.schema), java_text(record.value.value),
      schema_text(record.value.schema), number_or_null(record.timestamp, kNoTimestamp),
      headers_text(record));
}

void LogReporter::report(const RecordBatch& batch, uint32_t row, const RowError& error,
                         ErrorCounts& counts) {
  static auto& logger = logging::get("org.apache.kafka.connect.runtime.errors.LogReporter");
  std::string place;
  if (include_messages_) {
    place = is_sink_ ? ", where consumed record is " + consumed_record_text(batch[row])
                     : ", where source record is = " + source_record_text(batch[row]);
  }
  logger.error("Error encountered in task {}. Executing stage '{}' with class '{}'{}. {}",
               id_.to_string(), stage_name(error.stage),
               error.class_name.empty() ? "null" : error.class_name, place,
               describe(error.kind, error.message, error.cause.get()));
  ++counts.errors_logged;
}

}  // namespace millrace
