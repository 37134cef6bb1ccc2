#include "tests/oracle/notation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "millrace/java_map_order.h"

namespace millrace::oracle {
namespace {

std::string hex_number(uint64_t bits) {
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "%llx", static_cast<unsigned long long>(bits));
  return buffer;
}

std::string bytes_text(std::span<const uint8_t> bytes) {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Type type_of(std::string_view name) {
  for (int t = static_cast<int>(Type::Int8); t <= static_cast<int>(Type::Struct); ++t) {
    if (type_name(static_cast<Type>(t)) == name) return static_cast<Type>(t);
  }
  throw std::runtime_error("unknown type " + std::string(name));
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex == "-") return std::nullopt;
  std::string out;
  for (size_t i = 1; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

void dump(std::string& out, const Schema* s) {
  if (s == nullptr) {
    out += '-';
    return;
  }
  const auto text = [](const std::optional<std::string>& v) { return v ? to_hex(*v) : "-"; };
  out += type_name(s->type());
  out += s->optional() ? " O " : " R ";
  out += text(s->name()) + ' ' + (s->version() ? std::to_string(*s->version()) : "-") + ' ';
  out += text(s->doc()) + ' ' + std::to_string(s->parameters().size());
  for (const auto& [key, value] : s->parameters()) out += ' ' + to_hex(key) + ' ' + to_hex(value);
  if (s->type() == Type::Struct) out += ' ' + std::to_string(s->fields().size());
  for (const Field& field : s->fields()) {
    out += ' ' + to_hex(field.name) + ' ';
    dump(out, field.schema.get());
  }
  if (s->type() == Type::Map) {
    out += ' ';
    dump(out, s->key_schema().get());
  }
  if (s->type() == Type::Map || s->type() == Type::Array) {
    out += ' ';
    dump(out, s->value_schema().get());
  }
  out += ' ';
  if (s->has_default()) {
    dump(out, s->default_value());
  } else {
    out += '-';
  }
}

void dump(std::string& out, const Value& v) {
  switch (v.type()) {
    case Type::Null: out += 'n'; return;
    case Type::Int8: out += "i8 " + std::to_string(v.as_int()); return;
    case Type::Int16: out += "i16 " + std::to_string(v.as_int()); return;
    case Type::Int32: out += "i32 " + std::to_string(v.as_int()); return;
    case Type::Int64: out += "i64 " + std::to_string(v.as_int()); return;
    case Type::Float32: {
      const bool nan = std::isnan(v.as_float());
      out += "f32 " + (nan ? "7fc00000" : hex_number(std::bit_cast<uint32_t>(v.as_float())));
      return;
    }
    case Type::Float64: {
      const bool nan = std::isnan(v.as_double());
      out += "f64 " + (nan ? "7ff8000000000000" : hex_number(std::bit_cast<uint64_t>(v.as_double())));
      return;
    }
    case Type::Boolean: out += v.as_bool() ? "B 1" : "B 0"; return;
    case Type::String: out += "s " + to_hex(v.as_string()); return;
    case Type::Bytes: out += "y " + bytes_text(v.as_bytes()); return;
    case Type::Decimal:
      out += "D " + std::to_string(v.as_decimal().scale) + ' ';
      out += bytes_text(v.as_decimal().unscaled());
      return;
    case Type::Date: out += "t " + std::to_string(v.as_int()); return;
    case Type::Map:
      out += "m " + std::to_string(v.size());
      for (const MapEntry& entry : v.as_map()) {
        out += ' ';
        dump(out, entry.key);
        out += ' ';
        dump(out, entry.value);
      }
      return;
    case Type::Array:
      out += "a " + std::to_string(v.size());
      for (const Value& element : v.as_array()) {
        out += ' ';
        dump(out, element);
      }
      return;
    case Type::Struct:
      out += "st";
      for (size_t i = 0; i < v.size(); ++i) {
        out += ' ';
        dump(out, v.as_struct().values[i]);
      }
  }
}

std::string_view Reader::peek() const { return rest_.substr(0, rest_.find(' ')); }

std::string_view Reader::next() {
  if (rest_.empty()) throw std::runtime_error("more tokens expected");
  const std::string_view token = peek();
  rest_.remove_prefix(std::min(token.size() + 1, rest_.size()));
  return token;
}

int64_t Reader::number() { return std::stoll(std::string(next())); }

SchemaBuilder Reader::start(std::string_view type) {
  if (type == "STRUCT") {
    SchemaBuilder builder = SchemaBuilder::structure();
    for (int64_t n = number(); n > 0; --n) {
      std::string name = *text();
      builder.field(std::move(name), schema());
    }
    return builder;
  }
  if (type == "ARRAY") return SchemaBuilder::array(schema());
  if (type == "MAP") {
    SchemaPtr key = schema();
    return SchemaBuilder::map(std::move(key), schema());
  }
  return SchemaBuilder(type_of(type));
}

SchemaPtr Reader::schema() {
  const std::string_view type = next();
  if (type == "-") return nullptr;
  const bool optional = next() == "O";
  const auto name = text();
  const std::string_view version = next();
  const auto doc = text();
  SchemaParameters parameters;
  for (int64_t n = number(); n > 0; --n) {
    std::string key = *text();
    parameters.emplace_back(std::move(key), *text());
  }
  SchemaBuilder builder = start(type);
  if (name) builder.name(*name);
  if (version != "-") builder.version(std::stoi(std::string(version)));
  if (doc) builder.doc(*doc);
  builder.parameters(parameters);
  if (optional) builder.optional();
  if (peek() == "-") {
    next();
  } else {
    builder.default_value(value(&builder.peek()));
  }
  kept_.push_back(builder.build());
  return kept_.back();
}

Value Reader::structure(const Schema* own) {
  if (own == nullptr) throw std::runtime_error("struct without schema");
  const auto values = arena_.make_array<Value>(own->fields().size());
  for (const Field& field : own->fields()) values[field.index] = value(field.schema.get());
  auto* data = arena_.make<StructData>();
  data->schema = own;
  data->values = values.data();
  return Value::structure(data);
}

Value Reader::value(const Schema* s) {
  const std::string_view kind = next();
  if (kind == "n") return {};
  if (kind == "i8") return Value::int8(static_cast<int8_t>(number()));
  if (kind == "i16") return Value::int16(static_cast<int16_t>(number()));
  if (kind == "i32") return Value::int32(static_cast<int32_t>(number()));
  if (kind == "i64") return Value::int64(number());
  if (kind == "B") return Value::boolean(number() == 1);
  if (kind == "t") return Value::date(number());
  const auto bits = [&] { return std::stoull(std::string(next()), nullptr, 16); };
  if (kind == "f32") return Value::float32(std::bit_cast<float>(static_cast<uint32_t>(bits())));
  if (kind == "f64") return Value::float64(std::bit_cast<double>(uint64_t{bits()}));
  if (kind == "s") return Value::string(arena_.copy(*text()));
  if (kind == "y") {
    const std::string_view copy = arena_.copy(*text());
    return Value::bytes({reinterpret_cast<const uint8_t*>(copy.data()), copy.size()});
  }
  if (kind == "D") {
    const int64_t scale = number();
    const std::string bytes = *text();
    auto* data = static_cast<DecimalData*>(
        arena_.allocate(sizeof(DecimalData) + bytes.size(), alignof(DecimalData)));
    data->scale = static_cast<int32_t>(scale);
    data->length = static_cast<uint32_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(data + 1));
    return Value::decimal(data);
  }
  if (kind == "a") {
    const auto elements = arena_.make_array<Value>(static_cast<size_t>(number()));
    const Schema* inner = s != nullptr && s->type() == Type::Array ? s->value_schema().get() : nullptr;
    for (Value& element : elements) element = value(inner);
    return Value::array(elements);
  }
  if (kind == "m" || kind == "hm") {
    const auto entries = arena_.make_array<MapEntry>(static_cast<size_t>(number()));
    const bool known = s != nullptr && s->type() == Type::Map;
    for (MapEntry& entry : entries) {
      entry.key = value(known ? s->key_schema().get() : nullptr);
      entry.value = value(known ? s->value_schema().get() : nullptr);
    }
    if (kind == "hm") arrange_as_java_map(entries);
    return Value::map(entries);
  }
  if (kind == "st") return structure(s);
  if (kind == "so") return structure(schema().get());
  throw std::runtime_error("unknown value " + std::string(kind));
}

}  // namespace millrace::oracle
