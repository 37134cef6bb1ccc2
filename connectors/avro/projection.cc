#include "connectors/avro/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::avro {
namespace {

std::string_view short_name(std::string_view full) { return full.substr(full.rfind('.') + 1); }

/// 0: cannot be read so; the higher the better it fits.
int fit(const Node& written, const Node& read, FieldMatch match) {
  const Kind from = written.kind;
  const Kind to = read.kind;
  if (from == to) {
    if (from == Kind::Fixed && written.size != read.size) return 0;
    if (!written.is_named() || written.name == read.name) return 4;
    const bool same = short_name(written.name) == short_name(read.name) ||
                      std::find(read.aliases.begin(), read.aliases.end(), written.name) !=
                          read.aliases.end();
    if (same) return 3;
    // Names of records and fixed types are the writer's whim, as long as the content fits.
    return from == Kind::Enum ? 0 : 2;
  }
  const bool is_text = to == Kind::Bytes || to == Kind::String;
  switch (from) {
    case Kind::Int: return to == Kind::Long || to == Kind::Float || to == Kind::Double ? 1 : 0;
    case Kind::Long: return to == Kind::Float || to == Kind::Double ? 1 : 0;
    case Kind::Float: return to == Kind::Double ? 1 : 0;
    case Kind::Bytes:
    case Kind::String: return is_text ? 1 : 0;
    case Kind::Fixed: return match == FieldMatch::FieldId && to == Kind::Bytes ? 1 : 0;
    default: return 0;
  }
}

std::string bytes_from_json(const std::string& text) {
  std::string bytes;
  for (std::string_view rest = text; !rest.empty();) {
    const utf8::Decoded next = utf8::decode(rest);
    if (next.code_point > 0xFF) throw DataException("an Avro default has bytes above 255");
    bytes.push_back(static_cast<char>(static_cast<uint8_t>(next.code_point)));
    rest.remove_prefix(next.length);
  }
  return bytes;
}

std::optional<Value> from_json(const Node& type, const Json& json, int depth);

std::optional<Value> record_from_json(const Node& type, const Json& json, int depth) {
  if (!json.is_object()) return std::nullopt;
  Record record;
  for (const Field& field : type.fields) {
    const auto found = json.find(field.name);
    const Json* given = found != json.end() ? &*found
                        : field.default_value ? &*field.default_value
                                              : nullptr;
    if (given == nullptr) return std::nullopt;
    std::optional<Value> value = from_json(*field.type, *given, depth + 1);
    if (!value) return std::nullopt;
    record.fields.push_back(std::move(*value));
  }
  return Value(std::move(record));
}

std::optional<Value> items_from_json(const Node& type, const Json& json, int depth) {
  Array array;
  Map map;
  if (type.kind == Kind::Array ? !json.is_array() : !json.is_object()) return std::nullopt;
  for (const auto& [key, item] : json.items()) {
    std::optional<Value> value = from_json(*type.members[0], item, depth + 1);
    if (!value) return std::nullopt;
    if (type.kind == Kind::Array) {
      array.push_back(std::move(*value));
    } else {
      map.emplace_back(key, std::move(*value));
    }
  }
  return type.kind == Kind::Array ? Value(std::move(array)) : Value(std::move(map));
}

std::optional<Value> text_from_json(const Node& type, const Json& json) {
  if (!json.is_string()) return std::nullopt;
  std::string text = json.get<std::string>();
  if (type.kind == Kind::Bytes || type.kind == Kind::Fixed) text = bytes_from_json(text);
  if (type.kind == Kind::Fixed && text.size() != type.size) return std::nullopt;
  if (type.kind == Kind::Enum &&
      std::find(type.symbols.begin(), type.symbols.end(), text) == type.symbols.end()) {
    return std::nullopt;
  }
  return Value(std::move(text));
}

std::optional<Value> number_from_json(const Node& type, const Json& json) {
  if (type.kind == Kind::Float || type.kind == Kind::Double) {
    if (!json.is_number()) return std::nullopt;
    if (type.kind == Kind::Float) return Value(json.get<float>());
    return Value(json.get<double>());
  }
  if (!json.is_number_integer()) return std::nullopt;
  const int64_t number = json.get<int64_t>();
  if (type.kind == Kind::Long) return Value(number);
  if (number != static_cast<int32_t>(number)) return std::nullopt;
  return Value(static_cast<int32_t>(number));
}

std::optional<Value> from_json(const Node& type, const Json& json, int depth) {
  if (depth > kMaxValueDepth) return std::nullopt;
  switch (type.kind) {
    case Kind::Null: return json.is_null() ? std::optional<Value>(Value()) : std::nullopt;
    case Kind::Boolean:
      return json.is_boolean() ? std::optional<Value>(json.get<bool>()) : std::nullopt;
    case Kind::Int:
    case Kind::Long:
    case Kind::Float:
    case Kind::Double: return number_from_json(type, json);
    case Kind::Bytes:
    case Kind::String:
    case Kind::Fixed:
    case Kind::Enum: return text_from_json(type, json);
    case Kind::Record: return record_from_json(type, json, depth);
    case Kind::Array:
    case Kind::Map: return items_from_json(type, json, depth);
    case Kind::Union: break;
  }
  for (const Node* member : type.members) {
    if (std::optional<Value> value = from_json(*member, json, depth + 1)) return value;
  }
  return std::nullopt;
}

}  // namespace

