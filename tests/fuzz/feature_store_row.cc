// Rows of a feature store's topics, of schemas with every type of feature.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/wire/cell_parse.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace millrace;
using namespace millrace::feature_store;
using fuzz::check;

constexpr std::array<const char*, 3> kSchemas = {
    // As Hopsworks derives schemas.
    R"({"type":"record","name":"txn_1","fields":[{"name":"id","type":["null","long"]},
      {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
      {"name":"amount","type":["null","double"]},
      {"name":"day","type":["null",{"type":"int","logicalType":"date"}]},
      {"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]},
      {"name":"ok","type":["null","boolean"]},{"name":"note","type":["null","string"]},
      {"name":"recent","type":["null",{"type":"array","items":["null","double"]}]},
      {"name":"loc","type":["null",{"type":"record","name":"r77","fields":[
        {"name":"lat","type":["null","double"]},{"name":"lon","type":["null","float"]}]}]}]})",
    // Unions the other way round, and none.
    R"({"type":"record","name":"r","fields":[{"name":"id","type":["string","null"]},
      {"name":"at","type":[{"type":"long","logicalType":"timestamp-millis"},"null"]},
      {"name":"b","type":["bytes","null"]},{"name":"one","type":["int"]},
      {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":38,"scale":38}},
      {"name":"a","type":[{"type":"array","items":["string","null"]},"null"]},
      {"name":"m","type":{"type":"map","values":{"type":"map","values":["null","bytes"]}}}]})",
    // Complex values within others, with every type in them.
    R"({"type":"record","name":"r","fields":[
      {"name":"id","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":4}},
      {"name":"at","type":{"type":"int","logicalType":"date"}},
      {"name":"s","type":["null",{"type":"array","items":["null",{"type":"record","name":"x","fields":[
        {"name":"none","type":{"type":"array","items":{"type":"record","name":"e","fields":[]}}},
        {"name":"t","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
        {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"d","type":["null",{"type":"int","logicalType":"date"}]},
        {"name":"p","type":[{"type":"bytes","logicalType":"decimal","precision":9,"scale":3},"null"]},
        {"name":"m","type":{"type":"map","values":["null",{"type":"array","items":"boolean"}]}}]}]}]}]})"};

RowPlanPtr plan_of(const char* schema) {
  auto group = std::make_shared<FeatureGroup>();
  group->name = "r";
  group->primary_key = {"id"};
  group->event_time = "at";
  group->online_types["note"] = parse_column_type("varchar(20)");
  return std::make_shared<RowPlan>(group, 1, avro::Schema::parse(schema));
}

std::string json_of(const RowPlan& plan, std::string_view row, std::vector<Cell>& cells) {
  cells.assign(plan.fields().size(), {});
  check(plan.read(row, cells), "a row that was accepted is not read");
  std::string json = "[";
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) json += ',';
    const PlannedField& field = plan.fields()[i];
    check(append_cell_json(json, field, cells[i], {}), "an accepted value has no JSON", field.name);
    std::string text;
    append_cell_text(text, field, cells[i]);
  }
  json += ']';
  Arena arena;
  Value value;
  check(parse_json(json, arena, value, JsonNumbers::Exact).empty(), "what was written is no JSON", json);
  check(value.type() == Type::Array && value.as_array().size() == cells.size(), "JSON has other values", json);
  return json;
}

void check_key(const RowPlan& plan, const std::string& key) {
  std::vector<Cell> parts;
  std::vector<std::string> texts;
  check(plan.key().read(key, parts, texts), "a key is not read");
  std::string again;
  check(plan.key().append_all(again, parts) == nullptr && again == key, "a key changes");
}

void check_row(const RowPlanPtr& plan, std::string_view row, const std::string& key) {
  std::vector<Cell> cells;
  const std::string json = json_of(*plan, row, cells);
  std::string again;
  check(RowEncoder(plan).encode(cells, again) == nullptr, "an accepted row cannot be written", json);
  std::string same_key;
  ScannedRow scanned;
  check(!plan->scan(again, false, same_key, scanned), "a written row is refused", json);
  check(same_key == key, "a written row has another key", json);
  check(json_of(*plan, again, cells) == json, "a written row is another one", json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<RowPlanPtr, kSchemas.size()> plans = {plan_of(kSchemas[0]), plan_of(kSchemas[1]),
                                                                plan_of(kSchemas[2])};
  fuzz::Input input(data, size);
  const RowPlanPtr& plan = plans[input.choose(plans.size())];
  const std::string_view row = input.rest();
  std::string key = "before";
  ScannedRow scanned;
  if (plan->scan(row, true, key, scanned)) check(key == "before", "a failure leaves a key");
  key.clear();
  const Failure failure = plan->scan(row, false, key, scanned);
  if (failure) {
    check(failure.reason != nullptr && key.empty(), "a failure without a reason, or with a key");
    std::vector<Cell> cells(plan->fields().size());
    check(plan->read(row, cells) || failure.type == FailureType::Deserialization, "a row is read in part");
    return 0;
  }
  check_key(*plan, key);
  check_row(plan, row, key);
  return 0;
}
