#include "connectors/transforms/insert_field.h"

#include "connectors/transforms/registrations.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "field insertion";
constexpr const char* kNotSinkRecord =
    "Only SinkRecord supported for [field insertion], found: "
    "org.apache.kafka.connect.source.SourceRecord";

struct Options {
  std::optional<std::string> topic_field;
  std::optional<std::string> partition_field;
  std::optional<std::string> offset_field;
  std::optional<std::string> timestamp_field;
  std::optional<std::string> static_field;
  std::optional<std::string> static_value;
  bool replace_null = true;
};

const ConfigDef<Options>& config_def() {
  static const ConfigDef<Options> def = [] {
    const std::string optionality =
        "Suffix with <code>!</code> to make this a required field, or <code>?</code> to keep it "
        "optional (the default).";
    ConfigDef<Options> d;
    d.optional(&Options::topic_field,
               {.name = "topic.field", .doc = "Field name for Kafka topic. " + optionality});
    d.optional(&Options::partition_field,
               {.name = "partition.field", .doc = "Field name for Kafka partition. " + optionality});
    d.optional(&Options::offset_field,
               {.name = "offset.field",
                .doc = "Field name for Kafka offset - only applicable to sink connectors.<br/>" +
                       optionality});
    d.optional(&Options::timestamp_field,
               {.name = "timestamp.field", .doc = "Field name for record timestamp. " + optionality});
    d.optional(&Options::static_field,
               {.name = "static.field", .doc = "Field name for static data field. " + optionality});
    d.optional(&Options::static_value, {.name = "static.value",
                                        .doc = "Static field value, if field name configured."});
    d.optional(&Options::replace_null, replace_null_spec());
    return d;
  }();
  return def;
}

SchemaPtr timestamp_schema(bool optional) {
  static const SchemaPtr kRequired = logical::timestamp().build();
  static const SchemaPtr kOptional = logical::timestamp().optional().build();
  return optional ? kOptional : kRequired;
}

}  // namespace

const ConfigDefinition& InsertField::definition() { return config_def().definition(); }

void InsertField::add(Source source, const std::optional<std::string>& spec) {
  if (!spec) return;
  const bool marked = spec->ends_with('?') || spec->ends_with('!');
  insertions_.push_back(
      {source, spec->substr(0, spec->size() - (marked ? 1 : 0)), !spec->ends_with('!')});
}

void InsertField::configure(const Properties& config) {
  const Options options = config_def().parse(config);
  insertions_.clear();
  schemas_ = {};
  add(Source::Topic, options.topic_field);
  add(Source::Partition, options.partition_field);
  add(Source::Offset, options.offset_field);
  add(Source::Timestamp, options.timestamp_field);
  add(Source::Static, options.static_field);
  if (insertions_.empty()) throw ConfigException("No field insertion configured");
  if (options.static_field && !options.static_value) {
    throw ConfigException("Invalid value null for configuration static.value: No value specified "
                          "for static field: " + insertions_.back().name);
  }
  offset_ = options.offset_field.has_value();
  static_value_ = options.static_value.value_or("");
  replace_null_ = options.replace_null;
}

bool InsertField::apply(RecordBatch& batch, Record& record, SchemaAndValue& side,
                        Failure& failure) {
  if (side.value.is_null()) return true;
  return side.schema == nullptr ? apply_schemaless(record, side, batch.arena(), failure)
                                : apply_with_schema(record, side, batch, failure);
}

Value InsertField::fact(Source source, const Record& record, bool logical, Arena& arena) const {
  switch (source) {
    case Source::Topic:
      return Value::string(record.topic);
    case Source::Partition:
      return record.partition == kNoPartition ? Value() : Value::int32(record.partition);
    case Source::Offset:
      return Value::int64(record.offset);
    case Source::Timestamp:
      if (record.timestamp == kNoTimestamp) return {};
      return logical ? Value::date(record.timestamp) : Value::int64(record.timestamp);
    default:
      return Value::string(arena.copy(static_value_));
  }
}

bool InsertField::apply_schemaless(const Record& record, SchemaAndValue& side, Arena& arena,
                                   Failure& failure) {
  if (!require_map(side.value, kPurpose, failure)) return false;
  if (offset_ && record.offset < 0) return failure.fail(kNotSinkRecord);
  MapEdit map(side.value, insertions_.size(), arena);
  for (const Insertion& insertion : insertions_) {
    const Value value = fact(insertion.source, record, false, arena);
    if (!value.is_null()) map.put(insertion.name, value);
  }
  side.value = map.hashed_copy(order_);
  return true;
}

InsertField::Plan InsertField::derive(const Schema& schema) const {
  SchemaBuilder builder = SchemaBuilder::structure();
  copy_basics(builder, schema);
  for (const Field& field : schema.fields()) builder.field(field.name, field.schema);
  Plan plan;
  for (const Insertion& insertion : insertions_) {
    plan.slots.push_back(static_cast<uint32_t>(builder.peek().fields().size()));
    SchemaPtr type;
    switch (insertion.source) {
      case Source::Partition: type = primitive_schema(Type::Int32, insertion.optional); break;
      case Source::Offset: type = primitive_schema(Type::Int64, insertion.optional); break;
      case Source::Timestamp: type = timestamp_schema(insertion.optional); break;
      default: type = primitive_schema(Type::String, insertion.optional);
    }
    builder.field(insertion.name, std::move(type));
  }
  plan.schema = builder.build();
  return plan;
}

bool InsertField::apply_with_schema(const Record& record, SchemaAndValue& side, RecordBatch& batch,
                                    Failure& failure) {
  if (!require_struct(side.value, kPurpose, failure)) return false;
  const StructData& data = side.value.as_struct();
  const Plan& plan = schemas_.get(*data.schema, [this](const Schema& s) { return derive(s); });
  const auto values = batch.arena().make_array<Value>(plan.schema->fields().size());
  if (!copy_fields(data, replace_null_, values, failure)) return false;
  if (offset_ && record.offset < 0) return failure.fail(kNotSinkRecord);
  for (size_t i = 0; i < insertions_.size(); ++i) {
    values[plan.slots[i]] = fact(insertions_[i].source, record, true, batch.arena());
  }
  side.schema = batch.keep(plan.schema);
  side.value = make_struct(side.schema, values.data(), batch.arena());
  return true;
}

void register_insert_field(PluginTable& table) {
  add_sided<InsertField>(table, "InsertField");
}

}  // namespace millrace::transforms
