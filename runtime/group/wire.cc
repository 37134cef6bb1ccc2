#include "runtime/group/wire.h"

#include <fmt/format.h>

#include <limits>

#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::group {

void WireWriter::big_endian(uint64_t value, size_t size) {
  for (size_t i = size; i-- > 0;) out_.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

void WireWriter::string(std::string_view text) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int16_t>::max())) {
    throw ConnectException(
        fmt::format("writing for the group: '{}...' has {} bytes, and Kafka's protocol allows "
                    "32767; shorten it",
                    utf8::sanitise(text.substr(0, 40)), text.size()));
  }
  int16(static_cast<int16_t>(text.size()));
  out_ += text;
}

void WireWriter::count(size_t elements) {
  if (elements > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    throw ConnectException(fmt::format(
        "writing for the group: {} elements, and Kafka's protocol allows 2147483647", elements));
  }
  int32(static_cast<int32_t>(elements));
}

void WireWriter::bytes(std::string_view data) {
  count(data.size());
  out_ += data;
}

void WireReader::fail(std::string_view field, std::string_view problem) const {
  throw ConnectException(
      fmt::format("reading {}: {} {}; {}", subject_, field, problem, advice_));
}

std::string_view WireReader::take(size_t size, std::string_view field) {
  if (size > left_.size()) {
    fail(field, fmt::format("needs {} bytes, {} are left", size, left_.size()));
  }
  const std::string_view taken = left_.substr(0, size);
  left_.remove_prefix(size);
  return taken;
}

uint64_t WireReader::big_endian(size_t size, std::string_view field) {
  uint64_t value = 0;
  for (const char c : take(size, field)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::string WireReader::string(std::string_view field) {
  const int16_t size = int16(field);
  if (size < 0) fail(field, fmt::format("has the length {}", size));
  return utf8::sanitise(take(static_cast<size_t>(size), field));
}

std::string WireReader::nullable_string(std::string_view field) {
  const int16_t size = int16(field);
  return size < 0 ? std::string() : utf8::sanitise(take(static_cast<size_t>(size), field));
}

int32_t WireReader::count(std::string_view field) {
  const int32_t elements = int32(field);
  if (elements < 0) return kNull;
  if (static_cast<size_t>(elements) > left_.size()) {
    fail(field, fmt::format("has {} elements in {} bytes", elements, left_.size()));
  }
  return elements;
}

bool WireReader::nullable_bytes(std::string_view field, std::string_view& data) {
  const int32_t size = int32(field);
  if (size < 0) return false;
  data = take(static_cast<size_t>(size), field);
  return true;
}

}  // namespace millrace::group
