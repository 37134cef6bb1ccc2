#include "connectors/avro/binary.h"

#include <bit>
#include <cstring>
#include <limits>

namespace millrace::avro {
namespace {

template <typename Number>
void append_little_endian(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(value >> (8 * i))));
  }
}

template <typename Number>
Number little_endian(std::string_view bytes) noexcept {
  Number value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<Number>(static_cast<Number>(static_cast<uint8_t>(bytes[i])) << (8 * i));
  }
  return value;
}

}  // namespace

void Writer::write_long(int64_t value) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63);
  while (rest >= 0x80) {
    out_.push_back(static_cast<char>((rest & 0x7FU) | 0x80U));
    rest >>= 7U;
  }
  out_.push_back(static_cast<char>(rest));
}

void Writer::write_float(float value) {
  append_little_endian(out_, std::bit_cast<uint32_t>(value));
}

void Writer::write_double(double value) {
  append_little_endian(out_, std::bit_cast<uint64_t>(value));
}

void Writer::write_bytes(std::string_view value) {
  write_long(static_cast<int64_t>(value.size()));
  out_.append(value);
}

void Writer::open_block(size_t count) {
  if (count > 0) write_long(static_cast<int64_t>(count));
}

void Reader::fail(const char* error) noexcept {
  if (error_ == nullptr) error_ = error;
  next_ = end_;
}

bool Reader::read_boolean() noexcept {
  const std::string_view byte = read_fixed(1);
  if (byte.empty()) return false;
  if (byte[0] != 0 && byte[0] != 1) fail("a boolean is neither 0 nor 1");
  return byte[0] == 1;
}

int64_t Reader::read_long() noexcept {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (next_ == end_) {
      fail("the input ends within a number");
      return 0;
    }
    const auto byte = static_cast<uint8_t>(*next_++);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return static_cast<int64_t>((value >> 1U) ^ (0 - (value & 1U)));
  }
  fail("a number has more than 64 bits");
  return 0;
}

int32_t Reader::read_int() noexcept {
  const int64_t value = read_long();
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    fail("an int has more than 32 bits");
    return 0;
  }
  return static_cast<int32_t>(value);
}

float Reader::read_float() noexcept {
  return std::bit_cast<float>(little_endian<uint32_t>(read_fixed(4)));
}

double Reader::read_double() noexcept {
  return std::bit_cast<double>(little_endian<uint64_t>(read_fixed(8)));
}

std::string_view Reader::read_bytes() noexcept {
  const int64_t size = read_long();
  if (size < 0) {
    fail("a length is negative");
    return {};
  }
  return read_fixed(static_cast<size_t>(size));
}

std::string_view Reader::read_fixed(size_t size) noexcept {
  if (size > remaining()) {
    fail("the input ends within a value");
    return {};
  }
  const std::string_view value(next_, size);
  next_ += size;
  return value;
}

int64_t Reader::read_block(int64_t* skip_bytes) noexcept {
  if (skip_bytes != nullptr) *skip_bytes = -1;
  const int64_t count = read_long();
  if (count >= 0) return count;
  if (count == std::numeric_limits<int64_t>::min()) {
    fail("a count is out of range");
    return 0;
  }
  const int64_t size = read_long();
  if (size < 0 || static_cast<uint64_t>(size) > remaining()) {
    fail("the input ends within a block");
    return 0;
  }
  if (skip_bytes != nullptr) *skip_bytes = size;
  return -count;
}

size_t Reader::read_index(size_t count) noexcept {
  const int64_t index = read_long();
  if (index < 0 || static_cast<uint64_t>(index) >= count) {
    fail("the index of a branch or symbol is out of range");
    return 0;
  }
  return static_cast<size_t>(index);
}

}  // namespace millrace::avro
