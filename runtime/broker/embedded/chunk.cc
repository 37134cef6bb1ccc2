#include "runtime/broker/embedded/chunk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace millrace::embedded {
namespace {

constexpr uint32_t kVersion = 1;
constexpr uint32_t kNullLength = UINT32_MAX;
constexpr size_t kSmallestHeader = 2 * sizeof(uint32_t);  // lengths of name and value
constexpr size_t kCrcEnd = offsetof(ChunkHeader, crc) + sizeof(uint32_t);

/// Fixed start of a record; headers, key and value follow.
struct RecordHeader {
  int64_t timestamp_ms;
  uint32_t key_length;
  uint32_t value_length;
  uint32_t header_count;
  uint32_t total;  // bytes behind this header
};

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

uint32_t length_of(const WireBytes& bytes) noexcept {
  return bytes.is_null() ? kNullLength : bytes.size;
}

bool take_bytes(std::string_view& from, uint32_t length, WireBytes& out) {
  out = WireBytes{};
  if (length == kNullLength) return true;
  if (length > from.size()) return false;
  out = WireBytes::of(from.substr(0, length));
  from.remove_prefix(length);
  return true;
}

constexpr std::array<std::array<uint32_t, 256>, 8> kTables = [] {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  constexpr uint32_t kPolynomial = 0x82F63B78;
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    tables[0][i] = crc;
  }
  for (size_t t = 1; t < 8; ++t) {
    for (uint32_t i = 0; i < 256; ++i) {
      tables[t][i] = (tables[t - 1][i] >> 8U) ^ tables[0][tables[t - 1][i] & 0xFFU];
    }
  }
  return tables;
}();

}  // namespace

// Slicing by eight: about two bytes a nanosecond without special instructions.
uint32_t crc32c(std::string_view bytes) noexcept {
  uint32_t crc = ~uint32_t{0};
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    word ^= crc;
    crc = kTables[7][word & 0xFFU] ^ kTables[6][(word >> 8U) & 0xFFU] ^
          kTables[5][(word >> 16U) & 0xFFU] ^ kTables[4][(word >> 24U) & 0xFFU] ^
          kTables[3][(word >> 32U) & 0xFFU] ^ kTables[2][(word >> 40U) & 0xFFU] ^
          kTables[1][(word >> 48U) & 0xFFU] ^ kTables[0][word >> 56U];
  }
  for (; n > 0; --n, ++p) crc = (crc >> 8U) ^ kTables[0][(crc ^ *p) & 0xFFU];
  return ~crc;
}

void ChunkWriter::put_bytes(const WireBytes& bytes) {
  if (!bytes.is_null()) bytes_ += bytes.text();
}

void ChunkWriter::add(const Record& record, int64_t now_ms) {
  if (count_ == 0) bytes_.assign(sizeof(ChunkHeader), '\0');
  const int64_t timestamp = record.timestamp != kNoTimestamp ? record.timestamp : now_ms;
  const size_t start = bytes_.size();
  put(bytes_, RecordHeader{timestamp, length_of(record.key_wire), length_of(record.value_wire),
                           record.header_count, 0});
  for (const Header& header : record.header_span()) {
    put(bytes_, static_cast<uint32_t>(header.key.size()));
    put(bytes_, length_of(header.wire));
    bytes_ += header.key;
    put_bytes(header.wire);
  }
  put_bytes(record.key_wire);
  put_bytes(record.value_wire);
  const auto total = static_cast<uint32_t>(bytes_.size() - start - sizeof(RecordHeader));
  std::memcpy(bytes_.data() + start + offsetof(RecordHeader, total), &total, sizeof total);
  newest_ms_ = count_ == 0 ? timestamp : std::max(newest_ms_, timestamp);
  ++count_;
}

std::string ChunkWriter::finish() {
  ChunkHeader header{kVersion, 0, count_, 0, newest_ms_};
  std::memcpy(bytes_.data(), &header, sizeof header);
  header.crc = crc32c(std::string_view(bytes_).substr(kCrcEnd));
  std::memcpy(bytes_.data() + offsetof(ChunkHeader, crc), &header.crc, sizeof header.crc);
  count_ = 0;
  return std::exchange(bytes_, {});
}

std::optional<ChunkHeader> peek_chunk(std::string_view bytes) noexcept {
  ChunkHeader header{};
  if (!take(bytes, header) || header.version != kVersion || header.count == 0) return std::nullopt;
  return header;
}

std::optional<ChunkReader> ChunkReader::open(std::string_view bytes) {
  const auto header = peek_chunk(bytes);
  if (!header || header->crc != crc32c(bytes.substr(kCrcEnd))) return std::nullopt;
  ChunkReader reader;
  reader.header_ = *header;
  reader.rest_ = bytes.substr(sizeof(ChunkHeader));
  return reader;
}

bool ChunkReader::next(Record& record, Arena& arena) {
  RecordHeader header{};
  if (read_ == header_.count || !take(rest_, header)) return false;
  ++read_;
  record.timestamp = header.timestamp_ms;
  record.timestamp_type = TimestampType::Create;
  if (header.header_count != 0) {
    if (header.header_count > rest_.size() / kSmallestHeader) return false;
    const auto headers = arena.make_array<Header>(header.header_count);
    for (Header& one : headers) {
      uint32_t name_length = 0;
      uint32_t value_length = 0;
      if (!take(rest_, name_length) || !take(rest_, value_length) || name_length > rest_.size()) {
        return false;
      }
      one = Header{};
      one.key = rest_.substr(0, name_length);
      rest_.remove_prefix(name_length);
      if (!take_bytes(rest_, value_length, one.wire)) return false;
    }
    record.headers = headers.data();
    record.header_count = header.header_count;
  }
  return take_bytes(rest_, header.key_length, record.key_wire) &&
         take_bytes(rest_, header.value_length, record.value_wire);
}

bool ChunkReader::skip() {
  RecordHeader header{};
  if (read_ == header_.count || !take(rest_, header) || header.total > rest_.size()) return false;
  ++read_;
  rest_.remove_prefix(header.total);
  return true;
}

}  // namespace millrace::embedded
