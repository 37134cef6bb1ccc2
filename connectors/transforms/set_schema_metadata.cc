// SetSchemaMetadata: gives the schema of a key or value another name, version or both.

#include <algorithm>

#include "connectors/transforms/data.h"
#include "connectors/transforms/plan_cache.h"
#include "connectors/transforms/registrations.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::optional<std::string> name;
  std::optional<int32_t> version;
  bool replace_null = true;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .optional(&Options::name, {.name = "schema.name",
                                     .importance = Importance::High,
                                     .doc = "Name to give the schema."})
          .optional(&Options::version, {.name = "schema.version",
                                        .importance = Importance::High,
                                        .doc = "Version to give the schema."})
          .optional(&Options::replace_null, replace_null_spec());
  return def;
}

/// Null stays null; a struct is put on the schema under construction, as its default must be.
Value rebased(const Value& value, const Schema& schema, Arena& arena) {
  if (value.type() != Type::Struct) return value;
  auto* data = arena.make<StructData>();
  *data = {&schema, value.as_struct().values};
  return Value::structure(data);
}

class SetSchemaMetadata {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    if (!options_.name && !options_.version) {
      throw ConfigException("Neither schema name nor version configured");
    }
  }

  bool apply(RecordBatch& batch, Record&, SchemaAndValue& data, Failure& failure) {
    if (data.schema == nullptr) {
      return data.value.is_null() ||
             failure.fail("Schema required for [updating schema metadata]");
    }
    // Kafka reads the list of fields of every schema, which only structs have.
    if (data.schema->type() != Type::Struct) {
      return failure.fail("Cannot list fields on non-struct type");
    }
    Value value = data.value;
    const bool is_struct = value.type() == Type::Struct;
    const Schema& old = is_struct ? *value.as_struct().schema : *data.schema;
    const SchemaPtr& schema =
        schemas_.get(old, [this](const Schema& from) { return derive(from); });
    if (is_struct && !rebuild(batch, schema, value, failure)) return false;
    data = {batch.keep(schema), value};
    return true;
  }

 private:
  SchemaPtr derive(const Schema& from) const {
    SchemaBuilder builder = SchemaBuilder::structure();
    if (from.optional()) builder.optional();
    if (options_.version) {
      builder.version(*options_.version);
    } else if (from.version()) {
      builder.version(*from.version());
    }
    if (from.doc()) builder.doc(*from.doc());
    builder.parameters(from.parameters());
    for (const Field& field : from.fields()) builder.field(field.name, field.schema);
    Arena arena;
    if (from.has_default()) {
      builder.default_value(rebased(from.default_value(), builder.peek(), arena));
    }
    // Last, as the default is not checked against a new name of a logical type.
    if (options_.name) {
      builder.name(*options_.name);
    } else if (from.name()) {
      builder.name(*from.name());
    }
    return builder.build();
  }

  /// The struct under its new schema. The values are shared unless a default takes a null's place.
  bool rebuild(RecordBatch& batch, const SchemaPtr& schema, Value& value, Failure& failure) const {
    const Value* values = value.as_struct().values;
    std::span<Value> changed;
    for (const Field& field : schema->fields()) {
      if (!values[field.index].is_null()) continue;
      if (options_.replace_null && field.schema->has_default()) {
        if (changed.empty()) changed = copy_values(batch, values, schema->fields().size());
        changed[field.index] = field.schema->default_value();
      } else if (!check_put(field, Value(), failure)) {
        return false;
      }
    }
    auto* data = batch.arena().make<StructData>();
    *data = {batch.keep(schema), changed.empty() ? values : changed.data()};
    value = Value::structure(data);
    return true;
  }

  static std::span<Value> copy_values(RecordBatch& batch, const Value* values, size_t count) {
    const auto copy = batch.arena().make_array<Value>(count);
    std::copy(values, values + count, copy.begin());
    return copy;
  }

  Options options_;
  PlanCache<SchemaPtr> schemas_;
};

}  // namespace

void register_set_schema_metadata(PluginTable& table) {
  add_sided<SetSchemaMetadata>(table, "SetSchemaMetadata");
}

}  // namespace millrace::transforms
