#include "connectors/lakehouse/catalog/gzip.h"

#include <zlib.h>

#include <limits>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr int kGzip = MAX_WBITS + 16;  // zlib's way to ask for gzip's header
constexpr size_t kChunk = 64 * 1024;

Bytef* bytes_of(std::string_view text) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
}

uInt length_of(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max()) {
    throw DataException("compressing: more than 4 GiB at once");
  }
  return static_cast<uInt>(text.size());
}

}  // namespace

bool is_gzip(std::string_view bytes) noexcept {
  return bytes.starts_with("\x1f\x8b");
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  stream.next_in = bytes_of(bytes);
  stream.avail_in = length_of(bytes);
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw RetriableException("compressing metadata: there is not enough memory");
  }
  std::string out(deflateBound(&stream, stream.avail_in), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // the bound holds all
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string gunzip(std::string_view bytes, size_t limit) {
  z_stream stream{};
  stream.next_in = bytes_of(bytes);
  stream.avail_in = length_of(bytes);
  if (inflateInit2(&stream, kGzip) != Z_OK) {
    throw RetriableException("decompressing metadata: there is not enough memory");
  }
  std::string out;
  int state = Z_OK;
  while (state == Z_OK && out.size() <= limit) {
    const size_t used = out.size();
    out.resize(used + kChunk);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = kChunk;
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > limit) throw DataException("decompressing: above the limit of bytes");
  if (state != Z_STREAM_END) throw DataException("decompressing: the bytes are no whole gzip");
  return out;
}

}  // namespace millrace::lakehouse
