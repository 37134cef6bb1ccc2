#include "connectors/datagen/datagen_source.h"

#include <algorithm>
#include <cmath>

#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/source_support.h"

namespace millrace::datagen {
namespace {

constexpr const char* kPartitionField = "task";
constexpr const char* kOffsetField = "next";
using Seconds = std::chrono::duration<double>;
constexpr Seconds kLongestWait{1};  // between two looks, when the rate is low or all is given

std::vector<FieldSpec> parse_fields(const std::vector<std::string>& texts) {
  std::vector<FieldSpec> fields;
  for (const std::string& text : texts) {
    FieldSpec field = parse_field(text);
    for (const FieldSpec& other : fields) {
      if (other.name == field.name) throw ConfigException("Field " + field.name + " stands twice");
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::optional<uint32_t> find_key(const std::vector<FieldSpec>& fields,
                                 const std::optional<std::string>& name) {
  if (!name || name->empty()) return std::nullopt;
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == *name) return i;
  }
  throw ConfigException("There is no field " + *name);
}

}  // namespace

const ConfigDef<DatagenOptions>& DatagenOptions::def() {
  using enum Importance;
  static const auto def =
      ConfigDef<DatagenOptions>{}
          .required(&DatagenOptions::topic, {.name = "topic",
                                             .importance = High,
                                             .doc = "Topic the records are written to.",
                                             .validator = non_empty_string()})
          .optional(&DatagenOptions::fields,
                    {.name = "fields",
                     .importance = High,
                     .doc = "Fields of a record, each NAME:TYPE[:ARGUMENT[:ARGUMENT]]. Types: "
                            "sequence, int32, int64, float64, boolean, string, choice, timestamp.",
                     .validator = non_empty_list()})
          .optional(&DatagenOptions::key_field,
                    {.name = "key.field", .doc = "Field that is also the key; null: no key."})
          .optional(&DatagenOptions::records_max,
                    {.name = "records.max",
                     .doc = "Records of all tasks together; -1: without end.",
                     .validator = at_least(-1)})
          .optional(&DatagenOptions::records_per_second,
                    {.name = "records.per.second",
                     .doc = "Rate of all tasks together; 0: as fast as possible.",
                     .validator = between_real(0, 1e9)})
          .optional(&DatagenOptions::seed,
                    {.name = "seed", .doc = "Records of the same number and seed are equal."})
          .optional(&DatagenOptions::first, {.name = "datagen.task.first",
                                             .importance = Low,
                                             .doc = "Set by the connector for its tasks.",
                                             .validator = at_least(0)})
          .optional(&DatagenOptions::step, {.name = "datagen.task.step",
                                            .importance = Low,
                                            .doc = "Set by the connector for its tasks.",
                                            .validator = at_least(1)});
  return def;
}

void DatagenSourceConnector::validate(const Properties& config, ConfigErrors& errors) const {
  const std::string* text = find(config, "fields");
  const auto texts = text != nullptr ? split_list(text) : DatagenOptions{}.fields;
  std::vector<FieldSpec> fields;
  try {
    fields = parse_fields(texts);
  } catch (const ConfigException& error) {
    return errors.add("fields", error.what());
  }
  try {
    const std::string* key = find(config, "key.field");
    find_key(fields, key != nullptr ? std::optional(*key) : std::nullopt);
  } catch (const ConfigException& error) {
    errors.add("key.field", error.what());
  }
}

void DatagenSourceConnector::start(const Properties& config, ConnectorContext&) {
  const DatagenOptions options = DatagenOptions::def().parse(config);
  find_key(parse_fields(options.fields), options.key_field);
  config_ = config;
}

std::vector<Properties> DatagenSourceConnector::task_configs(int32_t tasks_max) {
  std::vector<Properties> configs;
  for (int32_t task = 0; task < tasks_max; ++task) {
    Properties& config = configs.emplace_back(config_);
    config["datagen.task.first"] = std::to_string(task);
    config["datagen.task.step"] = std::to_string(tasks_max);
  }
  return configs;
}

std::unique_ptr<SourceTask> DatagenSourceConnector::make_task() {
  return std::make_unique<DatagenSourceTask>();
}

bool DatagenSourceConnector::alter_offsets(const Properties&,
                                           std::span<const PartitionOffset> offsets) {
  for (const PartitionOffset& entry : offsets) {
    if (entry.offset.is_null()) continue;
    const Value next = map_field(entry.offset, kOffsetField);
    if (next.type() != Type::Int64 || next.as_int() < 0) {
      throw ConnectException("Offset objects should be null or have 'next', a number from 0");
    }
  }
  return true;
}

void DatagenSourceTask::start(const Properties& config, SourceTaskContext& context) {
  options_ = DatagenOptions::def().parse(config);
  fields_ = parse_fields(options_.fields);
  schema_ = schema_of(fields_);
  key_ = find_key(fields_, options_.key_field);
  next_ = options_.first;
  interval_s_ = options_.records_per_second > 0 ? options_.step / options_.records_per_second : 0;
  Arena arena;
  const Value offset = context.offset_storage_reader().offset(
      single_entry_map(arena, kPartitionField, Value::int64(options_.first)), arena);
  if (const Value next = map_field(offset, kOffsetField); !next.is_null()) next_ = next.as_int();
  started_ = Clock::now();
  given_ = 0;
}

uint32_t DatagenSourceTask::wait_for_turn(uint32_t limit, const std::stop_token& stop) {
  if (interval_s_ <= 0) return limit;
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  const double due = std::floor(elapsed / interval_s_) + 1 - static_cast<double>(given_);
  if (due < 1) {
    wait_idle(stop, std::min(Seconds(static_cast<double>(given_) * interval_s_ - elapsed), kLongestWait));
    return 0;
  }
  return static_cast<uint32_t>(std::min(due, static_cast<double>(limit)));
}

void DatagenSourceTask::poll(RecordBatch& out, std::stop_token stop) {
  if (options_.records_max >= 0 && next_ >= options_.records_max) {
    return wait_idle(stop, kLongestWait);
  }
  const uint32_t turn = wait_for_turn(out.limit(), stop);
  if (turn == 0) return;
  const int64_t now = wall_clock_ms();
  while (out.size() < turn && (options_.records_max < 0 || next_ < options_.records_max)) {
    add_record(out, now);
  }
  given_ += out.size();
}

void DatagenSourceTask::add_record(RecordBatch& out, int64_t now_ms) {
  Arena& arena = out.arena();
  const bool first = out.empty();
  const Value partition =
      first ? single_entry_map(arena, kPartitionField, Value::int64(options_.first))
            : out[0].source_partition;
  const std::string_view topic = first ? arena.copy(options_.topic) : out[0].topic;
  const auto values = arena.make_array<Value>(fields_.size());
  RecordRandom random(static_cast<uint64_t>(options_.seed), static_cast<uint64_t>(next_));
  for (size_t i = 0; i < fields_.size(); ++i) {
    values[i] = generate(fields_[i], next_, now_ms, random, arena);
  }
  auto* data = arena.make<StructData>();
  *data = {schema_.get(), values.data()};
  Record& record = out.add();
  record.topic = topic;
  record.timestamp = now_ms;
  record.value = {out.keep(schema_), Value::structure(data)};
  if (key_) record.key = {schema_->fields()[*key_].schema.get(), values[*key_]};
  record.source_partition = partition;
  next_ += options_.step;
  record.source_offset = single_entry_map(arena, kOffsetField, Value::int64(next_));
}

}  // namespace millrace::datagen
