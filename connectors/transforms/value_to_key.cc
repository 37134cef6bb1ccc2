// ValueToKey: makes a new key of fields of the value.

#include <algorithm>

#include "connectors/transforms/data.h"
#include "connectors/transforms/plan_cache.h"
#include "connectors/transforms/registrations.h"
#include "millrace/java_map_order.h"

namespace millrace::transforms {
namespace {

constexpr std::string_view kPurpose = "copying fields from value to key";

struct Options {
  std::vector<std::string> fields;
  bool replace_null = true;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .required(&Options::fields, {.name = "fields",
                                       .importance = Importance::High,
                                       .doc = "Fields of the value that make the new key.",
                                       .validator = non_empty_list()})
          .optional(&Options::replace_null, replace_null_spec());
  return def;
}

class ValueToKey {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    distinct_.clear();
    for (const std::string& name : options_.fields) {
      if (std::find(distinct_.begin(), distinct_.end(), name) == distinct_.end()) {
        distinct_.push_back(name);
      }
    }
  }

  bool apply(RecordBatch& batch, Record& record, Failure& failure) {
    return record.value.schema == nullptr ? from_map(batch, record, failure)
                                          : from_struct(batch, record, failure);
  }

 private:
  /// The key's schema, and for each of its fields the field of the value it comes from.
  struct Plan {
    SchemaPtr schema;
    std::vector<uint32_t> sources;
  };

  Plan derive(const Schema& value) const {
    Plan plan;
    SchemaBuilder builder = SchemaBuilder::structure();
    for (const std::string& name : options_.fields) {
      const Field* field = value.field(name);
      if (field == nullptr) throw DataException("Field does not exist: " + name);
      builder.field(name, field->schema);
      plan.sources.push_back(field->index);
    }
    plan.schema = builder.build();
    return plan;
  }

  bool from_map(RecordBatch& batch, Record& record, Failure& failure) {
    if (!require_map(record.value.value, kPurpose, failure)) return false;
    const auto entries = batch.arena().make_array<MapEntry>(distinct_.size());
    for (size_t i = 0; i < entries.size(); ++i) {
      const Value* found = find_entry(record.value.value, distinct_[i]);
      entries[i] = {Value::string(batch.arena().copy(distinct_[i])),
                    found == nullptr ? Value() : *found};
    }
    order_.arrange(entries, java_map_capacity(options_.fields.size()));
    record.key = {nullptr, Value::map(entries)};
    return true;
  }

  bool from_struct(RecordBatch& batch, Record& record, Failure& failure) {
    if (!require_struct(record.value.value, kPurpose, failure)) return false;
    const StructData& value = record.value.value.as_struct();
    const Plan& plan =
        plans_.get(*value.schema, [this](const Schema& schema) { return derive(schema); });
    const auto values = batch.arena().make_array<Value>(plan.sources.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const Field& field = plan.schema->fields()[i];
      values[i] = value.values[plan.sources[i]];
      if (values[i].is_null() && options_.replace_null) values[i] = field.schema->default_value();
      if (values[i].is_null() && !check_put(field, values[i], failure)) return false;
    }
    auto* key = batch.arena().make<StructData>();
    *key = {batch.keep(plan.schema), values.data()};
    record.key = {key->schema, Value::structure(key)};
    return true;
  }

  Options options_;
  std::vector<std::string> distinct_;
  PlanCache<Plan> plans_;
  JavaMapOrder order_;
};

}  // namespace

void register_value_to_key(PluginTable& table) {
  add_transformation<ValueToKey>(table, "ValueToKey");
}

}  // namespace millrace::transforms
