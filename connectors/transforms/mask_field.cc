#include "connectors/transforms/mask_field.h"

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/java_numbers.h"
#include "millrace/decimal.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "mask fields";

struct Options {
  std::vector<std::string> fields;
  std::optional<std::string> replacement;
  bool replace_null = true;
};

const ConfigDef<Options>& config_def() {
  static const ConfigDef<Options> def = [] {
    ConfigDef<Options> d;
    d.required(&Options::fields, {.name = "fields",
                                  .importance = Importance::High,
                                  .doc = "Names of fields to mask.",
                                  .validator = non_empty_list()});
    d.optional(&Options::replacement,
               {.name = "replacement",
                .importance = Importance::Low,
                .doc = "Custom value replacement, that will be applied to all 'fields' values "
                       "(numeric or non-empty string values only).",
                .validator = non_empty_string()});
    d.optional(&Options::replace_null, replace_null_spec());
    return d;
  }();
  return def;
}

/// Zero of scale 0.
Value zero_decimal() noexcept {
  struct Zero {
    DecimalData header{0, 1};
    uint8_t unscaled = 0;
  };
  static constexpr Zero kZero{};
  return Value::decimal(&kZero.header);
}

}  // namespace

const ConfigDefinition& MaskField::definition() { return config_def().definition(); }

void MaskField::configure(const Properties& config) {
  Options options = config_def().parse(config);
  fields_.clear();
  for (std::string& field : options.fields) {
    if (std::find(fields_.begin(), fields_.end(), field) == fields_.end()) {
      fields_.push_back(std::move(field));
    }
  }
  sort_as_java_map(
      fields_, [](const std::string& name) { return std::string_view(name); },
      std::max(kJavaMapCapacity, java_map_copy_capacity(options.fields.size())));
  replacement_ = std::move(options.replacement);
  replace_null_ = options.replace_null;
  plans_ = {};
  convert_replacement();
}

void MaskField::convert_replacement() {
  numbers_.fill(Value());
  if (!replacement_) return;
  Arena arena;
  const Value parsed = parse_decimal(*replacement_, arena);
  if (parsed.is_null()) return;
  const DecimalData& decimal = parsed.as_decimal();
  const int64_t whole = decimal_to_int64(decimal);
  const double real = decimal_to_double(decimal);
  const auto number = [this](Type type) -> Value& { return numbers_[static_cast<size_t>(type)]; };
  number(Type::Int8) = Value::int8(static_cast<int8_t>(whole));
  number(Type::Int16) = Value::int16(static_cast<int16_t>(whole));
  number(Type::Int32) = Value::int32(static_cast<int32_t>(whole));
  number(Type::Int64) = Value::int64(whole);
  number(Type::Float32) = Value::float32(static_cast<float>(real));
  number(Type::Float64) = Value::float64(real);
}

bool MaskField::mask(const Value& value, Value& out, Arena& arena, Failure& failure) const {
  if (replacement_ && !value.is_null()) return replace(value, out, arena, failure);
  switch (value.type()) {
    case Type::Null: out = Value(); return true;
    case Type::Int8: out = Value::int8(0); return true;
    case Type::Int16: out = Value::int16(0); return true;
    case Type::Int32: out = Value::int32(0); return true;
    case Type::Int64: out = Value::int64(0); return true;
    case Type::Float32: out = Value::float32(0); return true;
    case Type::Float64: out = Value::float64(0); return true;
    case Type::Boolean: out = Value::boolean(false); return true;
    case Type::String: out = Value::string(""); return true;
    case Type::Array: out = Value::array({}); return true;
    case Type::Map: out = Value::map({}); return true;
    case Type::Decimal: out = zero_decimal(); return true;
    case Type::Date: out = Value::date(0); return true;
    default:
      return failure.fail("Cannot mask value of type: " + std::string(java_class(value.type())));
  }
}

bool MaskField::replace(const Value& value, Value& out, Arena& arena, Failure& failure) const {
  const auto no_number = [&](const char* what) {
    return failure.fail("Unable to convert " + *replacement_ + " (class java.lang.String) to " +
                      what);
  };
  switch (value.type()) {
    case Type::String:
      out = Value::string(arena.copy(*replacement_));
      return true;
    case Type::Decimal:
      out = parse_decimal(*replacement_, arena);
      return !out.is_null() || no_number("number");
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
    case Type::Float32:
    case Type::Float64:
      out = numbers_[static_cast<size_t>(value.type())];
      return !out.is_null() || no_number("a number");
    default:
      return failure.fail("Cannot mask value of type " + std::string(java_class(value.type())) +
                        " with custom replacement.");
  }
}

bool MaskField::apply(RecordBatch& batch, Record&, SchemaAndValue& side, Failure& failure) {
  Arena& arena = batch.arena();
  if (side.schema == nullptr) {
    if (!require_map(side.value, kPurpose, failure)) return false;
    MapEdit map(side.value, fields_.size(), arena);
    for (const std::string& field : fields_) {
      Value* const old = map.find(field);
      if (old == nullptr) {
        map.put(field, Value());
      } else if (!mask(*old, *old, arena, failure)) {
        return false;
      }
    }
    side.value = map.hashed_copy(order_);
    return true;
  }
  if (!require_struct(side.value, kPurpose, failure)) return false;
  const StructData& data = side.value.as_struct();
  const Plan& masked = plans_.get(*data.schema, [this](const Schema& schema) {
    Plan plan;
    for (const Field& field : schema.fields()) {
      plan.push_back(std::find(fields_.begin(), fields_.end(), field.name) != fields_.end());
    }
    return plan;
  });
  const auto values = arena.make_array<Value>(data.schema->fields().size());
  for (const Field& field : data.schema->fields()) {
    Value& value = values[field.index] = field_value(data, field, replace_null_);
    if (masked[field.index] && !mask(value, value, arena, failure)) return false;
    if (!check_null(field, value, failure)) return false;
  }
  side.value = make_struct(data.schema, values.data(), arena);
  return true;
}

void register_mask_field(PluginTable& table) { add_sided<MaskField>(table, "MaskField"); }

}  // namespace millrace::transforms
