#include "runtime/broker/embedded/record_size.h"

namespace millrace::embedded {
namespace {

constexpr size_t kBatchOverhead = 61;   // DefaultRecordBatch.RECORD_BATCH_OVERHEAD
constexpr size_t kRecordOverhead = 21;  // DefaultRecord.MAX_RECORD_OVERHEAD

/// Bytes of a zigzag varint that is not negative.
size_t varint_size(size_t value) noexcept {
  size_t bytes = 1;
  for (uint64_t rest = uint64_t{value} << 1U; rest >= 0x80; rest >>= 7U) ++bytes;
  return bytes;
}

size_t bytes_size(const WireBytes& bytes) noexcept {
  return bytes.is_null() ? 1 : varint_size(bytes.size) + bytes.size;
}

}  // namespace

size_t kafka_size(const Record& record) noexcept {
  size_t size = kBatchOverhead + kRecordOverhead + bytes_size(record.key_wire) +
                bytes_size(record.value_wire) + varint_size(record.header_count);
  for (const Header& header : record.header_span()) {
    size += varint_size(header.key.size()) + header.key.size() + bytes_size(header.wire);
  }
  return size;
}

}  // namespace millrace::embedded
