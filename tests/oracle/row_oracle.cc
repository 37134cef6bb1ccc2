// Reads rows of feature groups for rows_compare.py, and writes them again from their own JSON. One request
// a line on standard input, one answer a line on standard output; rows are hexadecimal.

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectors/feature_store/wire/cell_parse.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

using Json = nlohmann::ordered_json;

std::string unhex(const std::string& text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

RowPlanPtr plan_of(const Json& schema) {
  auto group = std::make_shared<FeatureGroup>();
  group->name = "txn";
  group->primary_key = {"id"};
  const avro::SchemaPtr registered = avro::Schema::from_json(schema);
  for (const avro::Field& field : registered->root().fields) {
    if (feature_type_of(*field.type).kind == FeatureKind::Timestamp) {
      group->online_types[field.name] = parse_column_type("timestamp(6)");
    }
  }
  return std::make_shared<RowPlan>(group, 1, registered);
}

/// The row of our own JSON.
std::string written(const RowPlanPtr& plan, const std::string& json) {
  const RowEncoder encoder(plan);
  Arena arena;
  Value values;
  if (const std::string why = parse_json(json, arena, values, JsonNumbers::Exact); !why.empty()) return why;
  std::vector<Cell> cells(plan->fields().size());
  std::vector<std::string> nested(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const Value& value = values.as_array()[i];
    if (plan->fields()[i].type.kind != FeatureKind::Complex) {
      if (const char* why = cell_of(value, plan->fields()[i].type, arena, cells[i])) return why;
    } else if (!value.is_null()) {
      if (const char* why = encoder.encode_complex(i, value, nested[i])) return why;
      cells[i].kind = Cell::Kind::Complex;
      cells[i].bytes = nested[i];
    }
  }
  std::string row;
  if (const char* why = encoder.encode(cells, row)) return why;
  return "\"" + hex(row) + "\"";
}

std::string error(std::string_view why) { return Json{{"error", why}}.dump(); }

std::string answer(const Json& request) {
  const RowPlanPtr plan = plan_of(request.at("schema"));
  const std::string row = unhex(request.at("row"));
  std::string key;
  ScannedRow scanned;
  if (const Failure failure = plan->scan(row, false, key, scanned)) return error(failure.reason);
  std::vector<Cell> cells(plan->fields().size());
  if (!plan->read(row, cells)) return error("a row that was accepted is not read");
  std::string json = "[";
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) json += ',';
    if (!append_cell_json(json, plan->fields()[i], cells[i], {})) return error("a value has no JSON");
  }
  json += ']';
  if (!request.at("again").get<bool>()) return fmt::format("{{\"values\":{}}}", json);
  const std::string again = written(plan, json);
  if (!again.starts_with('"')) return error(again);
  return fmt::format("{{\"values\":{},\"row\":{}}}", json, again);
}

}  // namespace
}  // namespace millrace::feature_store

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::string reply;
    try {
      reply = millrace::feature_store::answer(nlohmann::ordered_json::parse(line));
    } catch (const std::exception& failure) {
      reply = millrace::feature_store::error(failure.what());
    }
    std::cout << reply << '\n';
  }
  return 0;
}
