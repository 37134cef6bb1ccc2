// HoistField: wraps the key or value as the only field of a struct, or entry of a map.

#include "connectors/transforms/data.h"
#include "connectors/transforms/plan_cache.h"
#include "connectors/transforms/registrations.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::string field;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def = ConfigDef<Options>().required(
      &Options::field, {.name = "field",
                        .importance = Importance::Medium,
                        .doc = "Name of the only field of the resulting struct or map."});
  return def;
}

class HoistField {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }
  void configure(const Properties& config) { options_ = rows().parse(config); }

  bool apply(RecordBatch& batch, Record&, SchemaAndValue& data, Failure& failure) {
    return data.schema == nullptr ? to_map(batch, data) : to_struct(batch, data, failure);
  }

 private:
  bool to_map(RecordBatch& batch, SchemaAndValue& data) const {
    const auto entries = batch.arena().make_array<MapEntry>(1);
    entries[0] = {Value::string(batch.arena().copy(options_.field)), data.value};
    data.value = Value::map(entries);
    return true;
  }

  bool to_struct(RecordBatch& batch, SchemaAndValue& data, Failure& failure) {
    const SchemaPtr& schema = schemas_.get(*data.schema, [this](const Schema& inner) {
      return SchemaBuilder::structure().field(options_.field, inner.shared_from_this()).build();
    });
    if (!check_put(schema->fields()[0], data.value, failure)) return false;
    auto* values = batch.arena().make<Value>();
    *values = data.value;
    auto* wrapped = batch.arena().make<StructData>();
    *wrapped = {batch.keep(schema), values};
    data = {wrapped->schema, Value::structure(wrapped)};
    return true;
  }

  Options options_;
  PlanCache<SchemaPtr> schemas_;
};

}  // namespace

void register_hoist_field(PluginTable& table) { add_sided<HoistField>(table, "HoistField"); }

}  // namespace millrace::transforms
