// Object.toString of values, as Java's console and file sinks write them.

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "millrace/decimal.h"
#include "millrace/schema.h"
#include "millrace/text.h"
#include "runtime/core/java_double.h"

namespace millrace {
namespace {

constexpr size_t kIntegerSize = 20;  // of an int64 with its sign

/// Gathers small pieces before they go to the string: an append costs more than most of them.
class Text {
 public:
  explicit Text(std::string& out) noexcept : out_(out) {}
  ~Text() { flush(); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  void put(char c) {
    reserve(1);
    *at_++ = c;
  }
  void put(std::string_view text) {
    if (text.size() > sizeof chunk_) {
      flush();
      out_.append(text);
      return;
    }
    reserve(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_integer(int64_t value) {
    reserve(kIntegerSize);
    at_ = std::to_chars(at_, at_ + kIntegerSize, value).ptr;
  }
  void put_double(double value) {
    reserve(kJavaFloatSize);
    at_ = write_java_double(at_, value);
  }
  void put_float(float value) {
    reserve(kJavaFloatSize);
    at_ = write_java_float(at_, value);
  }
  /// The string itself, for what is rare.
  std::string& direct() {
    flush();
    return out_;
  }

 private:
  void reserve(size_t size) {
    if (static_cast<size_t>(chunk_ + sizeof chunk_ - at_) < size) flush();
  }
  void flush() {
    out_.append(chunk_, static_cast<size_t>(at_ - chunk_));
    at_ = chunk_;
  }

  std::string& out_;
  char chunk_[512];
  char* at_ = chunk_;
};

// java.util.Date.toString: `Thu Jan 01 00:00:00 UTC 1970`, in the local zone.
void put_date(Text& out, int64_t epoch_ms) {
  constexpr int64_t kMsPerSecond = 1000;
  const auto seconds = static_cast<std::time_t>(
      epoch_ms / kMsPerSecond - (epoch_ms % kMsPerSecond < 0 ? 1 : 0));
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[64];
  out.put({buffer, std::strftime(buffer, sizeof buffer, "%a %b %d %H:%M:%S %Z %Y", &local)});
}

// Object.hashCode differs from run to run in Java; only the shape is a contract.
void put_array_identity(Text& out, const Value& value) {
  char buffer[16];
  const auto identity = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(value.data()) >> 4U);
  std::snprintf(buffer, sizeof buffer, "[B@%x", identity);
  out.put(std::string_view(buffer));
}

void put_value(Text& out, const Value& value);

void put_struct(Text& out, const Value& value) {
  const StructData& data = value.as_struct();
  out.put("Struct{");
  bool first = true;
  for (const Field& field : data.schema->fields()) {
    const Value& member = data.values[field.index];
    if (member.is_null()) continue;
    if (!first) out.put(',');
    first = false;
    out.put(field.name);
    out.put('=');
    put_value(out, member);
  }
  out.put('}');
}

void put_array(Text& out, const Value& value) {
  out.put('[');
  bool first = true;
  for (const Value& element : value.as_array()) {
    if (!first) out.put(", ");
    first = false;
    put_value(out, element);
  }
  out.put(']');
}

void put_map(Text& out, const Value& value) {
  out.put('{');
  bool first = true;
  for (const MapEntry& entry : value.as_map()) {
    if (!first) out.put(", ");
    first = false;
    put_value(out, entry.key);
    out.put('=');
    put_value(out, entry.value);
  }
  out.put('}');
}

void put_value(Text& out, const Value& value) {
  switch (value.type()) {
    case Type::Null: return out.put("null");
    case Type::Boolean: return out.put(value.as_bool() ? "true" : "false");
    case Type::Float32: return out.put_float(value.as_float());
    case Type::Float64: return out.put_double(value.as_double());
    case Type::String: return out.put(value.as_string());
    case Type::Bytes: return put_array_identity(out, value);
    case Type::Decimal: return append_decimal(out.direct(), value.as_decimal());
    case Type::Date: return put_date(out, value.as_int());
    case Type::Struct: return put_struct(out, value);
    case Type::Array: return put_array(out, value);
    case Type::Map: return put_map(out, value);
    default: return out.put_integer(value.as_int());
  }
}

}  // namespace

void append_java_string(std::string& out, const Value& value) {
  Text text(out);
  put_value(text, value);
}

}  // namespace millrace
