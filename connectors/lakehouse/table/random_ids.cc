#include <sys/random.h>

#include <array>
#include <cerrno>

#include "connectors/lakehouse/table/metadata.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

template <size_t N>
std::array<uint8_t, N> random_bytes() {
  std::array<uint8_t, N> bytes{};
  // So few bytes come as a whole once the kernel has any.
  while (::getrandom(bytes.data(), N, 0) != static_cast<ssize_t>(N)) {
    if (errno != EINTR) throw ConnectException("taking random bytes from the kernel failed");
  }
  return bytes;
}

int64_t random_id() {
  int64_t id = 0;
  for (uint8_t byte : random_bytes<8>()) id = (id & 0x7fffffffffffff) << 8 | byte;
  return id & 0x7fffffffffffffff;
}

}  // namespace

int64_t new_snapshot_id(const TableMetadata& table) {
  const Json& snapshots = members::array(table.document(), "snapshots", kDocument);
  int64_t id = random_id();
  while (id == 0 || element(snapshots, "snapshot-id", id) != nullptr) id = random_id();
  return id;
}

std::string new_uuid() {
  auto bytes = random_bytes<16>();
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3fU) | 0x80U);
  return uuid_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace millrace::lakehouse
