#include "connectors/transforms/data.h"

namespace millrace::transforms {
namespace {

std::string unsupported(std::string_view what, std::string_view purpose, const Value& value) {
  std::string text = "Only ";
  text += what;
  text += " for [";
  text += purpose;
  text += "], found: ";
  return text + class_found(value);
}

}  // namespace

std::string class_found(const Value& value) {
  if (value.is_null()) return "null";
  std::string_view name = java_class(value.type());
  constexpr std::string_view kPrefix = "class ";
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  return std::string(name);
}

bool require_struct(const Value& value, std::string_view purpose, Failure& failure) {
  if (value.type() == Type::Struct) return true;
  return failure.fail(unsupported("Struct objects supported", purpose, value));
}

bool require_map(const Value& value, std::string_view purpose, Failure& failure) {
  if (value.type() == Type::Map) return true;
  return failure.fail(
      unsupported("Map objects supported in absence of schema", purpose, value));
}

SchemaBuilder& copy_basics(SchemaBuilder& builder, const Schema& from) {
  if (from.name()) builder.name(*from.name());
  if (from.version()) builder.version(*from.version());
  if (from.doc()) builder.doc(*from.doc());
  builder.parameters(from.parameters());
  return builder;
}

const Value* find_entry(const Value& map, std::string_view key) noexcept {
  const auto entries = map.as_map();
  // The last of equal keys is the one a Java map would have kept.
  for (size_t i = entries.size(); i-- > 0;) {
    if (entries[i].key.type() == Type::String && entries[i].key.as_string() == key) {
      return &entries[i].value;
    }
  }
  return nullptr;
}

bool check_put(const Field& field, const Value& value, Failure& failure) {
  if (value.is_null() && field.schema->optional()) return true;
  std::string why = validate_value(*field.schema, value, "field: \"" + field.name + "\"");
  return why.empty() || failure.fail(std::move(why));
}

KeySpec replace_null_spec() {
  return {.name = "replace.null.with.default",
          .importance = Importance::Medium,
          .doc = "Whether a field that is null takes its default value, if it has one. When false, "
                 "null is kept."};
}

}  // namespace millrace::transforms
