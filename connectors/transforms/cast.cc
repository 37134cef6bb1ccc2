#include "connectors/transforms/cast.h"

#include "connectors/transforms/cast_value.h"
#include "connectors/transforms/java_split.h"
#include "connectors/transforms/registrations.h"
#include "millrace/text.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "cast types";

struct Options {
  std::vector<std::string> spec;
  bool replace_null = true;
};

/// A type Cast can make, by its name in any case. Empty, or the message of the reference.
std::string parse_type(const std::string& text, Type& out) {
  std::string name = text;
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (int i = static_cast<int>(Type::Int8); i <= static_cast<int>(Type::Struct); ++i) {
    out = static_cast<Type>(i);
    if (type_name(out) != name) continue;
    if (out < Type::Bytes) return {};
    return "Cast transformation does not support casting to " + name + "; supported types are " +
           std::string(cast_types(false));
  }
  return "Invalid value java.lang.IllegalArgumentException: No enum constant "
         "org.apache.kafka.connect.data.Schema.Type." +
         name + " for configuration Invalid type found in casting spec: " + text;
}

/// One item of the spec: `field:type`, or a type alone.
struct Item {
  std::optional<std::string> field;
  Type type = Type::Null;
};

std::string parse_spec(const std::vector<std::string>& spec, std::vector<Item>& out) {
  bool whole = false;
  for (const std::string& text : spec) {
    const auto parts = java_split(text, ':');
    if (parts.size() > 2 || parts.empty()) {
      return "Invalid value " + java_list_text(spec) +
             " for configuration renames: Invalid rename mapping: " + text;
    }
    Item item;
    if (parts.size() == 2) item.field = java_trim(parts[0]);
    whole |= !item.field;
    if (std::string why = parse_type(std::string(java_trim(parts.back())), item.type); !why.empty()) return why;
    out.push_back(std::move(item));
  }
  if (whole && spec.size() > 1) {
    return "Cast transformations that specify a type to cast the entire value to may only specify "
           "a single cast in their spec";
  }
  return {};
}

ConfigValidator cast_spec() {
  return {.check = [](const ConfigValue& value) -> std::string {
            const auto* list = std::get_if<std::vector<std::string>>(&value);
            if (list == nullptr || list->empty()) return "Must specify at least one field to cast.";
            std::vector<Item> items;
            return parse_spec(*list, items);
          },
          .description = "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>",
          .whole_message = true};
}

const ConfigDef<Options>& config_def() {
  static const ConfigDef<Options> def = [] {
    ConfigDef<Options> d;
    d.required(&Options::spec,
               {.name = "spec",
                .importance = Importance::High,
                .doc = "List of fields and the type to cast them to of the form "
                       "field1:type,field2:type to cast fields of Maps or Structs. A single type "
                       "to cast the entire value. Valid types are int8, int16, int32, int64, "
                       "float32, float64, boolean, and string. Note that binary fields can only "
                       "be cast to string.",
                .validator = cast_spec()});
    d.optional(&Options::replace_null, replace_null_spec());
    return d;
  }();
  return def;
}

/// A value cast for a schema's default.
void set_default(SchemaBuilder& builder, const Schema& from, Type target) {
  if (!from.has_default()) return;
  Arena arena;
  Value value;
  Failure failure;
  if (!cast_value(&from, from.default_value(), target, arena, value, failure)) {
    throw DataException(failure.message);
  }
  builder.default_value(value);
}

}  // namespace

const ConfigDefinition& Cast::definition() { return config_def().definition(); }

void Cast::configure(const Properties& config) {
  const Options options = config_def().parse(config);
  std::vector<Item> items;
  if (std::string why = parse_spec(options.spec, items); !why.empty()) throw ConfigException(why);
  casts_.clear();
  whole_.reset();
  schemas_ = {};
  replace_null_ = options.replace_null;
  for (Item& item : items) {
    if (!item.field) {
      whole_ = item.type;
      continue;
    }
    const auto old = std::find_if(casts_.begin(), casts_.end(),
                                  [&](const auto& cast) { return cast.first == *item.field; });
    if (old != casts_.end()) {
      old->second = item.type;
    } else {
      casts_.emplace_back(*item.field, item.type);
    }
  }
  // That is the order in which it casts, fails and adds what is missing.
  sort_as_java_map(casts_, [](const auto& cast) { return std::string_view(cast.first); });
}

Type Cast::target_of(std::string_view field) const noexcept {
  const auto at = std::find_if(casts_.begin(), casts_.end(),
                               [field](const auto& cast) { return cast.first == field; });
  return at == casts_.end() ? Type::Null : at->second;
}

bool Cast::apply(RecordBatch& batch, Record&, SchemaAndValue& side, Failure& failure) {
  if (side.value.is_null()) return true;
  Arena& arena = batch.arena();
  if (side.schema == nullptr) return apply_schemaless(side, arena, failure);
  const Plan& plan = schemas_.get(*side.schema, [this](const Schema& s) { return derive(s); });
  const bool done =
      whole_ ? cast_value(side.schema, side.value, *whole_, arena, side.value, failure)
             : apply_struct(plan, side, arena, failure);
  if (done) side.schema = batch.keep(plan.schema);
  return done;
}

bool Cast::apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure) {
  if (whole_) return cast_value(nullptr, side.value, *whole_, arena, side.value, failure);
  if (!require_map(side.value, kPurpose, failure)) return false;
  MapEdit map(side.value, casts_.size(), arena);
  for (const auto& [field, type] : casts_) {
    Value* const value = map.find(field);
    if (value == nullptr) {
      map.put(field, Value());
    } else if (!cast_value(nullptr, *value, type, arena, *value, failure)) {
      return false;
    }
  }
  side.value = map.hashed_copy(order_);
  return true;
}

// A cast field keeps of its schema only optional and the default; a whole value keeps the name,
// even one of a logical type, as in the reference.
Cast::Plan Cast::derive(const Schema& schema) const {
  Plan plan;
  SchemaBuilder builder(whole_.value_or(Type::Struct));
  copy_basics(builder, schema);
  if (!whole_ && schema.type() != Type::Struct) {
    throw DataException("Cannot list fields on non-struct type");
  }
  for (const Field& field : whole_ ? std::span<const Field>() : schema.fields()) {
    const Type target = plan.targets.emplace_back(target_of(field.name));
    if (target == Type::Null) {
      builder.field(field.name, field.schema);
      continue;
    }
    SchemaBuilder cast(target);
    cast.optional(field.schema->optional());
    set_default(cast, *field.schema, target);
    builder.field(field.name, cast.build());
  }
  if (schema.optional()) builder.optional();
  set_default(builder, schema, whole_.value_or(Type::Struct));
  plan.schema = builder.build();
  return plan;
}

bool Cast::apply_struct(const Plan& plan, SchemaAndValue& side, Arena& arena, Failure& failure) {
  if (!require_struct(side.value, kPurpose, failure)) return false;
  const StructData& data = side.value.as_struct();
  const auto values = arena.make_array<Value>(plan.targets.size());
  for (const Field& field : data.schema->fields()) {
    Value& value = values[field.index] = field_value(data, field, replace_null_);
    const Type target = plan.targets[field.index];
    if (target != Type::Null &&
        !cast_value(field.schema.get(), value, target, arena, value, failure)) {
      return false;
    }
    if (!check_null(plan.schema->fields()[field.index], value, failure)) return false;
  }
  side.value = make_struct(plan.schema.get(), values.data(), arena);
  return true;
}

void register_cast(PluginTable& table) { add_sided<Cast>(table, "Cast"); }

}  // namespace millrace::transforms
