#include "runtime/herder/config_json.h"

#include <array>

#include "millrace/json.h"

namespace millrace {
namespace {

constexpr std::string_view kCreateRequest =
    "class org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest";

std::string cannot_deserialize(std::string_view type, const Value& value) {
  std::string_view found = "Object value (token `JsonToken.START_OBJECT`)";
  if (value.type() == Type::Array) found = "Array value (token `JsonToken.START_ARRAY`)";
  else if (value.type() == Type::String) found = "String value (token `JsonToken.VALUE_STRING`)";
  else if (value.type() == Type::Int64) found = "Integer value (token `JsonToken.VALUE_NUMBER_INT`)";
  else if (value.type() == Type::Boolean) found = "Boolean value (token `JsonToken.VALUE_TRUE`)";
  else if (value.type() == Type::Float64) {
    found = "Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)";
  }
  return "Cannot deserialize value of type `" + std::string(type) + "` from " + std::string(found);
}

bool fail(JsonFailure* failure, std::string message) {
  if (failure != nullptr) failure->message = std::move(message);
  return false;
}

/// A scalar as text; strings decoded, numbers and booleans as they are spelt.
bool to_text(const JsonScalar& scalar, std::optional<std::string>& out, JsonFailure* failure) {
  if (scalar.value.is_null()) {
    out.reset();
    return true;
  }
  if (scalar.value.type() == Type::Map || scalar.value.type() == Type::Array) {
    return fail(failure, cannot_deserialize("java.lang.String", scalar.value));
  }
  out = scalar.value.type() == Type::String ? std::string(scalar.value.as_string())
                                            : std::string(scalar.text);
  return true;
}

std::optional<NullableConfig> to_config(std::string_view json, JsonFailure* failure) {
  Arena arena;
  std::vector<JsonMember> members;
  std::string error;
  if (!parse_json_object(json, arena, members, error)) {
    fail(failure, std::move(error));
    return std::nullopt;
  }
  NullableConfig config;
  for (const JsonMember& member : members) {
    if (!to_text(member.scalar, config[std::string(member.name)], failure)) return std::nullopt;
  }
  return config;
}

}  // namespace

std::optional<NullableConfig> parse_config_map(std::string_view json, JsonFailure* failure) {
  return to_config(json, failure);
}

std::optional<CreateRequest> parse_create_request(std::string_view json, UnknownFields unknown,
                                                  JsonFailure* failure) {
  Arena arena;
  std::vector<JsonMember> members;
  std::string error;
  if (!parse_json_object(json, arena, members, error)) {
    fail(failure, std::move(error));
    return std::nullopt;
  }
  CreateRequest request;
  for (const JsonMember& member : members) {
    if (member.name == "config") {
      if (member.scalar.value.is_null()) continue;
      request.config = to_config(member.scalar.text, failure);
      if (!request.config) return std::nullopt;
    } else if (member.name == "name") {
      if (!to_text(member.scalar, request.name, failure)) return std::nullopt;
    } else if (member.name == "initial_state") {
      if (!to_text(member.scalar, request.initial_state, failure)) return std::nullopt;
    } else if (unknown == UnknownFields::Refused) {
      fail(failure, "Unrecognized field \"" + std::string(member.name) + "\" (" +
                        std::string(kCreateRequest) +
                        "), not marked as ignorable (3 known properties: \"initial_state\", "
                        "\"config\", \"name\"])");
      return std::nullopt;
    }
  }
  return request;
}

}  // namespace millrace
