// HeaderFrom: copies or moves fields of a key or value into headers.

#include <algorithm>

#include "connectors/transforms/data.h"
#include "connectors/transforms/headers.h"
#include "connectors/transforms/plan_cache.h"
#include "connectors/transforms/registrations.h"
#include "millrace/java_map_order.h"

namespace millrace::transforms {
namespace {

constexpr uint32_t kMissing = UINT32_MAX;

struct Options {
  std::vector<std::string> fields;
  std::vector<std::string> headers;
  std::string operation;
  bool replace_null = true;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .required(&Options::fields, {.name = "fields",
                                       .importance = Importance::High,
                                       .doc = "Fields whose values become headers.",
                                       .validator = non_empty_list()})
          .required(&Options::headers, {.name = "headers",
                                        .importance = Importance::High,
                                        .doc = "Names of the headers, in the order of `fields`.",
                                        .validator = non_empty_list()})
          .required(&Options::operation,
                    {.name = "operation",
                     .importance = Importance::High,
                     .doc = "`move` takes the fields out of the key or value, `copy` leaves them.",
                     .validator = one_of({"move", "copy"})})
          .optional(&Options::replace_null, replace_null_spec());
  return def;
}

class HeaderFrom {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    if (options_.fields.size() != options_.headers.size()) {
      throw ConfigException(
          "'fields' config must have the same number of elements as 'headers' config.");
    }
    move_ = options_.operation == "move";
    purpose_ = "header " + options_.operation;
  }

  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& data, Failure& failure) {
    return data.schema == nullptr ? from_map(batch, record, data, failure)
                                  : from_struct(batch, record, data, failure);
  }

 private:
  struct Plan {
    /// By header: the field's index in the schema, kMissing when it has no such field.
    std::vector<uint32_t> sources;
    SchemaPtr rest;              // what is left after a move
    std::vector<uint32_t> kept;  // indices of the fields of `rest` in the schema
  };

  bool listed(std::string_view name) const {
    return std::find(options_.fields.begin(), options_.fields.end(), name) !=
           options_.fields.end();
  }

  Plan derive(const Schema& schema) const {
    Plan plan;
    for (const std::string& name : options_.fields) {
      const Field* field = schema.field(name);
      plan.sources.push_back(field == nullptr ? kMissing : field->index);
    }
    if (!move_) return plan;
    SchemaBuilder builder = SchemaBuilder::structure();
    copy_basics(builder, schema);
    for (const Field& field : schema.fields()) {
      if (listed(field.name)) continue;
      builder.field(field.name, field.schema);
      plan.kept.push_back(field.index);
    }
    plan.rest = builder.build();
    return plan;
  }

  bool from_struct(RecordBatch& batch, Record& record, SchemaAndValue& data, Failure& failure) {
    if (!require_struct(data.value, purpose_, failure)) return false;
    const StructData& source = data.value.as_struct();
    const Plan& plan =
        plans_.get(*source.schema, [this](const Schema& schema) { return derive(schema); });
    SchemaAndValue rest = data;
    if (move_ && !make_rest(batch, plan, source, rest, failure)) return false;
    if (!check_headers(plan, source, failure)) return false;
    const auto added = append_headers(batch, record, plan.sources.size());
    for (size_t i = 0; i < added.size(); ++i) {
      const Field& field = source.schema->fields()[plan.sources[i]];
      added[i] = Header{batch.arena().copy(options_.headers[i]),
                        {field.schema.get(), field_value(source, field, options_.replace_null)},
                        {}};
    }
    data = rest;
    return true;
  }

  bool make_rest(RecordBatch& batch, const Plan& plan, const StructData& source,
                 SchemaAndValue& rest, Failure& failure) const {
    const auto values = batch.arena().make_array<Value>(plan.kept.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const Field& field = plan.rest->fields()[i];
      values[i] = source.values[plan.kept[i]];
      if (!values[i].is_null()) continue;
      if (options_.replace_null) values[i] = field.schema->default_value();
      if (values[i].is_null() && !check_put(field, values[i], failure)) return false;
    }
    auto* moved = batch.arena().make<StructData>();
    *moved = {batch.keep(plan.rest), values.data()};
    rest = {moved->schema, Value::structure(moved)};
    return true;
  }

  /// Headers.add refuses null where the schema does.
  bool check_headers(const Plan& plan, const StructData& source, Failure& failure) const {
    for (const uint32_t index : plan.sources) {
      if (index == kMissing) {
        return failure.fail(
            "Cannot invoke \"org.apache.kafka.connect.data.Field.schema()\" because the return "
            "value of \"org.apache.kafka.connect.data.Schema.field(String)\" is null",
            ErrorKind::NullPointer);
      }
      const Field& field = source.schema->fields()[index];
      if (!field.schema->optional() &&
          field_value(source, field, options_.replace_null).is_null()) {
        return failure.fail("A null value requires an optional schema but was " +
                            field.schema->to_string());
      }
    }
    return true;
  }

  bool from_map(RecordBatch& batch, Record& record, SchemaAndValue& data, Failure& failure) {
    if (!require_map(data.value, purpose_, failure)) return false;
    const auto added = append_headers(batch, record, options_.fields.size());
    for (size_t i = 0; i < added.size(); ++i) {
      const Value* found = find_entry(data.value, options_.fields[i]);
      const Value value = found == nullptr ? Value() : *found;
      // Headers.add gives a struct its own schema.
      const Schema* schema = value.type() == Type::Struct ? value.as_struct().schema : nullptr;
      added[i] = Header{batch.arena().copy(options_.headers[i]), {schema, value}, {}};
    }
    data.value = rest_of(batch, data.value);
    return true;
  }

  /// What stays, in a HashMap that held all of it.
  Value rest_of(RecordBatch& batch, const Value& map) {
    const auto kept = batch.arena().make_array<MapEntry>(map.size());
    const auto entries = map.as_map();
    const auto end = std::remove_copy_if(
        entries.begin(), entries.end(), kept.begin(), [this](const MapEntry& entry) {
          return move_ && entry.key.type() == Type::String && listed(entry.key.as_string());
        });
    const auto rest = kept.first(static_cast<size_t>(end - kept.begin()));
    order_.arrange(rest, java_map_copy_capacity(map.size()));
    return Value::map(rest);
  }

  Options options_;
  bool move_ = false;
  std::string purpose_;
  PlanCache<Plan> plans_;
  JavaMapOrder order_;
};

}  // namespace

void register_header_from(PluginTable& table) { add_sided<HeaderFrom>(table, "HeaderFrom"); }

}  // namespace millrace::transforms
