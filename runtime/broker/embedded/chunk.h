#pragma once
// Chunks: consecutive records of one partition as one value of the store
// (docs/design/embedded-log.md). Little-endian, checksummed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/record.h"

namespace millrace::embedded {

/// Fixed start of a chunk; records follow.
struct ChunkHeader {
  uint32_t version;
  uint32_t crc;    // CRC-32C of everything behind it
  uint32_t count;  // records
  uint32_t reserved;
  int64_t newest_ms;  // highest timestamp in the chunk
};

/// Builds a chunk record by record.
class ChunkWriter {
 public:
  void add(const Record& record, int64_t now_ms);
  uint32_t count() const noexcept { return count_; }
  size_t size() const noexcept { return bytes_.size(); }
  /// Complete chunk; the writer is empty afterwards.
  std::string finish();

 private:
  void put_bytes(const WireBytes& bytes);

  std::string bytes_;
  uint32_t count_ = 0;
  int64_t newest_ms_ = 0;
};

/// Start of a chunk, unchecked; nullopt when the bytes cannot be one.
std::optional<ChunkHeader> peek_chunk(std::string_view bytes) noexcept;

/// Reads a chunk in order; records point into its bytes. Copyable.
class ChunkReader {
 public:
  /// nullopt when the bytes are no chunk or are damaged.
  static std::optional<ChunkReader> open(std::string_view bytes);
  const ChunkHeader& header() const noexcept { return header_; }
  /// Next record into `record` (key, value, timestamp, headers); false at the end.
  bool next(Record& record, Arena& arena);
  /// Passes over one record; false at the end.
  bool skip();

 private:
  ChunkHeader header_{};
  std::string_view rest_;
  uint32_t read_ = 0;
};

uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace millrace::embedded
