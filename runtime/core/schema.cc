#include "millrace/schema.h"

#include <algorithm>
#include <array>
#include <exception>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr size_t kLinearFields = 8;  // up to here a scan beats the sorted index

Type class_of(Type type, const std::optional<std::string>& name) noexcept {
  if (name) {
    if (*name == logical::kDecimal) return Type::Decimal;
    if (*name == logical::kDate || *name == logical::kTime || *name == logical::kTimestamp) {
      return Type::Date;
    }
  }
  return type;
}

}  // namespace

const std::string* Schema::parameter(std::string_view key) const noexcept {
  const auto at = std::find_if(parameters_.begin(), parameters_.end(),
                               [key](const auto& entry) { return entry.first == key; });
  return at == parameters_.end() ? nullptr : &at->second;
}

const Field* Schema::field(std::string_view name) const noexcept {
  if (by_name_.empty()) {
    const auto at = std::find_if(fields_.begin(), fields_.end(),
                                 [name](const Field& f) { return f.name == name; });
    return at == fields_.end() ? nullptr : &*at;
  }
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](uint32_t index, std::string_view wanted) { return fields_[index].name < wanted; });
  return at == by_name_.end() || fields_[*at].name != name ? nullptr : &fields_[*at];
}

std::string Schema::to_string() const {
  std::string text = "Schema{";
  if (name_) text += *name_ + ":";
  return text += std::string(type_name(type_)) + "}";
}

bool same_schema(const Schema* a, const Schema* b) noexcept {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

namespace {

// A struct default refers back to the schema that owns it, so only its values are compared.
bool same_default(const Value& a, const Value& b) noexcept {
  if (a.type() != Type::Struct || b.type() != Type::Struct) return a == b;
  return std::equal(a.as_struct().values, a.as_struct().values + a.size(), b.as_struct().values,
                    b.as_struct().values + b.size());
}

// Order does not count; keys are unique.
bool same_parameters(const Schema& a, const Schema& b) noexcept {
  const auto in_b = [&b](const auto& entry) {
    const std::string* other = b.parameter(entry.first);
    return other != nullptr && *other == entry.second;
  };
  return a.parameters().size() == b.parameters().size() &&
         std::ranges::all_of(a.parameters(), in_b);
}

}  // namespace

bool operator==(const Schema& a, const Schema& b) noexcept {
  if (&a == &b) return true;
  const auto same_field = [](const Field& x, const Field& y) {
    return x.name == y.name && same_schema(x.schema.get(), y.schema.get());
  };
  return a.type() == b.type() && a.optional() == b.optional() && a.version() == b.version() &&
         a.name() == b.name() && a.doc() == b.doc() && a.has_default() == b.has_default() &&
         std::ranges::equal(a.fields(), b.fields(), same_field) &&
         same_default(a.default_value(), b.default_value()) && same_parameters(a, b) &&
         same_schema(a.key_schema().get(), b.key_schema().get()) &&
         same_schema(a.value_schema().get(), b.value_schema().get());
}

SchemaBuilder::SchemaBuilder(Type type) : schema_(new Schema()) {
  if (type < Type::Int8 || type > Type::Struct) {
    throw SchemaBuilderException("type cannot be null");
  }
  schema_->type_ = type;
  schema_->class_ = type;
}

SchemaBuilder SchemaBuilder::array(SchemaPtr element) {
  if (!element) throw SchemaBuilderException("valueSchema cannot be null.");
  SchemaBuilder builder(Type::Array);
  builder.schema_->value_ = std::move(element);
  return builder;
}

SchemaBuilder SchemaBuilder::map(SchemaPtr key, SchemaPtr value) {
  if (!key) throw SchemaBuilderException("keySchema cannot be null.");
  if (!value) throw SchemaBuilderException("valueSchema cannot be null.");
  return map_of_unknown(std::move(key), std::move(value));
}

SchemaBuilder SchemaBuilder::map_of_unknown(SchemaPtr key, SchemaPtr value) {
  SchemaBuilder builder(Type::Map);
  builder.schema_->key_ = std::move(key);
  builder.schema_->value_ = std::move(value);
  return builder;
}

namespace {

void once(bool already_set, std::string_view what) {
  if (already_set) {
    throw SchemaBuilderException("Invalid SchemaBuilder call: " + std::string(what) +
                                 " has already been set.");
  }
}

}  // namespace

SchemaBuilder& SchemaBuilder::optional(bool value) {
  once(optional_set_ && schema_->optional_ != value, "optional");
  optional_set_ = true;
  schema_->optional_ = value;
  return *this;
}

SchemaBuilder& SchemaBuilder::name(std::string value) {
  once(schema_->name_.has_value(), "name");
  schema_->name_ = std::move(value);
  schema_->class_ = class_of(schema_->type_, schema_->name_);
  return *this;
}

SchemaBuilder& SchemaBuilder::version(int32_t value) {
  once(schema_->version_.has_value(), "version");
  schema_->version_ = value;
  return *this;
}

SchemaBuilder& SchemaBuilder::doc(std::string value) {
  once(schema_->doc_.has_value(), "doc");
  schema_->doc_ = std::move(value);
  return *this;
}

SchemaBuilder& SchemaBuilder::parameter(std::string key, std::string value) {
  auto& all = schema_->parameters_;
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.first == key; });
  if (at != all.end()) {
    at->second = std::move(value);
  } else {
    all.emplace_back(std::move(key), std::move(value));
  }
  return *this;
}

