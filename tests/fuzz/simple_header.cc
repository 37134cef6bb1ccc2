// SimpleHeaderConverter: any bytes are a header; texts come back as they were.

#include <algorithm>

#include "connectors/converters/simple_codecs.h"
#include "millrace/utf8.h"
#include "tests/fuzz/fuzz_values.h"

namespace {

using namespace millrace;
using converters::CodecError;
using converters::SimpleHeaderCodec;
using fuzz::check;

constexpr int kMostDepth = 4;

void read(std::string_view text) {
  SimpleHeaderCodec codec;
  RecordBatch batch;
  CodecError error;
  SchemaAndValue value;
  check(codec.decode(WireBytes::of(text), batch, value, error), "bytes are refused", error.message);
  WireBytes wire;
  check(codec.encode(value, batch, wire, error), "a read header cannot be written", error.message);
  if (wire.is_null()) return;
  check(utf8::is_valid(wire.text()), "the header is not UTF-8");
  if (value.value.type() == Type::String) {
    const std::string given = utf8::sanitise(text);
    // As in Java, blanks in front of a delimiter are all that is left of such a text.
    const bool is_blank = std::all_of(wire.text().begin(), wire.text().end(),
                                      [](char c) { return c >= '\0' && c <= ' '; });
    check(wire.text() == given || (is_blank && given.starts_with(wire.text())), "the text changes",
          wire.text());
  }
}

void write(fuzz::Input input) {
  SimpleHeaderCodec codec;
  RecordBatch batch;
  fuzz::ValueMaker maker(input, batch.arena());
  const SchemaPtr schema = maker.schema(kMostDepth);
  const SchemaAndValue data{schema.get(), maker.value(*schema)};
  CodecError error;
  WireBytes wire;
  check(codec.encode(data, batch, wire, error), "a value has no text", error.message);
  SchemaAndValue back;
  check(codec.decode(wire, batch, back, error), "its own text is refused", error.message);
}

}  // namespace

/// The first byte chooses the direction.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  if (input.flag()) {
    write(input);
  } else {
    read(input.rest());
  }
  return 0;
}
