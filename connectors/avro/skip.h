#pragma once
// Going over values without keeping them.

#include <cstdint>

#include "connectors/avro/binary.h"
#include "connectors/avro/schema.h"

namespace millrace::avro {

/// Items of blocks that say how many bytes they have.
enum class SizedBlocks : uint8_t {
  Jump,  // are jumped over
  Walk,  // are read one by one, as a decoder does
};

/// Moves `in` behind one value of `type`. What is wrong is the reader's error: bytes that are no such value,
/// more levels than kMaxValueDepth, or more values than `budget`, which goes down by one for each. Never
/// throws, never allocates.
void skip_value(Reader& in, const Node& type, int depth, uint64_t& budget, SizedBlocks blocks) noexcept;

}  // namespace millrace::avro
