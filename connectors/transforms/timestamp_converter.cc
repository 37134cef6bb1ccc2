#include "connectors/transforms/timestamp_converter.h"

#include <array>
#include <chrono>
#include <limits>

#include "connectors/transforms/calendar.h"
#include "connectors/transforms/registrations.h"
#include "millrace/clock.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "converting timestamp formats";

struct Options {
  std::string field;
  std::string target_type;
  std::string format;
  std::string unix_precision = "milliseconds";
  bool replace_null = true;
};

const std::vector<std::string>& form_names() {
  static const std::vector<std::string> kNames = {"string", "unix", "Date", "Time", "Timestamp"};
  return kNames;
}
const std::vector<std::string>& unit_names() {
  static const std::vector<std::string> kNames = {"nanoseconds", "microseconds", "milliseconds",
                                                  "seconds"};
  return kNames;
}
template <class Enum>
Enum named(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}

const ConfigDef<Options>& config_def() {
  static const ConfigDef<Options> def = [] {
    ConfigDef<Options> d;
    d.optional(&Options::field, {.name = "field",
                                 .importance = Importance::High,
                                 .doc = "The field containing the timestamp, or empty if the "
                                        "entire value is a timestamp"});
    d.required(&Options::target_type,
               {.name = "target.type",
                .importance = Importance::High,
                .doc = "The desired timestamp representation: string, unix, Date, Time, or "
                       "Timestamp",
                .validator = one_of(form_names())});
    d.optional(&Options::format,
               {.name = "format",
                .doc = "A SimpleDateFormat-compatible format for the timestamp. Used to generate "
                       "the output when type=string or used to parse the input if the input is a "
                       "string."});
    d.optional(&Options::unix_precision,
               {.name = "unix.precision",
                .importance = Importance::Low,
                .doc = "The desired Unix precision for the timestamp: seconds, milliseconds, "
                       "microseconds, or nanoseconds. Used to generate the output when type=unix "
                       "or used to parse the input if the input is a Long.Note: This SMT will "
                       "cause precision loss during conversions from, and to, values with "
                       "sub-millisecond components.",
                .validator = one_of(unit_names())});
    d.optional(&Options::replace_null, replace_null_spec());
    return d;
  }();
  return def;
}

/// Product, or the end of the range it went over (TimeUnit).
int64_t saturated(int64_t value, int64_t factor) noexcept {
  int64_t out = 0;
  if (!__builtin_mul_overflow(value, factor, &out)) return out;
  return value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

bool unknown_form(const Schema& schema, Failure& failure) {
  return failure.fail("Schema " + schema.to_string() +
                          " does not correspond to a known timestamp type format",
                      ErrorKind::Connect);
}

}  // namespace

const ConfigDefinition& TimestampConverter::definition() { return config_def().definition(); }

void TimestampConverter::configure(const Properties& config) {
  const Options options = config_def().parse(config);
  field_ = options.field;
  target_ = named<Form>(form_names(), options.target_type);
  unit_ = named<Unit>(unit_names(), options.unix_precision);
  replace_null_ = options.replace_null;
  schemas_ = {};
  format_.reset();
  if (options.format.empty()) {
    if (target_ != Form::String) return;
    throw ConfigException("TimestampConverter requires format option to be specified when using "
                          "string timestamps");
  }
  try {
    format_ = std::make_unique<const SimpleDateFormat>(options.format, wall_clock_ms());
  } catch (const Error& error) {
    throw ConfigException("Invalid value java.lang.IllegalArgumentException: " +
                          std::string(error.what()) +
                          " for configuration TimestampConverter requires a "
                          "SimpleDateFormat-compatible pattern for string timestamps: " +
                          options.format);
  }
}

