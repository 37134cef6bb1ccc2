#include "connectors/feature_store/model/hive_schema.h"

#include <fmt/format.h>

#include <string>

#include "connectors/avro/limits.h"
#include "connectors/feature_store/model/feature_type.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

using avro::Json;

class Parser {
 public:
  explicit Parser(std::string text) : text_(std::move(text)) {}

  Json parse() {
    Json type = nullable();
    if (at_ != text_.size()) fail("something follows the type");
    return type;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw DataException(fmt::format("reading type {}: {} at character {}", text_, why, at_ + 1));
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void need(char c) {
    if (!take(c)) fail(fmt::format("no {}", c));
  }

  /// Up to one of `stops` outside parentheses.
  std::string word(std::string_view stops) {
    const size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if (depth == 0 && stops.find(c) != std::string_view::npos) break;
      ++at_;
    }
    if (at_ == begin) fail("a name is missing");
    return text_.substr(begin, at_ - begin);
  }

  Json nullable() {
    if (++depth_ > avro::kMaxValueDepth) fail("too many levels");
    Json type = plain();
    --depth_;
    return Json::array({"null", std::move(type)});
  }

  Json plain() {
    const std::string name = word("<>,");
    if (name == "array") {
      need('<');
      Json type{{"type", "array"}, {"items", nullable()}};
      need('>');
      return type;
    }
    if (name == "map") {
      need('<');
      if (word(",") != "string") fail("a map's keys are strings");
      need(',');
      Json type{{"type", "map"}, {"values", nullable()}};
      need('>');
      return type;
    }
    if (name == "struct") return record();
    return simple(parse_feature_type(name));
  }

  Json record() {
    need('<');
    Json fields = Json::array();
    do {
      std::string field = word(":<>,");
      need(':');
      fields.push_back({{"name", std::move(field)}, {"type", nullable()}});
    } while (take(','));
    need('>');
    return {{"type", "record"}, {"name", "r" + std::to_string(++records_)}, {"fields", fields}};
  }

  static Json simple(const FeatureType& type) {
    switch (type.kind) {
      case FeatureKind::Boolean: return "boolean";
      case FeatureKind::TinyInt:
      case FeatureKind::SmallInt:
      case FeatureKind::Int: return "int";
      case FeatureKind::BigInt: return "long";
      case FeatureKind::Float: return "float";
      case FeatureKind::Double: return "double";
      case FeatureKind::Decimal:
        return {{"type", "bytes"}, {"logicalType", "decimal"}, {"precision", type.precision},
                {"scale", type.scale}};
      case FeatureKind::Date: return {{"type", "int"}, {"logicalType", "date"}};
      case FeatureKind::Timestamp: return {{"type", "long"}, {"logicalType", "timestamp-micros"}};
      case FeatureKind::String: return "string";
      default: return "bytes";
    }
  }

  std::string text_;
  size_t at_ = 0;
  int depth_ = 0;
  int records_ = 0;
};

}  // namespace

avro::SchemaPtr schema_of_hive(std::string_view hive) {
  std::string text;
  for (const char c : hive) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') text.push_back(c);
  }
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return avro::Schema::from_json(Parser(std::move(text)).parse());
}

}  // namespace millrace::feature_store
