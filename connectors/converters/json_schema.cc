#include "connectors/converters/json_schema.h"

#include "connectors/converters/json_data.h"
#include "millrace/json.h"

namespace millrace::converters {
namespace {

struct TypeName {
  Type type;
  std::string_view name;
};
constexpr TypeName kTypes[] = {
    {Type::Boolean, "boolean"}, {Type::Int8, "int8"},     {Type::Int16, "int16"},
    {Type::Int32, "int32"},     {Type::Int64, "int64"},   {Type::Float32, "float"},
    {Type::Float64, "double"},  {Type::Bytes, "bytes"},   {Type::String, "string"},
    {Type::Array, "array"},     {Type::Map, "map"},       {Type::Struct, "struct"}};

std::string_view json_type(Type type) noexcept {
  for (const TypeName& entry : kTypes) {
    if (entry.type == type) return entry.name;
  }
  return {};
}

class SchemaReader {
 public:
  SchemaReader(const JsonOptions& options, CodecError& error) : options_(options), error_(error) {}

  bool read(const Value& json, SchemaPtr& out) {
    out = nullptr;
    if (json.is_null()) return true;
    const Value* type = member(json, "type");
    if (type == nullptr || type->type() != Type::String) {
      return error_.fail("Schema must contain 'type' field");
    }
    const auto builder = start(json, type->as_string());
    if (!builder) return false;
    return finish(json, *builder, out);
  }

 private:
  std::shared_ptr<SchemaBuilder> start(const Value& json, std::string_view type) {
    for (const TypeName& entry : kTypes) {
      if (entry.name != type) continue;
      switch (entry.type) {
        case Type::Array: return start_array(json);
        case Type::Map: return start_map(json);
        case Type::Struct: return start_struct(json);
        default: return std::make_shared<SchemaBuilder>(entry.type);
      }
    }
    error_.fail("Unknown schema type: " + std::string(type));
    return nullptr;
  }

  std::shared_ptr<SchemaBuilder> start_array(const Value& json) {
    const Value* items = member(json, "items");
    SchemaPtr element;
    if (items == nullptr || items->is_null()) {
      error_.fail("Array schema did not specify the element type");
    } else if (read(*items, element)) {
      return std::make_shared<SchemaBuilder>(SchemaBuilder::array(element));
    }
    return nullptr;
  }

  std::shared_ptr<SchemaBuilder> start_map(const Value& json) {
    const Value* keys = member(json, "keys");
    const Value* values = member(json, "values");
    SchemaPtr key;
    SchemaPtr value;
    if (keys == nullptr) {
      error_.fail("Map schema did not specify the key type");
    } else if (values == nullptr) {
      error_.fail("Map schema did not specify the value type");
    } else if (read(*keys, key) && read(*values, value)) {  // the builder refuses null
      return std::make_shared<SchemaBuilder>(SchemaBuilder::map(key, value));
    }
    return nullptr;
  }

  std::shared_ptr<SchemaBuilder> start_struct(const Value& json) {
    auto builder = std::make_shared<SchemaBuilder>(Type::Struct);
    const Value* fields = member(json, "fields");
    if (fields == nullptr || fields->type() != Type::Array) {
      error_.fail("Struct schema's \"fields\" argument is not an array.");
      return nullptr;
    }
    for (const Value& field : fields->as_array()) {
      const Value* name = member(field, "field");
      if (name == nullptr || name->type() != Type::String) {
        error_.fail("Struct schema's field name not specified properly");
        return nullptr;
      }
      SchemaPtr schema;
      if (!read(field, schema)) return nullptr;
      builder->field(std::string(name->as_string()), schema);
    }
    return builder;
  }

  bool finish(const Value& json, SchemaBuilder& builder, SchemaPtr& out) {
    const Value* optional = member(json, "optional");
    builder.optional(optional != nullptr && optional->type() == Type::Boolean &&
                     optional->as_bool());
    const Value* name = member(json, "name");
    if (name != nullptr && name->type() == Type::String) {
      builder.name(std::string(name->as_string()));
    }
    const Value* version = member(json, "version");
    if (version != nullptr && version->type() == Type::Int64) {
      builder.version(static_cast<int32_t>(version->as_int()));
    }
    const Value* doc = member(json, "doc");
    if (doc != nullptr && doc->type() == Type::String) builder.doc(std::string(doc->as_string()));
    return parameters(json, builder) && default_value(json, builder) &&
           (out = builder.build()) != nullptr;
  }

