#pragma once
// The feature group of the contract (feature-store-sink.md §4, §7), and rows of it in hexadecimal digits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/wire/cell_parse.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/json.h"

namespace millrace::feature_store {

inline constexpr std::string_view kTxnSchema = R"({"type":"record","name":"txn_1",
 "namespace":"bank_featurestore","fields":[
 {"name":"cc_num","type":["null","long"]},
 {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
 {"name":"amount","type":["null","double"]},
 {"name":"day","type":["null",{"type":"int","logicalType":"date"}]},
 {"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]},
 {"name":"ok","type":["null","boolean"]},
 {"name":"recent","type":["null",{"type":"array","items":["null","double"]}]},
 {"name":"loc","type":["null",{"type":"record","name":"r77","fields":[
   {"name":"lat","type":["null","double"]},{"name":"lon","type":["null","double"]}]}]}]})";

inline FeatureGroup txn_group() {
  FeatureGroup group;
  group.id = 42;
  group.project_id = 119;
  group.project = "bank";
  group.name = "txn";
  group.primary_key = {"cc_num"};
  group.event_time = "ts";
  return group;
}

inline RowPlanPtr plan_of(std::string_view schema, FeatureGroup group = txn_group(), PlanLimits limits = {}) {
  return std::make_shared<RowPlan>(std::make_shared<FeatureGroup>(std::move(group)), 17,
                                   avro::Schema::parse(schema), limits);
}

/// A schema of one record with these fields, which are JSON.
inline RowPlanPtr plan_of_fields(const std::string& fields, FeatureGroup group) {
  return plan_of(R"({"type":"record","name":"r","fields":[)" + fields + "]}", std::move(group));
}

inline FeatureGroup keyed_by(std::vector<std::string> key, std::string event_time = "") {
  FeatureGroup group = txn_group();
  group.primary_key = std::move(key);
  group.event_time = std::move(event_time);
  return group;
}

/// Blanks are left out.
inline std::string from_hex(std::string_view digits) {
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') continue;
    const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

struct Scan {
  Failure failure;
  std::string key;
  ScannedRow row;
};
inline Scan scan(const RowPlan& plan, std::string_view row, bool is_delete = false) {
  Scan result;
  result.failure = plan.scan(row, is_delete, result.key, result.row);
  return result;
}

inline std::vector<Cell> read(const RowPlan& plan, std::string_view row) {
  std::vector<Cell> cells(plan.fields().size());
  EXPECT_TRUE(plan.read(row, cells));
  return cells;
}

/// The values of a row as one JSON array.
inline std::string json_of(const RowPlan& plan, std::string_view row, const JsonStyle& style = {}) {
  const std::vector<Cell> cells = read(plan, row);
  std::string out = "[";
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    EXPECT_TRUE(append_cell_json(out, plan.fields()[i], cells[i], style)) << plan.fields()[i].name;
  }
  return out + "]";
}

/// A JSON value that lives as long as `arena` and `text`.
inline Value json(std::string_view text, Arena& arena) {
  Value value;
  EXPECT_EQ(parse_json(text, arena, value, JsonNumbers::Exact), "") << text;
  return value;
}

// §4's row; each field by itself.
inline const std::string kTxnRow = from_hex(
    "02ce49 02eabcbae5ded7a306 020000000000802240 02cebf02 02043039 0201"
    "021a020402000000000000f83f0000 021602020000000000c04d4000");

}  // namespace millrace::feature_store
