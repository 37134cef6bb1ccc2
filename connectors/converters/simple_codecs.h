#pragma once
// String, byte array, header and number codecs (connect-data.md §3.2 - §3.4).

#include <string>

#include "connectors/converters/codec_converter.h"

namespace millrace::converters {

enum class Charset : uint8_t { Utf8, Ascii, Latin1, Utf16, Utf16Be, Utf16Le };

/// Any value as Java's toString in a charset; reads optional strings.
class StringCodec {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config, bool is_key);
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);

 private:
  Charset decode_charset_ = Charset::Utf8;
  Charset encode_charset_ = Charset::Utf8;
};

/// Bytes as they are.
class ByteArrayCodec {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties&, bool) {}
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);
};

/// Values as text and back by guessing (SimpleHeaderConverter).
class SimpleHeaderCodec {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties&, bool) {}
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);
};

/// Fixed-size big-endian numbers and booleans; `T` is Int16, Int32, Int64, Float32, Float64 or
/// Boolean.
template <Type T>
class NumberCodec {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties&, bool) {}
  bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
  bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);
};

}  // namespace millrace::converters
