// JsonConverter, both directions. The first byte chooses settings and direction; what follows is
// the message to read, or what a value to write is made from.

#include "connectors/converters/json_codec.h"
#include "tests/fuzz/fuzz_values.h"

namespace {

using namespace millrace;
using converters::CodecError;
using converters::JsonCodec;
using fuzz::check;

constexpr uint8_t kSchemas = 1;
constexpr uint8_t kNumericDecimals = 2;
constexpr uint8_t kKeepNulls = 4;
constexpr uint8_t kWrite = 8;
constexpr int kMostDepth = 4;

JsonCodec codec_of(uint8_t settings) {
  JsonCodec codec;
  codec.configure({{"converter.type", "value"},
                   {"schemas.enable", (settings & kSchemas) != 0 ? "true" : "false"},
                   {"schemas.cache.size", "4"},
                   {"decimal.format", (settings & kNumericDecimals) != 0 ? "NUMERIC" : "BASE64"},
                   {"replace.null.with.default", (settings & kKeepNulls) != 0 ? "false" : "true"}},
                  false);
  return codec;
}

/// Java writes them as texts, which a schema of a float reads as 0.
bool has_infinity(std::string_view json) {
  return json.find("\"Infinity\"") != json.npos || json.find("\"-Infinity\"") != json.npos ||
         json.find("\"NaN\"") != json.npos;
}

/// What is read and written is read again, and written as before.
void read(JsonCodec& codec, std::string_view text) {
  RecordBatch batch;
  CodecError error;
  SchemaAndValue first;
  if (!codec.decode(WireBytes::of(text), batch, first, error)) {
    return check(!error.message.empty(), "a refusal without reason");
  }
  WireBytes written;
  if (!codec.encode(first, batch, written, error)) {
    return check(!error.message.empty(), "a refusal without reason");
  }
  if (written.is_null() || has_infinity(written.text())) return;
  const std::string before(written.text());
  SchemaAndValue second;
  check(codec.decode(WireBytes::of(before), batch, second, error), "its own JSON is refused",
        error.message + "\n" + before);
  check(same_schema(first.schema, second.schema), "the schema changes", before);
  check(codec.encode(second, batch, written, error), "what was read again cannot be written",
        error.message + "\n" + before);
  check(written.text() == before, "the JSON changes", before + "\n" + std::string(written.text()));
}

/// What is written is read back equal.
void write(JsonCodec& codec, bool schemas, fuzz::Input input) {
  RecordBatch batch;
  fuzz::ValueMaker maker(input, batch.arena());
  SchemaPtr schema;
  SchemaAndValue data;
  if (input.flag()) {
    schema = maker.schema(kMostDepth);
    data = {schema.get(), maker.value(*schema)};
  } else {
    data.value = maker.document(kMostDepth);
  }
  WireBytes wire;
  CodecError error;
  check(codec.encode(data, batch, wire, error), "a value cannot be written", error.message);
  SchemaAndValue back;
  check(codec.decode(wire, batch, back, error), "its own JSON is refused",
        error.message + "\n" + std::string(wire.text()));
  if (!schemas && schema) return;  // the JSON says less than the value
  check(same_schema(back.schema, data.schema), "the schema changes", wire.text());
  check(back.value == data.value, "the value changes", wire.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t settings = input.byte();
  JsonCodec codec = codec_of(settings);
  if ((settings & kWrite) != 0) {
    write(codec, (settings & kSchemas) != 0, input);
  } else {
    read(codec, input.rest());
  }
  return 0;
}
