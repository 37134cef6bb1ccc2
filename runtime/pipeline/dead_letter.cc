#include "runtime/pipeline/dead_letter.h"

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/pipeline/wire_copy.h"

namespace millrace {
namespace {

constexpr const char* kGroup = "Error Handling";
constexpr size_t kContextHeaders = 10;
constexpr const char* kSourcePrefix = "millrace.";
constexpr const char* kContextHeadersEnable = "errors.deadletterqueue.context.headers.enable";

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
                    {.name = kContextHeadersEnable,
                     .doc = "Whether such records get headers that say what went wrong.",
                     .group = kGroup,
                     .order = 8,
                     .width = Width::Medium,
                     .display_name = "Enable Error Context Headers"});
  return def;
}

std::string json_of(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

void add_context(HeaderWriter& out, const Record& original, const RowError& error,
                 const ConnectorTaskId& id) {
  if (original.source_partition.is_null()) {
    out.add_literal("__connect.errors.topic", original.original_topic);
    out.add_literal("__connect.errors.partition", std::to_string(original.original_partition));
    out.add_literal("__connect.errors.offset", std::to_string(original.offset));
  } else {
    out.add_literal("__connect.errors.topic", original.topic);
    out.add_literal("__millrace.errors.source.partition", json_of(original.source_partition));
    out.add_literal("__millrace.errors.source.offset", json_of(original.source_offset));
  }
  out.add_literal("__connect.errors.connector.name", id.connector);
  out.add_literal("__connect.errors.task.id", std::to_string(id.task));
  out.add_literal("__connect.errors.stage", stage_name(error.stage));
  out.add_literal("__connect.errors.class.name",
                  error.class_name.empty() ? "null" : error.class_name);
  out.add_literal("__connect.errors.exception.class.name", java_class_name(error.kind));
  out.add_literal("__connect.errors.exception.message", error.message);
  out.add_literal("__connect.errors.exception.stacktrace",
                  describe(error.kind, error.message, error.cause.get()));
}

}  // namespace

const ConfigDefinition& DeadLetterConfig::definition() { return rows().definition(); }

DeadLetterConfig DeadLetterConfig::parse(const Properties& connector) {
  return rows().parse(connector);
}

DeadLetterConfig DeadLetterConfig::parse_source(const Properties& connector) {
  Properties own = with_prefix(connector, kSourcePrefix);
  own.try_emplace(kContextHeadersEnable, "true");
  try {
    return rows().parse(own);
  } catch (const ConfigException& error) {
    throw ConfigException(std::string("in the keys that begin with ") + kSourcePrefix + ": " +
                          error.what());
  }
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

Record ConsumedForms::original(const RecordBatch& batch, uint32_t row, const RowError&) {
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

void add_letter(RecordBatch& letters, std::string_view topic, const Record& original,
                const RowError& error, const ConnectorTaskId& id, bool context_headers) {
  Arena& arena = letters.arena();
  Record& letter = letters.add();
  letter.topic = topic;
  letter.timestamp = original.timestamp;
  letter.key_wire = copy_wire(arena, original.key_wire);
  letter.value_wire = copy_wire(arena, original.value_wire);
  HeaderWriter headers(arena, original.header_count + (context_headers ? kContextHeaders : 0) +
                                  error.letter_headers.size());
  for (const Header& header : original.header_span()) headers.add(header.key, header.wire);
  if (context_headers) add_context(headers, original, error, id);
  for (const auto& [name, text] : error.letter_headers) {
    headers.add(name, WireBytes::of(text));
  }
  headers.give_to(letter);
}

}  // namespace millrace