TimestampConverter::Form TimestampConverter::form_of(const Schema& schema) noexcept {
  const std::string_view name = schema.name() ? std::string_view(*schema.name()) : "";
  if (name == logical::kTimestamp) return Form::Timestamp;
  if (name == logical::kDate) return Form::Date;
  if (name == logical::kTime) return Form::Time;
  if (schema.type() == Type::String) return Form::String;
  return schema.type() == Type::Int64 ? Form::Unix : Form::Unknown;
}

SchemaPtr TimestampConverter::target_schema(bool optional) const {
  static const std::array<SchemaPtr, 6> kLogical = {
      logical::date().build(),      logical::date().optional().build(),
      logical::time().build(),      logical::time().optional().build(),
      logical::timestamp().build(), logical::timestamp().optional().build()};
  switch (target_) {
    case Form::String: return primitive_schema(Type::String, optional);
    case Form::Unix: return primitive_schema(Type::Int64, optional);
    case Form::Date: return kLogical[optional ? 1 : 0];
    case Form::Time: return kLogical[optional ? 3 : 2];
    default: return kLogical[optional ? 5 : 4];
  }
}

bool TimestampConverter::to_instant(const Value& value, Form form, int64_t& ms,
                                    Failure& failure) const {
  const auto expected = [&](const char* what) {
    return failure.fail("Expected " + std::string(what) + ", but found " +
                        std::string(java_class(value.type())));
  };
  switch (form) {
    case Form::String:
      if (value.type() != Type::String) return expected("string timestamp to be a String");
      if (!format_) {
        return failure.fail("Cannot invoke \"java.text.SimpleDateFormat.parse(String)\" because "
                            "\"config.format\" is null",
                            ErrorKind::NullPointer);
      }
      return format_->parse(value.as_string(), ms) ||
             failure.fail("Could not parse timestamp: value (" + std::string(value.as_string()) +
                          ") does not match pattern (" + format_->pattern() + ")");
    case Form::Unix:
      if (value.type() != Type::Int64) return expected("Unix timestamp to be a Long");
      ms = value.as_int();
      if (unit_ == Unit::Seconds) ms = saturated(ms, 1000);
      if (unit_ == Unit::Microseconds) ms /= 1000;
      if (unit_ == Unit::Nanoseconds) ms /= 1'000'000;
      return true;
    default:
      ms = value.as_int();
      if (value.type() == Type::Date) return true;
      return expected(form == Form::Date   ? "Date to be a java.util.Date"
                      : form == Form::Time ? "Time to be a java.util.Date"
                                           : "Timestamp to be a java.util.Date");
  }
}

Value TimestampConverter::from_instant(int64_t ms, Arena& arena) const {
  switch (target_) {
    case Form::String: {
      thread_local std::string text;  // keeps its memory from record to record
      text.clear();
      format_->format(ms, text);
      return Value::string(arena.copy(text));
    }
    case Form::Unix:
      if (unit_ == Unit::Seconds) return Value::int64(ms / 1000);
      if (unit_ == Unit::Microseconds) return Value::int64(saturated(ms, 1000));
      if (unit_ == Unit::Nanoseconds) return Value::int64(saturated(ms, 1'000'000));
      return Value::int64(ms);
    case Form::Date: {
      // Unsigned: the first day there is begins before the first instant, and wraps.
      const auto days = static_cast<uint64_t>(floor_div(ms, kMsPerDay));
      return Value::date(static_cast<int64_t>(days * static_cast<uint64_t>(kMsPerDay)));
    }
    case Form::Time: return Value::date((ms % kMsPerDay + kMsPerDay) % kMsPerDay);
    default: return Value::date(ms);
  }
}

bool TimestampConverter::convert(const Value& value, Form form, Arena& arena, Value& out,
                                 Failure& failure) const {
  if (value.is_null()) {
    out = value;
    return true;
  }
  if (form == Form::Unknown) {
    if (value.type() == Type::Date) form = Form::Timestamp;
    if (value.type() == Type::Int64) form = Form::Unix;
    if (value.type() == Type::String) form = Form::String;
  }
  if (form == Form::Unknown) {
    return failure.fail("TimestampConverter does not support " +
                        std::string(java_class(value.type())) + " objects as timestamps");
  }
  int64_t ms = 0;
  if (!to_instant(value, form, ms, failure)) return false;
  out = from_instant(ms, arena);
  return true;
}