Value value_from_json(const Node& type, const Json& json) {
  std::optional<Value> value = from_json(type, json, 0);
  if (!value) {
    throw DataException(
        fmt::format("an Avro default is no {}: {}", kind_name(type.kind), json.dump()));
  }
  return std::move(*value);
}

class ProjectionBuilder {
 public:
  ProjectionBuilder(Projection& projection, FieldMatch match)
      : projection_(projection), match_(match) {}

  using Step = Projection::Step;

  const Step* build(const Node& written, const Node& read) {
    const auto [known, is_new] = steps_.try_emplace({&written, &read}, nullptr);
    if (!is_new) return known->second;
    Step* step = &projection_.steps_.emplace_back();
    known->second = step;
    step->written = &written;
    step->read = &read;
    if (written.kind == Kind::Union) {
      for (const Node* branch : written.members) step->members.push_back(build(*branch, read));
      return step;
    }
    step->read = branch_for(written, read);
    step->fits = step->read != nullptr;
    if (!step->fits) {
      step->read = &read;
      return step;
    }
    if (written.kind == Kind::Array || written.kind == Kind::Map) {
      step->members.push_back(build(*written.members[0], *step->read->members[0]));
    }
    if (written.kind == Kind::Record) build_fields(*step);
    return step;
  }

 private:
  const Node* branch_for(const Node& written, const Node& read) const {
    if (read.kind != Kind::Union) return fit(written, read, match_) > 0 ? &read : nullptr;
    const Node* best = nullptr;
    int best_fit = 0;
    for (const Node* branch : read.members) {
      const int now = fit(written, *branch, match_);
      if (now > best_fit) best = branch;
      best_fit = std::max(now, best_fit);
    }
    return best;
  }

  void build_fields(Step& step) {
    std::vector<bool> filled(step.read->fields.size());
    for (const Field& field : step.written->fields) {
      const std::optional<size_t> target = target_of(field, *step.read);
      Projection::FieldStep field_step;
      field_step.written = field.type;
      if (target && !filled[*target]) {
        field_step.target = *target;
        field_step.step = build(*field.type, *step.read->fields[*target].type);
        filled[*target] = true;
      }
      step.fields.push_back(field_step);
    }
    for (size_t i = 0; i < filled.size(); ++i) {
      if (filled[i]) continue;
      const Field& field = step.read->fields[i];
      if (field.default_value) {
        step.defaults.emplace_back(i, value_from_json(*field.type, *field.default_value));
      } else {
        step.fits = false;
        step.missing = field.name;
      }
    }
  }

  std::optional<size_t> target_of(const Field& written, const Node& read) const {
    const auto index_of = [&](const auto& matches) -> std::optional<size_t> {
      const auto found = std::find_if(read.fields.begin(), read.fields.end(), matches);
      if (found == read.fields.end()) return std::nullopt;
      return static_cast<size_t>(found - read.fields.begin());
    };
    if (match_ == FieldMatch::FieldId) {
      const std::optional<int64_t> id = number(written.properties, "field-id");
      if (!id) return std::nullopt;
      return index_of([&](const Field& f) { return number(f.properties, "field-id") == id; });
    }
    const auto by_name = index_of([&](const Field& f) { return f.name == written.name; });
    if (by_name) return by_name;
    return index_of([&](const Field& f) {
      return std::find(f.aliases.begin(), f.aliases.end(), written.name) != f.aliases.end();
    });
  }

  Projection& projection_;
  FieldMatch match_;
  std::map<std::pair<const Node*, const Node*>, const Step*> steps_;
};

Projection::Projection(SchemaPtr writer, SchemaPtr reader, FieldMatch match)
    : writer_(std::move(writer)), reader_(std::move(reader)) {
  root_ = ProjectionBuilder(*this, match).build(writer_->root(), reader_->root());
}

}  // namespace millrace::avro
