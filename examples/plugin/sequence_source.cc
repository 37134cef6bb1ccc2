#include "sequence_source.h"

#include <millrace/errors.h>
#include <millrace/source_support.h>

#include <chrono>

namespace example {
namespace {

using millrace::Arena;
using millrace::single_entry_map;
using millrace::Value;

constexpr const char* kPartitionField = "share";
constexpr const char* kOffsetField = "next";
constexpr auto kIdleWait = std::chrono::seconds(1);

}  // namespace

// A row names a key once: it parses into the field, validates, answers
// GET /connector-plugins/SequenceSource/config and documents itself.
const millrace::ConfigDef<SequenceOptions>& SequenceOptions::def() {
  static const auto def =
      millrace::ConfigDef<SequenceOptions>{}
          .required(&SequenceOptions::topic, {.name = "topic",
                                              .importance = millrace::Importance::High,
                                              .doc = "Topic the numbers are written to.",
                                              .validator = millrace::non_empty_string()})
          .optional(&SequenceOptions::count,
                    {.name = "count",
                     .doc = "Numbers to write, from 0.",
                     .validator = millrace::at_least(0)})
          .optional(&SequenceOptions::keys, {.name = "keys",
                                             .doc = "Distinct keys.",
                                             .validator = millrace::at_least(1)});
  return def;
}

const millrace::ConfigDef<SequenceShare>& SequenceShare::def() {
  static const auto def = millrace::ConfigDef<SequenceShare>{}
                              .optional(&SequenceShare::first, {.name = "share.first"})
                              .optional(&SequenceShare::step, {.name = "share.step"});
  return def;
}

void SequenceSourceConnector::start(const millrace::Properties& config,
                                    millrace::ConnectorContext&) {
  SequenceOptions::def().parse(config);
  config_ = config;
}

std::vector<millrace::Properties> SequenceSourceConnector::task_configs(int32_t tasks_max) {
  std::vector<millrace::Properties> configs;
  for (int32_t task = 0; task < tasks_max; ++task) {
    configs.push_back(config_);
    configs.back()["share.first"] = std::to_string(task);
    configs.back()["share.step"] = std::to_string(tasks_max);
  }
  return configs;
}

std::unique_ptr<millrace::SourceTask> SequenceSourceConnector::make_task() {
  return std::make_unique<SequenceSourceTask>();
}

void SequenceSourceTask::start(const millrace::Properties& config,
                               millrace::SourceTaskContext& context) {
  options_ = SequenceOptions::def().parse(config);
  share_ = SequenceShare::def().parse(config);
  next_ = share_.first;
  Arena arena;
  const Value offset = context.offset_storage_reader().offset(
      single_entry_map(arena, kPartitionField, Value::int64(share_.first)), arena);
  const Value next = millrace::map_field(offset, kOffsetField);
  if (!next.is_null()) next_ = next.as_int();  // null: never committed, from the start
}

// The hot path: everything a record points to is static or in the batch's arena, and nothing is
// allocated per record once the arena has grown.
void SequenceSourceTask::poll(millrace::RecordBatch& out, std::stop_token stop) {
  if (next_ >= options_.count) return millrace::wait_idle(stop, kIdleWait);
  Arena& arena = out.arena();
  const std::string_view topic = arena.copy(options_.topic);
  const Value partition =
      single_entry_map(arena, kPartitionField, Value::int64(share_.first));
  const auto* schema = millrace::primitive_schema(millrace::Type::Int64).get();
  for (; next_ < options_.count && !out.full(); next_ += share_.step) {
    millrace::Record& record = out.add();
    record.topic = topic;
    record.key = {schema, Value::int64(next_ % options_.keys)};
    record.value = {schema, Value::int64(next_)};
    record.source_partition = partition;
    // What the worker stores once this record is durable: where to go on.
    record.source_offset =
        single_entry_map(arena, kOffsetField, Value::int64(next_ + share_.step));
  }
}

}  // namespace example
