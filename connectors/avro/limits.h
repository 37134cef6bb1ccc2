#pragma once
// What input may ask for. Beyond these it is refused with DataException.

#include <cstddef>
#include <cstdint>

namespace millrace::avro {

inline constexpr size_t kMaxSchemaBytes = 16U << 20U;
inline constexpr int kMaxSchemaDepth = 100;
inline constexpr size_t kMaxSchemaNodes = 200'000;
/// Nesting of values; schemas can be recursive.
inline constexpr int kMaxValueDepth = 64;
/// Values that one decoded object may have beyond one for each byte of input: values of some types
/// take no bytes.
inline constexpr uint64_t kFreeValues = 65'536;
/// A block of a container file, without compression.
inline constexpr size_t kMaxBlockBytes = 64U << 20U;
/// What zstd may keep behind it: 32 MiB.
inline constexpr int kMaxZstdWindowLog = 25;
/// A block is written when it has reached this size, before compression (Java's default is 64,000).
inline constexpr size_t kBlockBytes = 64'000;

}  // namespace millrace::avro
