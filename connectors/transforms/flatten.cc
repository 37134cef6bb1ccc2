// Flatten: members of nested structs or maps become fields of the outermost one.

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "flattening";

struct Options {
  std::string delimiter = ".";
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def = ConfigDef<Options>().optional(
      &Options::delimiter, {.name = "delimiter",
                            .doc = "Text between the names of a nested field and of the field "
                                   "around it."});
  return def;
}

/// Fields a struct of this schema flattens to.
size_t leaves_of(const Schema& schema) {
  size_t count = 0;
  for (const Field& field : schema.fields()) {
    count += field.schema->type() == Type::Struct ? leaves_of(*field.schema) : 1;
  }
  return count;
}

size_t leaves_of(const Value& map) {
  size_t count = 0;
  for (const MapEntry& entry : map.as_map()) {
    count += entry.value.type() == Type::Map ? leaves_of(entry.value) : 1;
  }
  return count;
}

class Flatten {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    schemas_ = {};
  }

  bool apply(RecordBatch& batch, Record&, SchemaAndValue& side, Failure& failure) {
    if (side.value.is_null()) return true;
    return side.schema == nullptr ? from_map(batch.arena(), side, failure)
                                  : from_struct(batch, side, failure);
  }

 private:
  bool from_map(Arena& arena, SchemaAndValue& side, Failure& failure) const {
    if (!require_map(side.value, kPurpose, failure)) return false;
    MapEdit flat(leaves_of(side.value), arena);
    if (!put_members(side.value, {}, flat, arena, failure)) return false;
    side.value = flat.linked();
    return true;
  }

  bool put_members(const Value& map, std::string_view prefix, MapEdit& flat, Arena& arena,
                   Failure& failure) const {
    for (const MapEntry& entry : map.as_map()) {
      if (entry.key.type() != Type::String) {
        return failure.fail("Flatten takes maps with string keys only, found a key of " +
                            class_found(entry.key));
      }
      const std::string_view name = joined(prefix, entry.key.as_string(), arena);
      const Type type = entry.value.type();
      if (type == Type::Map) {
        if (!put_members(entry.value, name, flat, arena, failure)) return false;
      } else if (type > Type::Struct) {
        return failure.fail("Flatten transformation was passed a value of type " +
                            std::string(java_class(type)) +
                            " which is not supported by Connect's data API");
      } else if (type == Type::Struct) {
        return failure.fail("Flatten transformation does not support " +
                            std::string(java_class(type)) +
                            " for record without schemas (for field " + std::string(name) + ").");
      } else if (Value* const old = flat.find(name); old != nullptr) {
        *old = entry.value;
      } else {
        flat.append(Value::string(name), entry.value);
      }
    }
    return true;
  }

  std::string_view joined(std::string_view prefix, std::string_view name, Arena& arena) const {
    if (prefix.empty()) return name;
    const std::string_view delimiter = options_.delimiter;
    const auto text = arena.make_array<char>(prefix.size() + delimiter.size() + name.size());
    auto* end = std::copy(prefix.begin(), prefix.end(), text.data());
    end = std::copy(delimiter.begin(), delimiter.end(), end);
    std::copy(name.begin(), name.end(), end);
    return {text.data(), text.size()};
  }

  SchemaPtr derive(const Schema& schema) const {
    SchemaBuilder builder = SchemaBuilder::structure();
    copy_basics(builder, schema);
    add_fields(builder, schema, "", schema.optional(), schema.default_value());
    return builder.build();
  }

  // `default_struct` is the default around these fields, or null.
  void add_fields(SchemaBuilder& out, const Schema& schema, const std::string& prefix,
                  bool optional, const Value& default_struct) const {
    for (const Field& field : schema.fields()) {
      const std::string name =
          prefix.empty() ? field.name : prefix + options_.delimiter + field.name;
      const Schema& type = *field.schema;
      Value value = type.default_value();
      if (value.is_null() && !default_struct.is_null()) {
        value = default_struct.as_struct().values[field.index];
      }
      if (type.type() == Type::Struct) {
        add_fields(out, type, name, optional || type.optional(), value);
      } else if (type.type() == Type::Map) {
        throw DataException("Flatten transformation does not support MAP for record with schemas "
                            "(for field " + name + ").");
      } else {
        out.field(name, leaf(type, optional || type.optional(), value));
      }
    }
  }

  static SchemaPtr leaf(const Schema& from, bool optional, const Value& default_value) {
    SchemaBuilder builder = from.type() == Type::Array ? SchemaBuilder::array(from.value_schema())
                                                       : SchemaBuilder(from.type());
    copy_basics(builder, from);
    if (optional) builder.optional();
    if (!default_value.is_null()) builder.default_value(default_value);
    return builder.build();
  }

  bool from_struct(RecordBatch& batch, SchemaAndValue& side, Failure& failure) {
    if (!require_struct(side.value, kPurpose, failure)) return false;
    const StructData& data = side.value.as_struct();
    const SchemaPtr& schema =
        schemas_.get(*data.schema, [this](const Schema& from) { return derive(from); });
    const auto values = batch.arena().make_array<Value>(schema->fields().size());
    size_t next = 0;
    if (!put_fields(data, *schema, values, next, failure)) return false;
    side.schema = batch.keep(schema);
    side.value = make_struct(side.schema, values.data(), batch.arena());
    return true;
  }

  // The leaves of a struct that is null stay unset, even where their schema wants a value.
  static bool put_fields(const StructData& data, const Schema& schema, std::span<Value> out,
                         size_t& next, Failure& failure) {
    for (const Field& field : data.schema->fields()) {
      const Value& value = data.values[field.index];
      if (field.schema->type() != Type::Struct) {
        out[next] = field_value(data, field, true);
        if (!check_null(schema.fields()[next], out[next], failure)) return false;
        ++next;
      } else if (!value.is_null()) {
        if (!put_fields(value.as_struct(), schema, out, next, failure)) return false;
      } else {
        for (size_t n = leaves_of(*field.schema); n > 0; --n) out[next++] = Value();
      }
    }
    return true;
  }

  Options options_;
  PlanCache<SchemaPtr> schemas_;
};

}  // namespace

void register_flatten(PluginTable& table) { add_sided<Flatten>(table, "Flatten"); }

}  // namespace millrace::transforms