  bool parameters(const Value& json, SchemaBuilder& builder) {
    const Value* all = member(json, "parameters");
    if (all == nullptr || all->type() != Type::Map) return true;
    for (const MapEntry& entry : all->as_map()) {
      if (entry.value.type() != Type::String) {
        return error_.fail("Schema parameters must have string values.");
      }
      builder.parameter(std::string(entry.key.as_string()), std::string(entry.value.as_string()));
    }
    return true;
  }

  bool default_value(const Value& json, SchemaBuilder& builder) {
    const Value* node = member(json, "default");
    if (node == nullptr) return true;
    Arena arena;
    Value value;
    JavaMapOrder order;
    JsonReader reader{arena, order, options_.replace_null_with_default, error_};
    if (!reader.read(&builder.peek(), *node, value)) return false;
    // Java reads it with the builder for a schema, which no schema ever equals.
    if (value.type() == Type::Struct) {
      return error_.fail("Invalid default value", ErrorKind::SchemaBuilder);
    }
    builder.default_value(value);
    return true;
  }

  const JsonOptions& options_;
  CodecError& error_;
};

bool append_schema_or_null(std::string& out, const SchemaPtr& schema, bool numeric_decimals,
                           CodecError& error) {
  if (schema) return append_schema(out, *schema, {}, numeric_decimals, error);
  out += "null";
  return true;
}

void append_key(std::string& out, std::string_view key) {
  out += ",\"";
  out += key;
  out += "\":";
}

}  // namespace

const Value* member(const Value& object, std::string_view name) noexcept {
  if (object.type() != Type::Map) return nullptr;
  for (const MapEntry& entry : object.as_map()) {
    if (entry.key.type() == Type::String && entry.key.as_string() == name) return &entry.value;
  }
  return nullptr;
}

bool read_schema(const Value& json, const JsonOptions& options, SchemaPtr& out,
                 CodecError& error) {
  try {
    return SchemaReader(options, error).read(json, out);
  } catch (const Error& bad) {
    return error.fail(bad.what(), bad.kind());
  }
}

namespace {

bool append_children(std::string& out, const Schema& schema, bool numeric_decimals,
                     CodecError& error) {
  const auto child = [&](std::string_view key, const SchemaPtr& of) {
    append_key(out, key);
    return append_schema_or_null(out, of, numeric_decimals, error);
  };
  if (schema.type() == Type::Array) return child("items", schema.value_schema());
  if (schema.type() == Type::Map) {
    return child("keys", schema.key_schema()) && child("values", schema.value_schema());
  }
  if (schema.type() != Type::Struct) return true;
  append_key(out, "fields");
  out += '[';
  for (const Field& f : schema.fields()) {
    if (f.index != 0) out += ',';
    if (!append_schema(out, *f.schema, f.name, numeric_decimals, error)) return false;
  }
  out += ']';
  return true;
}

void append_attributes(std::string& out, const Schema& schema) {
  append_key(out, "optional");
  out += schema.optional() ? "true" : "false";
  if (schema.name()) {
    append_key(out, "name");
    append_json_string(out, *schema.name());
  }
  if (schema.version()) {
    append_key(out, "version");
    out += std::to_string(*schema.version());
  }
  if (schema.doc()) {
    append_key(out, "doc");
    append_json_string(out, *schema.doc());
  }
  if (schema.parameters().empty()) return;
  append_key(out, "parameters");
  char separator = '{';
  for (const auto& [key, value] : schema.parameters()) {
    out += std::exchange(separator, ',');
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

}  // namespace

bool append_schema(std::string& out, const Schema& schema, std::string_view field,
                   bool numeric_decimals, CodecError& error) {
  out += "{\"type\":\"";
  out += json_type(schema.type());
  out += '"';
  if (!append_children(out, schema, numeric_decimals, error)) return false;
  append_attributes(out, schema);
  if (schema.has_default()) {
    append_key(out, "default");
    // A default passed its class check, but not that of a logical type's content.
    const JsonWriter writer{out, true, numeric_decimals, error};
    if (!writer.write(&schema, schema.default_value())) return false;
  }
  if (field.data() != nullptr) {
    append_key(out, "field");
    append_json_string(out, field);
  }
  out += '}';
  return true;
}

}  // namespace millrace::converters
