#include "connectors/converters/simple_codecs.h"

#include <bit>
#include <cstring>

#include "connectors/converters/converter_type.h"
#include "millrace/text.h"
#include "millrace/values.h"

namespace millrace::converters {
namespace {

const ConfigDefinition& no_settings() {
  static const ConfigDefinition none;
  return none;
}

const ConfigDefinition& type_only() {
  static const ConfigDefinition definition = with_converter_type(ConfigDefinition{});
  return definition;
}

}  // namespace

const ConfigDefinition& ByteArrayCodec::definition() { return type_only(); }

bool ByteArrayCodec::decode(WireBytes wire, RecordBatch&, SchemaAndValue& out, CodecError&) {
  static const Schema* const kSchema = primitive_schema(Type::Bytes, true).get();
  out.schema = kSchema;
  out.value = wire.is_null() ? Value() : Value::bytes({wire.data, wire.size});
  return true;
}

bool ByteArrayCodec::encode(const SchemaAndValue& in, RecordBatch&, WireBytes& out,
                            CodecError& error) {
  if (in.schema != nullptr && in.schema->type() != Type::Bytes) {
    return error.fail("Invalid schema type for ByteArrayConverter: " +
                      std::string(type_name(in.schema->type())));
  }
  if (in.value.is_null()) {
    out = WireBytes{};
    return true;
  }
  if (in.value.type() != Type::Bytes) {
    return error.fail("ByteArrayConverter is not compatible with objects of type " +
                      std::string(java_class(in.value.type())));
  }
  const auto bytes = in.value.as_bytes();
  out = WireBytes::of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return true;
}

const ConfigDefinition& SimpleHeaderCodec::definition() { return no_settings(); }

bool SimpleHeaderCodec::decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out,
                               CodecError&) {
  out = SchemaAndValue{};
  if (wire.is_null()) return true;
  out = parse_values_text(valid_utf8(wire.text(), batch.arena()), batch);
  return true;
}

bool SimpleHeaderCodec::encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out,
                               CodecError& error) {
  if (in.value.is_null()) {
    out = WireBytes{};
    return true;
  }
  std::string text;
  if (std::string why = append_values_text(text, in.value); !why.empty()) return error.fail(why);
  out = WireBytes::of(batch.arena().copy(text));
  return true;
}

namespace {

constexpr size_t wire_size(Type type) noexcept {
  switch (type) {
    case Type::Boolean: return 1;
    case Type::Int16: return 2;
    case Type::Int32:
    case Type::Float32: return 4;
    default: return 8;
  }
}

std::string_view java_type_name(Type type) noexcept {
  switch (type) {
    case Type::Boolean:
      return "boolean";
    case Type::Int16:
      return "short";
    case Type::Int32:
      return "integer";
    case Type::Int64:
      return "long";
    case Type::Float32:
      return "float";
    default:
      return "double";
  }
}

/// As Kafka's deserialisers call themselves in messages; two of them do not say their type.
std::string_view deserializer_name(Type type) noexcept {
  switch (type) {
    case Type::Boolean:
      return "BooleanDeserializer";
    case Type::Int16:
      return "ShortDeserializer";
    case Type::Int32:
      return "IntegerDeserializer";
    case Type::Int64:
      return "LongDeserializer";
    default:
      return "Deserializer";
  }
}

std::string deserialize_message(Type type) {
  return "Failed to deserialize " + std::string(java_type_name(type)) + ": ";
}

uint64_t to_bits(const Value& value) noexcept {
  if (value.type() == Type::Float32) return std::bit_cast<uint32_t>(value.as_float());
  if (value.type() == Type::Float64) {
    constexpr uint64_t kCanonicalNan = 0x7ff8000000000000ULL;  // Double.doubleToLongBits
    const double v = value.as_double();
    return v != v ? kCanonicalNan : std::bit_cast<uint64_t>(v);
  }
  return static_cast<uint64_t>(value.as_int());
}

Value from_bits(Type type, uint64_t bits) noexcept {
  switch (type) {
    case Type::Boolean: return Value::boolean(bits != 0);
    case Type::Int16: return Value::int16(static_cast<int16_t>(bits));
    case Type::Int32: return Value::int32(static_cast<int32_t>(bits));
    case Type::Int64: return Value::int64(static_cast<int64_t>(bits));
    case Type::Float32: return Value::float32(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    default: return Value::float64(std::bit_cast<double>(bits));
  }
}

}  // namespace

template <Type T>
const ConfigDefinition& NumberCodec<T>::definition() {
  return type_only();
}

template <Type T>
bool NumberCodec<T>::decode(WireBytes wire, RecordBatch&, SchemaAndValue& out, CodecError& error) {
  static const Schema* const kSchema = primitive_schema(T, true).get();
  out.schema = kSchema;
  out.value = Value();
  if (wire.is_null()) return true;
  if (wire.size != wire_size(T)) {
    return error.fail_serialization(
        deserialize_message(T), "Size of data received by " + std::string(deserializer_name(T)) +
                                    " is not " + std::to_string(wire_size(T)));
  }
  uint64_t bits = 0;
  for (uint32_t i = 0; i < wire.size; ++i) bits = bits << 8U | wire.data[i];
  if (T == Type::Boolean && bits > 1) {
    return error.fail_serialization(deserialize_message(T),
                                    "Unexpected byte received by BooleanDeserializer: " +
                                        std::to_string(static_cast<int8_t>(bits)));
  }
  out.value = from_bits(T, bits);
  return true;
}

template <Type T>
bool NumberCodec<T>::encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out,
                            CodecError& error) {
  if (T == Type::Boolean && in.schema != nullptr && in.schema->type() != Type::Boolean) {
    return error.fail("Invalid schema type for BooleanConverter: " +
                      std::string(type_name(in.schema->type())));
  }
  if (in.value.is_null()) {
    out = WireBytes{};
    return true;
  }
  if (T == Type::Boolean && in.value.type() != T) {
    return error.fail("BooleanConverter is not compatible with objects of type " +
                      std::string(java_class(in.value.type())));
  }
  if (in.value.type() != T) {
    return error.fail("Failed to serialize to " + std::string(java_type_name(T)) + " (was " +
                      std::string(java_class(in.value.type())) + "): ");
  }
  const uint64_t bits = to_bits(in.value);
  const auto bytes = batch.arena().make_array<uint8_t>(wire_size(T));
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(bits >> 8U * (bytes.size() - 1 - i));
  }
  out = {bytes.data(), static_cast<uint32_t>(bytes.size())};
  return true;
}

template class NumberCodec<Type::Boolean>;
template class NumberCodec<Type::Int16>;
template class NumberCodec<Type::Int32>;
template class NumberCodec<Type::Int64>;
template class NumberCodec<Type::Float32>;
template class NumberCodec<Type::Float64>;

}  // namespace millrace::converters
