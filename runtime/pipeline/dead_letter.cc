#include "runtime/pipeline/dead_letter.h"

#include <algorithm>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr const char* kGroup = "Error Handling";
constexpr size_t kContextHeaders = 10;

using Config = DeadLetterConfig;

const ConfigDef<Config>& rows() {
  static const auto def =
      ConfigDef<Config>{}
          .optional(&Config::topic_name,
                    {.name = "errors.deadletterqueue.topic.name",
                     .doc = "Topic for records that could not be processed; empty means none.",
                     .group = kGroup,
                     .order = 6,
                     .width = Width::Medium,
                     .display_name = "Dead Letter Queue Topic Name"})
          .optional(&Config::replication_factor,
                    {.name = "errors.deadletterqueue.topic.replication.factor",
                     .doc = "Replication factor of that topic when the worker creates it.",
                     .group = kGroup,
                     .order = 7,
                     .width = Width::Medium,
                     .display_name = "Dead Letter Queue Topic Replication Factor"})
          .optional(&Config::context_headers_enable,
                    {.name = "errors.deadletterqueue.context.headers.enable",
                     .doc = "Whether such records get headers that say what went wrong.",
                     .group = kGroup,
                     .order = 8,
                     .width = Width::Medium,
                     .display_name = "Enable Error Context Headers"});
  return def;
}

WireBytes copy(Arena& arena, const WireBytes& bytes) {
  return bytes.is_null() ? bytes : WireBytes::of(arena.copy(bytes.text()));
}

/// Fills the headers of one letter, front to back.
class HeaderWriter {
 public:
  HeaderWriter(Arena& arena, size_t count)
      : arena_(arena), headers_(arena.make_array<Header>(count)) {}
  void add(std::string_view key, const WireBytes& wire) {
    headers_[count_++] = Header{arena_.copy(key), {}, copy(arena_, wire)};
  }
  /// `key` is a literal.
  void add_context(std::string_view key, std::string_view text) {
    headers_[count_++] = Header{key, {}, WireBytes::of(arena_.copy(text))};
  }
  void give_to(Record& letter) const {
    letter.headers = headers_.data();
    letter.header_count = static_cast<uint32_t>(count_);
  }

 private:
  Arena& arena_;
  std::span<Header> headers_;
  size_t count_ = 0;
};

void add_context(HeaderWriter& out, const Record& consumed, const RowError& error,
                 const ConnectorTaskId& id) {
  out.add_context("__connect.errors.topic", consumed.original_topic);
  out.add_context("__connect.errors.partition", std::to_string(consumed.original_partition));
  out.add_context("__connect.errors.offset", std::to_string(consumed.offset));
  out.add_context("__connect.errors.connector.name", id.connector);
  out.add_context("__connect.errors.task.id", std::to_string(id.task));
  out.add_context("__connect.errors.stage", stage_name(error.stage));
  out.add_context("__connect.errors.class.name",
                  error.class_name.empty() ? "null" : error.class_name);
  out.add_context("__connect.errors.exception.class.name", java_class_name(error.kind));
  out.add_context("__connect.errors.exception.message", error.message);
  out.add_context("__connect.errors.exception.stacktrace",
                  describe(Error(error.kind, error.message)));
}

}  // namespace

const ConfigDefinition& DeadLetterConfig::definition() { return rows().definition(); }

DeadLetterConfig DeadLetterConfig::parse(const Properties& connector) {
  return rows().parse(connector);
}

void ConsumedForms::remember(RecordBatch& batch) {
  batch_ = &batch;
  forms_.clear();
  for (const Record& record : batch.records()) {
    Form form{record.timestamp, nullptr, record.header_count};
    if (record.header_count != 0) {
      const auto headers = batch.arena().make_array<Header>(record.header_count);
      std::copy_n(record.headers, record.header_count, headers.begin());
      form.headers = headers.data();
    }
    forms_.push_back(form);
  }
}

Record ConsumedForms::consumed(const RecordBatch& batch, uint32_t row) const {
  Record record = batch[row];
  if (&batch == batch_ && row < forms_.size()) {
    record.timestamp = forms_[row].timestamp;
    record.headers = forms_[row].headers;
    record.header_count = forms_[row].header_count;
  } else if (record.original_topic.empty()) {
    record.original_topic = record.topic;
    record.original_partition = record.partition;
  }
  return record;
}

void add_letter(RecordBatch& letters, std::string_view topic, const Record& consumed,
                const RowError& error, const ConnectorTaskId& id, bool context_headers) {
  Arena& arena = letters.arena();
  Record& letter = letters.add();
  letter.topic = topic;
  letter.timestamp = consumed.timestamp;
  letter.key_wire = copy(arena, consumed.key_wire);
  letter.value_wire = copy(arena, consumed.value_wire);
  HeaderWriter headers(arena, consumed.header_count + (context_headers ? kContextHeaders : 0));
  for (const Header& header : consumed.header_span()) headers.add(header.key, header.wire);
  if (context_headers) add_context(headers, consumed, error, id);
  headers.give_to(letter);
}

}  // namespace millrace
