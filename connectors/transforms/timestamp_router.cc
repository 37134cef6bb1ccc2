// TimestampRouter: renames the topic after itself and the record's timestamp.

#include <optional>

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"
#include "connectors/transforms/simple_date_format.h"
#include "millrace/text.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::string topic_format = "${topic}-${timestamp}";
  std::string timestamp_format = "yyyyMMdd";
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .optional(&Options::topic_format,
                    {.name = "topic.format",
                     .importance = Importance::High,
                     .doc = "New topic; `${topic}` and `${timestamp}` stand for the old one and "
                            "the record's timestamp."})
          .optional(&Options::timestamp_format,
                    {.name = "timestamp.format",
                     .importance = Importance::High,
                     .doc = "Format of the timestamp, a pattern of java.text.SimpleDateFormat."});
  return def;
}

/// `out` becomes `text` with every `mark` replaced.
void replace_all(std::string_view text, std::string_view mark, std::string_view replacement,
                 std::string& out) {
  out.clear();
  size_t from = 0;
  for (size_t at = 0; (at = text.find(mark, from)) != std::string_view::npos;
       from = at + mark.size()) {
    out += text.substr(from, at - from);
    out += replacement;
  }
  out += text.substr(from);
}

void append_data(std::string& out, std::string_view name, const SchemaAndValue& data) {
  (out += ", ").append(name) += '=';
  append_java_string(out, data.value);
  (out += ", ").append(name) += "Schema=";
  out += data.schema == nullptr ? "null" : data.schema->to_string();
}

/// Where the record comes from: SourceRecord's and SinkRecord's part of the text.
void append_origin(std::string& out, const Record& record) {
  if (record.offset < 0) {
    out += "SourceRecord{sourcePartition=";
    append_java_string(out, record.source_partition);
    out += ", sourceOffset=";
    append_java_string(out, record.source_offset);
  } else {
    const std::string offset = std::to_string(record.offset);
    (out += "SinkRecord{kafkaOffset=").append(offset) += ", timestampType=NoTimestampType";
    (out += ", originalTopic=").append(record.original_topic) += ", originalKafkaPartition=";
    out += std::to_string(record.original_partition);
    (out += ", originalKafkaOffset=").append(offset);
  }
  out += "} ";
}

void append_headers(std::string& out, const Record& record) {
  out += ", headers=ConnectHeaders(headers=";
  const char* separator = "[";
  for (const Header& header : record.header_span()) {
    ((out += separator) += "ConnectHeader(key=").append(header.key) += ", value=";
    append_java_string(out, header.data.value);
    out += ", schema=";
    (out += header.data.schema == nullptr ? "null" : header.data.schema->to_string()) += ')';
    separator = ", ";
  }
  out += record.header_count == 0 ? ")" : "])";
}

/// The record, which has no timestamp, as Kafka's messages show it.
std::string record_text(const Record& record) {
  std::string text;
  append_origin(text, record);
  text += "ConnectRecord{topic='" + std::string(record.topic) + "', kafkaPartition=";
  text += record.partition == kNoPartition ? "null" : std::to_string(record.partition);
  append_data(text, "key", record.key);
  append_data(text, "value", record.value);
  text += ", timestamp=null";
  append_headers(text, record);
  return text + "}";
}

class TimestampRouter {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    pattern_error_.clear();
    try {
      format_.emplace(options_.timestamp_format, 0);  // the century matters to parsing only
    } catch (const Error& error) {
      pattern_error_ = error.what();  // Kafka reads the pattern when the first record comes
    }
  }

  bool apply(RecordBatch& batch, Record& record, Failure& failure) {
    if (record.timestamp == kNoTimestamp) {
      return failure.fail("Timestamp missing on record: " + record_text(record));
    }
    if (!pattern_error_.empty()) {
      return failure.fail(pattern_error_, ErrorKind::IllegalArgument);
    }
    if (record.timestamp < 0) {  // as the producer would, with a message that says why
      return failure.fail("Invalid timestamp: " + std::to_string(record.timestamp) +
                              ". Timestamp should always be non-negative or null.",
                          ErrorKind::IllegalArgument);
    }
    timestamp_.clear();
    format_->format(record.timestamp, timestamp_);
    replace_all(options_.topic_format, "${topic}", record.topic, with_topic_);
    replace_all(with_topic_, "${timestamp}", timestamp_, renamed_);
    record.topic = batch.arena().copy(renamed_);
    return true;
  }

 private:
  Options options_;
  std::optional<SimpleDateFormat> format_;
  std::string pattern_error_;
  // Kept for their memory.
  std::string timestamp_;
  std::string with_topic_;
  std::string renamed_;
};

}  // namespace

void register_timestamp_router(PluginTable& table) {
  add_transformation<TimestampRouter>(table, "TimestampRouter");
}

}  // namespace millrace::transforms