bool TimestampConverter::convert_fields(const Plan& plan, const StructData& data,
                                        const Schema& to, std::span<Value> out, Arena& arena,
                                        Failure& failure) const {
  for (const Field& field : data.schema->fields()) {
    Value& value = out[field.index] = field_value(data, field, replace_null_);
    if (field.index == plan.index) {
      if (plan.form == Form::Unknown) return unknown_form(*field.schema, failure);
      if (!convert(value, plan.form, arena, value, failure)) return false;
    }
    if (!check_null(to.fields()[field.index], value, failure)) return false;
  }
  return true;
}

TimestampConverter::Plan TimestampConverter::derive(const Schema& schema) const {
  if (schema.type() != Type::Struct) throw DataException("Cannot list fields on non-struct type");
  Plan plan;
  SchemaBuilder builder = SchemaBuilder::structure();
  copy_basics(builder, schema);
  for (const Field& field : schema.fields()) {
    const bool converted = field.name == field_;
    builder.field(field.name, converted ? target_schema(field.schema->optional()) : field.schema);
    if (!converted) continue;
    plan.index = field.index;
    plan.form = form_of(*field.schema);
  }
  if (schema.optional()) builder.optional();
  if (schema.has_default()) {
    Arena arena;
    Failure failure;
    const auto values = arena.make_array<Value>(schema.fields().size());
    const StructData& old = schema.default_value().as_struct();
    if (!convert_fields(plan, old, builder.peek(), values, arena, failure)) {
      throw Error(failure.kind, failure.message);
    }
    builder.default_value(make_struct(&builder.peek(), values.data(), arena));
  }
  plan.schema = builder.build();
  return plan;
}

bool TimestampConverter::apply(RecordBatch& batch, Record&, SchemaAndValue& side,
                               Failure& failure) {
  Arena& arena = batch.arena();
  if (side.schema == nullptr) return apply_schemaless(side, arena, failure);
  if (field_.empty()) return apply_whole(side, batch, failure);
  const bool null = side.value.is_null();
  if (!null && !require_struct(side.value, kPurpose, failure)) return false;
  const Plan& plan = schemas_.get(*side.schema, [this](const Schema& s) { return derive(s); });
  if (!null) {
    const StructData& data = side.value.as_struct();
    const auto values = arena.make_array<Value>(plan.schema->fields().size());
    if (!convert_fields(plan, data, *plan.schema, values, arena, failure)) return false;
    side.value = make_struct(plan.schema.get(), values.data(), arena);
  }
  side.schema = batch.keep(plan.schema);
  return true;
}

bool TimestampConverter::apply_whole(SchemaAndValue& side, RecordBatch& batch,
                                     Failure& failure) const {
  const Form form = form_of(*side.schema);
  if (form == Form::Unknown) return unknown_form(*side.schema, failure);
  if (!convert(side.value, form, batch.arena(), side.value, failure)) return false;
  side.schema = batch.keep(target_schema(side.schema->optional()));
  return true;
}

bool TimestampConverter::apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure) {
  if (side.value.is_null()) return true;
  if (field_.empty()) return convert(side.value, Form::Unknown, arena, side.value, failure);
  if (!require_map(side.value, kPurpose, failure)) return false;
  MapEdit map(side.value, 1, arena);
  if (Value* const value = map.find(field_); value == nullptr) {
    map.put(field_, Value());
  } else if (!convert(*value, Form::Unknown, arena, *value, failure)) {
    return false;
  }
  side.value = map.hashed_copy(order_);
  return true;
}

void register_timestamp_converter(PluginTable& table) {
  add_sided<TimestampConverter>(table, "TimestampConverter");
}

}  // namespace millrace::transforms
