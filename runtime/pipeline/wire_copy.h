#pragma once
// Copies of what goes over the wire, independent of the batch that they come from.

#include <string_view>

#include "millrace/record.h"

namespace millrace {

WireBytes copy_wire(Arena& arena, const WireBytes& bytes);

/// Fills the headers of one record, front to back; never more than `count`.
class HeaderWriter {
 public:
  HeaderWriter(Arena& arena, size_t count)
      : arena_(arena), headers_(arena.make_array<Header>(count)) {}
  void add(std::string_view key, const WireBytes& wire) {
    headers_[count_++] = Header{arena_.copy(key), {}, copy_wire(arena_, wire)};
  }
  /// `key` is a literal.
  void add_literal(std::string_view key, std::string_view text) {
    headers_[count_++] = Header{key, {}, WireBytes::of(arena_.copy(text))};
  }
  void give_to(Record& record) const {
    record.headers = headers_.data();
    record.header_count = static_cast<uint32_t>(count_);
  }

 private:
  Arena& arena_;
  std::span<Header> headers_;
  size_t count_ = 0;
};

/// Adds to `batch` what is sent of `record`: topic, partition, timestamp, bytes of key, value, headers.
void add_wire_copy(RecordBatch& batch, const Record& record);

}  // namespace millrace
