#include "runtime/rest/request_bodies.h"

#include <fmt/format.h>

#include <functional>

#include "runtime/rest/http_types.h"
#include "runtime/rest/json_reader.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kEntities = "org.apache.kafka.connect.runtime.rest.entities.";
constexpr std::string_view kStringMap =
    "java.util.LinkedHashMap<java.lang.String,java.lang.String>";
constexpr std::string_view kObjectMap =
    "java.util.LinkedHashMap<java.lang.String,java.lang.Object>";

/// ` (through reference chain: …)`, so that users see which field is meant.
std::string chain(std::string_view path) {
  return path.empty() ? "" : fmt::format(" (through reference chain: {})", path);
}

[[noreturn]] void null_pointer(const std::string& message) {
  throw ErrorOf<ErrorKind::NullPointer>(message);
}

[[noreturn]] void wrong_type(const JsonReader& reader, std::string_view type,
                             std::string_view path) {
  throw JsonError(fmt::format("Cannot deserialize value of type `{}` from {} (token `{}`){}{}",
                              type, reader.token_description(), reader.token_name(),
                              reader.location(), chain(path)));
}

void require_object(const JsonReader& reader, std::string_view type, std::string_view path) {
  if (reader.token() != JsonToken::StartObject) wrong_type(reader, type, path);
}

/// Current token as Jackson coerces scalars to strings; nullopt for null.
std::optional<std::string> read_string(const JsonReader& reader, std::string_view path) {
  switch (reader.token()) {
    case JsonToken::Null:
      return std::nullopt;
    case JsonToken::String:
    case JsonToken::Number:
    case JsonToken::True:
    case JsonToken::False:
      return reader.text();
    default:
      wrong_type(reader, "java.lang.String", path);
  }
}

/// Current token starts a map of strings.
NullableConfig read_string_map(JsonReader& reader, std::string_view path) {
  require_object(reader, kStringMap, path);
  NullableConfig result;
  while (reader.next() == JsonToken::FieldName) {
    std::string key = reader.text();
    reader.next();
    const std::string where =
        fmt::format("{}{}java.util.LinkedHashMap[\"{}\"]", path, path.empty() ? "" : "->", key);
    result.insert_or_assign(std::move(key), read_string(reader, where));
  }
  return result;
}

std::string field_path(std::string_view entity, std::string_view field) {
  return fmt::format("{}{}[\"{}\"]", kEntities, entity, field);
}

[[noreturn]] void unrecognised(const JsonReader& reader, std::string_view entity,
                               size_t known_count, std::string_view known) {
  throw JsonError(fmt::format(
      "Unrecognized field \"{}\" (class {}{}), not marked as ignorable ({} known properties: "
      "{}]){}{}",
      reader.text(), kEntities, entity, known_count, known, reader.location(),
      chain(field_path(entity, reader.text()))));
}

std::optional<TargetState> read_initial_state(const JsonReader& reader) {
  const std::string path = field_path("CreateConnectorRequest", "initial_state");
  const auto text = read_string(reader, path);
  if (!text) return std::nullopt;
  if (equal_ignoring_case(*text, "RUNNING")) return TargetState::Started;
  if (equal_ignoring_case(*text, "PAUSED")) return TargetState::Paused;
  if (equal_ignoring_case(*text, "STOPPED")) return TargetState::Stopped;
  throw JsonError(fmt::format(
      "Cannot construct instance of `{}CreateConnectorRequest$InitialState`, problem: No enum "
      "constant {}CreateConnectorRequest.InitialState.{}{}{}",
      kEntities, kEntities, *text, reader.location(), chain(path)));
}

/// A map whose values are kept as text; null when the map itself is null.
std::optional<std::string> read_verbatim_map(JsonReader& reader, std::string_view path) {
  if (reader.token() == JsonToken::Null) return std::nullopt;
  require_object(reader, kObjectMap, path);
  return std::string(reader.skip_value());
}

