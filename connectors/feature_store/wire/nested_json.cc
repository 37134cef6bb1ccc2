#include "connectors/feature_store/wire/nested_json.h"

#include "connectors/avro/binary.h"
#include "connectors/avro/limits.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

using avro::Kind;
using avro::Node;

class NestedJson {
 public:
  NestedJson(std::string& out, std::string_view bytes, const JsonStyle& style)
      : out_(out), in_(bytes), budget_(avro::kFreeValues + bytes.size()), style_(style) {}

  bool write(const Node& type) {
    value(type, 0);
    return !in_.failed() && in_.remaining() == 0;
  }

 private:
  void value(const Node& type, int depth) {
    if (depth > avro::kMaxValueDepth || budget_-- == 0) in_.fail("too many values, or too deep");
    if (in_.failed()) return;
    switch (type.kind) {
      case Kind::Null: out_ += "null"; break;
      case Kind::Boolean: out_ += in_.read_boolean() ? "true" : "false"; break;
      case Kind::Int: whole(type, in_.read_int()); break;
      case Kind::Long: whole(type, in_.read_long()); break;
      case Kind::Float: append_json_real(out_, in_.read_float()); break;
      case Kind::Double: append_json_real(out_, in_.read_double()); break;
      case Kind::Bytes: binary(type, in_.read_bytes()); break;
      case Kind::String: append_json_text(out_, in_.read_bytes()); break;
      case Kind::Record: record(type, depth); break;
      case Kind::Array: items(type, depth, '[', ']'); break;
      case Kind::Map: items(type, depth, '{', '}'); break;
      case Kind::Union:
        if (type.members.empty()) return in_.fail("a union has no branch");
        value(*type.members[in_.read_index(type.members.size())], depth + 1);
        break;
      default: in_.fail("no feature has such a type");
    }
  }

  void whole(const Node& type, int64_t number) {
    const std::string_view logical = type.logical_type();
    if (logical == "date" && type.kind == Kind::Int) {
      out_ += '"';
      append_date(out_, number);
      out_ += '"';
    } else if (type.kind == Kind::Long && logical.ends_with("timestamp-micros")) {
      moment(number, kMicrosPerSecond);
    } else if (type.kind == Kind::Long && logical.ends_with("timestamp-millis")) {
      moment(number, kMicrosPerSecond / 1'000);
    } else {
      append_integer(out_, number);
    }
  }

  void moment(int64_t number, int64_t per_second) {
    const int64_t rest = number % per_second;
    const int64_t part = rest < 0 ? rest + per_second : rest;
    out_ += '"';
    append_instant(out_, floor_div(number, per_second), part * (kMicrosPerSecond / per_second),
                   style_.rfc3339 ? 'T' : ' ', -1);
    out_ += style_.rfc3339 ? "Z\"" : "\"";
  }

  void binary(const Node& type, std::string_view bytes) {
    if (type.logical_type() != "decimal") return append_json_base64(out_, bytes);
    if (!append_plain_decimal(out_, bytes, type.number("scale").value_or(0))) {
      in_.fail("a decimal has too many digits");
    }
  }

  void record(const Node& type, int depth) {
    char before = '{';
    for (const avro::Field& field : type.fields) {
      out_ += before;
      append_json_text(out_, field.name);
      out_ += ':';
      value(*field.type, depth + 1);
      if (in_.failed()) return;
      before = ',';
    }
    if (type.fields.empty()) out_ += '{';
    out_ += '}';
  }

  void items(const Node& type, int depth, char open, char close) {
    out_ += open;
    bool first = true;
    for (int64_t count = in_.read_block(); count > 0; count = in_.read_block()) {
      for (; count > 0 && !in_.failed(); --count) {
        if (!first) out_ += ',';
        first = false;
        if (type.kind == Kind::Map) {
          append_json_text(out_, in_.read_bytes());
          out_ += ':';
        }
        value(*type.members[0], depth + 1);
      }
    }
    out_ += close;
  }

  std::string& out_;
  avro::Reader in_;
  uint64_t budget_;
  const JsonStyle& style_;
};

}  // namespace

bool append_nested_json(std::string& out, const Node& type, std::string_view bytes,
                        const JsonStyle& style) {
  const size_t before = out.size();
  if (NestedJson(out, bytes, style).write(type)) return true;
  out.resize(before);
  return false;
}

}  // namespace millrace::feature_store
