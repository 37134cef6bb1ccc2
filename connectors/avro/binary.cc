#include "connectors/avro/binary.h"

#include <bit>
#include <limits>

namespace millrace::avro {
namespace {

template <typename Number>
void append_little_endian(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(value >> (8 * i))));
  }
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

bool Reader::fail_boolean() noexcept {
  fail(next_ == end_ ? "the input ends within a value" : "a boolean is neither 0 nor 1");
  return false;
}

int64_t Reader::read_long_number() noexcept {
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

}  // namespace millrace::avro