SchemaBuilder& SchemaBuilder::parameters(const SchemaParameters& values) {
  for (const auto& [key, value] : values) parameter(key, value);
  return *this;
}

namespace {

/// Deep copy whose structs refer to the schemas inside `schema`, which live as long as the copy.
Value copy_into(const Schema& schema, const Value& value, Arena& arena) {
  if (value.type() == Type::Struct) {
    const std::span<Value> members = arena.make_array<Value>(value.size());
    for (const Field& field : schema.fields()) {
      members[field.index] = copy_into(*field.schema, value.as_struct().values[field.index], arena);
    }
    auto* data = arena.make<StructData>();
    *data = {&schema, members.data()};
    return Value::structure(data);
  }
  if (value.type() == Type::Array) {
    const std::span<Value> elements = arena.make_array<Value>(value.size());
    std::ranges::transform(value.as_array(), elements.begin(), [&](const Value& element) {
      return copy_into(*schema.value_schema(), element, arena);
    });
    return Value::array(elements);
  }
  if (value.type() == Type::Map) {
    const std::span<MapEntry> entries = arena.make_array<MapEntry>(value.size());
    std::ranges::transform(value.as_map(), entries.begin(), [&](const MapEntry& entry) {
      return MapEntry{copy_into(*schema.key_schema(), entry.key, arena),
                      copy_into(*schema.value_schema(), entry.value, arena)};
    });
    return Value::map(entries);
  }
  return copy_value(value, arena);
}

/// A struct must be made with the very schema under construction; an equal one is another.
std::string validate_default(const Schema& schema, const Value& value) {
  if (value.type() == Type::Struct && schema.type() == Type::Struct &&
      value.as_struct().schema != &schema) {
    return "Struct schemas do not match.";
  }
  return validate_value(schema, value, "value");
}

}  // namespace

SchemaBuilder& SchemaBuilder::default_value(const Value& value) {
  once(schema_->has_default_, "default");
  if (const std::string error = validate_default(*schema_, value); !error.empty()) {
    try {
      throw DataException(error);
    } catch (const DataException&) {
      std::throw_with_nested(SchemaBuilderException("Invalid default value"));
    }
  }
  if (value.is_null()) return *this;
  schema_->has_default_ = true;
  schema_->default_ = copy_into(*schema_, value, schema_->arena_);
  return *this;
}

SchemaBuilder& SchemaBuilder::field(std::string name, SchemaPtr schema) {
  if (schema_->type_ != Type::Struct) {
    throw SchemaBuilderException("Cannot create fields on type " +
                                 std::string(type_name(schema_->type_)));
  }
  if (name.empty()) throw SchemaBuilderException("fieldName cannot be null.");
  if (!schema) throw SchemaBuilderException("fieldSchema for field " + name + " cannot be null.");
  if (schema_->field(name) != nullptr) {
    throw SchemaBuilderException("Cannot create field because of field name duplication " + name);
  }
  const auto index = static_cast<uint32_t>(schema_->fields_.size());
  schema_->fields_.push_back({std::move(name), index, std::move(schema)});
  if (schema_->fields_.size() > kLinearFields) {
    auto& order = schema_->by_name_;
    const auto by_name = [this](uint32_t a, uint32_t b) {
      return schema_->fields_[a].name < schema_->fields_[b].name;
    };
    if (order.empty()) {
      for (uint32_t i = 0; i < index; ++i) order.push_back(i);
      std::sort(order.begin(), order.end(), by_name);
    }
    order.insert(std::upper_bound(order.begin(), order.end(), index, by_name), index);
  }
  return *this;
}

SchemaPtr SchemaBuilder::build() {
  return std::move(schema_);
}

const SchemaPtr& primitive_schema(Type type, bool optional) {
  constexpr size_t kCount = static_cast<size_t>(Type::Bytes) + 1;
  static const auto all = [] {
    std::array<std::array<SchemaPtr, 2>, kCount> schemas;
    for (size_t t = static_cast<size_t>(Type::Int8); t < kCount; ++t) {
      schemas[t][0] = SchemaBuilder(static_cast<Type>(t)).build();
      schemas[t][1] = SchemaBuilder(static_cast<Type>(t)).optional().build();
    }
    return schemas;
  }();
  return all.at(static_cast<size_t>(type))[optional ? 1 : 0];
}

namespace logical {

SchemaBuilder decimal(int32_t scale) {
  SchemaBuilder builder(Type::Bytes);
  builder.name(std::string(kDecimal)).version(1);
  builder.parameter(std::string(kScaleParameter), std::to_string(scale));
  return builder;
}

namespace {
SchemaBuilder named(Type type, std::string_view name) {
  SchemaBuilder builder(type);
  builder.name(std::string(name)).version(1);
  return builder;
}
}  // namespace

SchemaBuilder date() {
  return named(Type::Int32, kDate);
}
SchemaBuilder time() {
  return named(Type::Int32, kTime);
}
SchemaBuilder timestamp() {
  return named(Type::Int64, kTimestamp);
}

}  // namespace logical
}  // namespace millrace