JsonPartitionOffset read_partition_offset(JsonReader& reader, const std::string& path) {
  if (reader.token() == JsonToken::Null) {
    null_pointer("Cannot read an entry of \"offsets\" because it is null");
  }
  require_object(reader, std::string(kEntities) + "ConnectorOffset", path);
  JsonPartitionOffset entry{"null", std::nullopt};
  while (reader.next() == JsonToken::FieldName) {
    const bool partition = reader.text() == "partition";
    if (!partition && reader.text() != "offset") {
      unrecognised(reader, "ConnectorOffset", 2, "\"offset\", \"partition\"");
    }
    const std::string where = path + "->" + field_path("ConnectorOffset", reader.text());
    reader.next();
    auto text = read_verbatim_map(reader, where);
    if (partition) {
      entry.partition = text.value_or("null");
    } else {
      entry.offset = std::move(text);
    }
  }
  return entry;
}

}  // namespace

CreateConnectorRequest read_create_request(std::string_view body) {
  constexpr std::string_view kEntity = "CreateConnectorRequest";
  JsonReader reader(body);
  const JsonToken first = reader.next();
  if (first == JsonToken::End || first == JsonToken::Null) {
    null_pointer(fmt::format("Cannot invoke \"{}{}.name()\" because \"createRequest\" is null",
                             kEntities, kEntity));
  }
  require_object(reader, std::string(kEntities) + std::string(kEntity), "");
  CreateConnectorRequest request;
  std::optional<NullableConfig> config;
  while (reader.next() == JsonToken::FieldName) {
    const std::string field = reader.text();
    if (field != "name" && field != "config" && field != "initial_state") {
      unrecognised(reader, kEntity, 3, "\"config\", \"name\", \"initial_state\"");
    }
    const std::string path = field_path(kEntity, field);
    reader.next();
    if (field == "name") {
      request.name = read_string(reader, path);
    } else if (field == "initial_state") {
      request.initial_state = read_initial_state(reader);
    } else if (reader.token() == JsonToken::Null) {
      config.reset();
    } else {
      config = read_string_map(reader, path);
    }
  }
  if (!config) {
    null_pointer("Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null");
  }
  request.config = std::move(*config);
  return request;
}

NullableConfig read_config(std::string_view body, std::string_view null_text) {
  JsonReader reader(body);
  const JsonToken first = reader.next();
  if (first == JsonToken::End || first == JsonToken::Null) null_pointer(std::string(null_text));
  return read_string_map(reader, "");
}

std::vector<Properties> read_task_configs(std::string_view body) {
  constexpr std::string_view kEntity =
      "java.util.ArrayList<java.util.Map<java.lang.String,java.lang.String>>";
  JsonReader reader(body);
  const JsonToken first = reader.next();
  if (first == JsonToken::End) {
    throw JsonError("No content to map due to end-of-input" + reader.location());
  }
  if (first == JsonToken::Null) null_pointer("The list of task configurations is null");
  if (first != JsonToken::StartArray) wrong_type(reader, kEntity, "");
  std::vector<Properties> all;
  while (reader.next() != JsonToken::EndArray) {
    const std::string path = fmt::format("java.util.ArrayList[{}]", all.size());
    Properties& config = all.emplace_back();
    for (auto& [key, value] : read_string_map(reader, path)) {
      if (value) config.emplace(key, std::move(*value));
    }
  }
  return all;
}

std::vector<JsonPartitionOffset> read_offsets(std::string_view body) {
  constexpr std::string_view kEntity = "ConnectorOffsets";
  JsonReader reader(body);
  const JsonToken first = reader.next();
  if (first == JsonToken::End || first == JsonToken::Null) {
    null_pointer(fmt::format("Cannot invoke \"{}{}.offsets()\" because \"offsets\" is null",
                             kEntities, kEntity));
  }
  require_object(reader, std::string(kEntities) + std::string(kEntity), "");
  std::vector<JsonPartitionOffset> entries;
  while (reader.next() == JsonToken::FieldName) {
    if (reader.text() != "offsets") unrecognised(reader, kEntity, 1, "\"offsets\"");
    const std::string path = field_path(kEntity, "offsets");
    entries.clear();
    const JsonToken token = reader.next();
    if (token == JsonToken::Null) continue;
    if (token != JsonToken::StartArray) {
      wrong_type(reader, fmt::format("java.util.ArrayList<{}ConnectorOffset>", kEntities), path);
    }
    while (reader.next() != JsonToken::EndArray) {
      entries.push_back(read_partition_offset(reader, path));
    }
  }
  return entries;
}

}  // namespace millrace::rest
