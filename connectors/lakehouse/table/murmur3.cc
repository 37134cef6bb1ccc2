#include <bit>
#include <cstring>

#include "connectors/lakehouse/table/partition_spec.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

uint32_t scramble(uint32_t block) noexcept {
  return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
}

uint32_t hash_number(int64_t value) noexcept {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  return murmur3({bytes, sizeof bytes});
}

}  // namespace

uint32_t murmur3(std::string_view bytes) noexcept {
  uint32_t hash = 0;
  const size_t blocks = bytes.size() / 4 * 4;
  for (size_t at = 0; at < blocks; at += 4) {
    uint32_t block = 0;
    std::memcpy(&block, bytes.data() + at, 4);
    hash = std::rotl(hash ^ scramble(block), 13) * 5 + 0xe6546b64U;
  }
  uint32_t tail = 0;
  for (size_t at = bytes.size(); at > blocks; --at) {
    tail = tail << 8 | static_cast<unsigned char>(bytes[at - 1]);
  }
  hash ^= scramble(tail);
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

uint32_t bucket_hash(const Literal& value, const Type& source) {
  // A date too is hashed as eight bytes (trap 11).
  if (const auto* number32 = std::get_if<int32_t>(&value)) return hash_number(*number32);
  if (const auto* number64 = std::get_if<int64_t>(&value)) return hash_number(*number64);
  if (const auto* bytes = std::get_if<std::string>(&value)) return murmur3(*bytes);
  throw DataException("values of type " + type_text(source) + " cannot be put into buckets");
}

}  // namespace millrace::lakehouse
