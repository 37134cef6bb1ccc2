#include "connectors/avro/codec.h"

#include <fmt/format.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"null", "deflate", "snappy", "zstandard"};
constexpr int kRawDeflate = -15;
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr size_t kChunk = 64U << 10U;  // what output grows by
constexpr size_t kCrcBytes = 4;

[[noreturn]] void malformed(Codec codec) {
  throw DataException(
      fmt::format("decompressing an Avro block: malformed {} data", codec_name(codec)));
}

void check_size(size_t size) {
  if (size > kMaxBlockBytes) {
    throw DataException(fmt::format("decompressing an Avro block: it is larger than {} bytes",
                                    kMaxBlockBytes));
  }
}

Bytef* bytes_of(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

std::string deflate_bytes(std::string_view bytes) {
  check_size(bytes.size());
  z_stream stream = {};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw ConnectException("compressing an Avro block: zlib has no memory");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = bytes_of(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytes_of(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw ConnectException("compressing an Avro block: zlib failed");
  return out;
}

std::string inflate_bytes(std::string_view bytes) {
  check_size(bytes.size());
  z_stream stream = {};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) {
    throw ConnectException("decompressing an Avro block: zlib has no memory");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = bytes_of(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t used = out.size();
    check_size(used);
    const size_t more = std::max(kChunk, used);
    out.resize(used + more);
    stream.next_out = bytes_of(out.data() + used);
    stream.avail_out = static_cast<uInt>(more);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(used + more - stream.avail_out);
  }
  if (result != Z_STREAM_END) malformed(Codec::Deflate);
  check_size(out.size());
  return out;
}

std::string unsnap(std::string_view bytes) {
  if (bytes.size() < kCrcBytes) malformed(Codec::Snappy);
  const std::string_view crc = bytes.substr(bytes.size() - kCrcBytes);
  bytes.remove_suffix(kCrcBytes);
  size_t size = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size)) malformed(Codec::Snappy);
  check_size(size);
  // A copy of 64 bytes takes two at least: what claims more would only make us allocate.
  if (size / 64 > bytes.size()) malformed(Codec::Snappy);
  std::string out(size, '\0');
  if (!snappy::RawUncompress(bytes.data(), bytes.size(), out.data())) malformed(Codec::Snappy);
  uint32_t expected = 0;
  for (const char byte : crc) expected = (expected << 8U) | static_cast<uint8_t>(byte);
  if (crc32(0, bytes_of(out.data()), static_cast<uInt>(out.size())) != expected) {
    throw DataException("decompressing an Avro block: its CRC-32 does not match");
  }
  return out;
}

std::string unzstd(std::string_view bytes) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  if (!context) throw ConnectException("decompressing an Avro block: zstd has no memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  std::string out;
  size_t result = 1;
  while (result != 0 || in.pos < in.size) {
    const size_t used = out.size();
    check_size(used);
    const size_t more = std::max(kChunk, used);
    out.resize(used + more);
    ZSTD_outBuffer to = {out.data() + used, more, 0};
    const size_t before = in.pos;
    result = ZSTD_decompressStream(context.get(), &to, &in);
    out.resize(used + to.pos);
    if (ZSTD_isError(result) != 0 || (to.pos == 0 && in.pos == before)) malformed(Codec::Zstandard);
  }
  check_size(out.size());
  return out;
}

}  // namespace

std::string_view codec_name(Codec codec) noexcept { return kNames[static_cast<size_t>(codec)]; }

std::optional<Codec> codec_from_name(std::string_view name) noexcept {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Codec>(found - kNames.begin());
}

std::string compress(Codec codec, std::string_view bytes) {
  if (codec == Codec::Null) return std::string(bytes);
  if (codec == Codec::Deflate) return deflate_bytes(bytes);
  throw UnsupportedException(
      fmt::format("Avro files are written with codec null or deflate, not {}", codec_name(codec)));
}

std::string decompress(Codec codec, std::string_view bytes) {
  switch (codec) {
    case Codec::Null: return std::string(bytes);
    case Codec::Deflate: return inflate_bytes(bytes);
    case Codec::Snappy: return unsnap(bytes);
    case Codec::Zstandard: return unzstd(bytes);
  }
  malformed(codec);
}

}  // namespace millrace::avro
