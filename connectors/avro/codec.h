#pragma once
// Compression of blocks in container files.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::avro {

enum class Codec : uint8_t { Null, Deflate, Snappy, Zstandard };

/// As in `avro.codec`.
std::string_view codec_name(Codec codec) noexcept;
std::optional<Codec> codec_from_name(std::string_view name) noexcept;

/// `codec` is Null or Deflate (without zlib's header). Throws UnsupportedException for the others.
std::string compress(Codec codec, std::string_view bytes);
/// Throws DataException for what is malformed or larger than kMaxBlockBytes.
std::string decompress(Codec codec, std::string_view bytes);

}  // namespace millrace::avro
