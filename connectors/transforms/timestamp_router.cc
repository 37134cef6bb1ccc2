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

/// The record as Kafka's messages show it, without what differs between sources and sinks.
std::string record_text(const Record& record) {
  std::string text = "ConnectRecord{topic='" + std::string(record.topic) + "', kafkaPartition=";
  text += record.partition == kNoPartition ? "null" : std::to_string(record.partition);
  append_data(text, "key", record.key);
  append_data(text, "value", record.value);
  return text + ", timestamp=null}";
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
