#pragma once
// Random groups and rows of them, as JSON and as cells.

#include <random>
#include <string>
#include <vector>

#include "connectors/scalars/decimal_bytes.h"
#include "tests/unit/feature_store/wire/fixture.h"

namespace millrace::feature_store {

class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : random_(seed) {}

  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }
  uint64_t bits() { return random_(); }

  /// `id` is the key, `at` the event time; then 0 to 9 features of any type.
  RowPlanPtr plan() {
    std::string fields = R"({"name":"id","type":["null","long"]},)"
                         R"({"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]})";
    names_ = 0;
    for (size_t i = below(10); i > 0; --i) {
      fields += R"(,{"name":")" + name() + R"(","type":)" + nullable(type(0)) + "}";
    }
    return plan_of_fields(fields, keyed_by({"id"}, "at"));
  }

  /// A value of a field's type, as append_cell_json writes it; timestamps are whole seconds.
  std::string json(const avro::Node& node) {
    if (node.kind == avro::Kind::Union) {
      const bool null = below(4) == 0;
      for (const avro::Node* branch : node.members) {
        if ((branch->kind == avro::Kind::Null) == null) return null ? "null" : json(*branch);
      }
      return json(*node.members[0]);
    }
    switch (node.kind) {
      case avro::Kind::Array: return items(node, false);
      case avro::Kind::Map: return items(node, true);
      case avro::Kind::Record: return record(node);
      default: return scalar(feature_type_of(node));
    }
  }

  std::string scalar(const FeatureType& type) {
    std::string out;
    switch (type.kind) {
      case FeatureKind::Boolean: return below(2) == 0 ? "false" : "true";
      case FeatureKind::TinyInt:
      case FeatureKind::SmallInt:
      case FeatureKind::Int: return std::to_string(whole(32));
      case FeatureKind::BigInt: return std::to_string(whole(64));
      case FeatureKind::Float: append_json_number(out, static_cast<float>(whole(40)) / 64); return out;
      case FeatureKind::Double: append_json_number(out, static_cast<double>(whole(60)) / 1024); return out;
      case FeatureKind::Decimal: return decimal_text(digits(type.precision), type.scale);
      case FeatureKind::Date: append_date(out, whole(20)); break;
      case FeatureKind::Timestamp: append_timestamp(out, whole(56), ' ', 0); break;
      case FeatureKind::String: return text();
      case FeatureKind::Binary: {
        const std::string_view pieces[] = {"", "AA==", "AP+A", "aGk="};
        out = pieces[below(4)];
        break;
      }
      case FeatureKind::Complex: break;
    }
    return '"' + out + '"';
  }

 private:
  static void append_json_number(std::string& out, double value) { append_java_double(out, value); }
  static void append_json_number(std::string& out, float value) { append_java_float(out, value); }

  std::string name() { return "f" + std::to_string(names_++); }

  int64_t whole(int width) {
    const auto value = static_cast<int64_t>(random_()) >> (64 - width);
    return value >> below(static_cast<size_t>(width));
  }

  Int128 digits(int32_t precision) {
    Int128 value = 0;
    for (size_t i = below(static_cast<size_t>(precision) + 1); i > 0; --i) {
      value = value * 10 + static_cast<int>(below(10));
    }
    return below(2) == 0 ? value : -value;
  }

  std::string text() {
    const std::string_view pieces[] = {"a", "ß", "😀", "\\\"", "\\n", "\\u0001", " "};
    std::string out = "\"";
    for (size_t i = below(6); i > 0; --i) out += pieces[below(std::size(pieces))];
    return out + "\"";
  }

  std::string nullable(const std::string& type) {
    switch (below(4)) {
      case 0: return "[" + type + ",\"null\"]";
      case 1: return type;
      default: return "[\"null\"," + type + "]";
    }
  }

  std::string type(int depth) {
    switch (below(depth < 3 ? 13 : 10)) {
      case 0: return "\"boolean\"";
      case 1: return "\"int\"";
      case 2: return "\"long\"";
      case 3: return "\"float\"";
      case 4: return "\"double\"";
      case 5: return "\"string\"";
      case 6: return "\"bytes\"";
      case 7: return R"({"type":"int","logicalType":"date"})";
      case 8: return R"({"type":"long","logicalType":"timestamp-micros"})";
      case 9: {
        const size_t precision = below(38) + 1;
        return R"({"type":"bytes","logicalType":"decimal","precision":)" + std::to_string(precision) +
               R"(,"scale":)" + std::to_string(below(precision + 1)) + "}";
      }
      case 10: return R"({"type":"array","items":)" + nullable(type(depth + 1)) + "}";
      case 11: return R"({"type":"map","values":)" + nullable(type(depth + 1)) + "}";
      default: {
        std::string out = R"({"type":"record","name":"r)" + std::to_string(records_++) + R"(","fields":[)";
        const size_t count = below(4);
        for (size_t i = 0; i < count; ++i) {
          out += (i > 0 ? "," : "") + (R"({"name":"m)" + std::to_string(i) + R"(","type":)") +
                 nullable(type(depth + 1)) + "}";
        }
        return out + "]}";
      }
    }
  }

  std::string items(const avro::Node& node, bool map) {
    std::string out = map ? "{" : "[";
    const size_t count = below(4);
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      if (map) out += "\"k" + std::to_string(i) + "\":";
      out += json(*node.members[0]);
    }
    return out + (map ? "}" : "]");
  }

  std::string record(const avro::Node& node) {
    std::string out = "{";
    for (const avro::Field& field : node.fields) {
      if (out.size() > 1) out += ',';
      out += '"' + field.name + "\":" + json(*field.type);
    }
    return out + "}";
  }

  std::mt19937_64 random_;
  int names_ = 0;
  int records_ = 0;
};

/// The row of these values, one JSON text for each field of the plan.
inline std::string row_of(const RowPlanPtr& plan, const std::vector<std::string>& values) {
  const RowEncoder encoder(plan);
  Arena arena;
  std::vector<Cell> cells(values.size());
  std::vector<std::string> nested(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const Value value = json(values[i], arena);
    const PlannedField& field = plan->fields()[i];
    if (field.type.kind != FeatureKind::Complex) {
      EXPECT_EQ(cell_of(value, field.type, arena, cells[i]), nullptr) << field.type.text << " " << values[i];
    } else if (!value.is_null()) {
      EXPECT_EQ(encoder.encode_complex(i, value, nested[i]), nullptr) << field.type.text << " " << values[i];
      cells[i].kind = Cell::Kind::Complex;
      cells[i].bytes = nested[i];
    }
  }
  std::string row;
  const char* error = encoder.encode(cells, row);
  EXPECT_EQ(error, nullptr) << error;
  return row;
}

inline std::vector<std::string> random_values(RandomRows& random, const RowPlan& plan) {
  std::vector<std::string> values;
  for (const PlannedField& field : plan.fields()) {
    values.push_back(field.name == "id" ? std::to_string(static_cast<int64_t>(random.bits()))
                                        : random.json(*plan.schema()->root().fields[values.size()].type));
  }
  return values;
}

}  // namespace millrace::feature_store
