#include <algorithm>
#include <cctype>

#include "connectors/converters/charset.h"
#include "connectors/converters/converter_type.h"
#include "connectors/converters/simple_codecs.h"
#include "millrace/text.h"

namespace millrace::converters {
namespace {

constexpr const char* kEncoding = "converter.encoding";

struct StringOptions {
  std::string encoding = "UTF-8";
};

const ConfigDef<StringOptions>& options_def() {
  static const auto def = ConfigDef<StringOptions>{}.optional(
      &StringOptions::encoding,
      {.name = kEncoding,
       .importance = Importance::High,
       .doc = "Name of the character set for reading and writing strings.",
       .width = Width::Medium,
       .display_name = "Encoding"});
  return def;
}

// The keys of Kafka's own (de)serialisers win over the converter's, those with the side in front
// only: the converter overwrites the others.
Charset charset_for(const Properties& config, const StringOptions& options,
                    const std::string& serde_key) {
  const std::string* own = find(config, serde_key);
  const std::string& name = own != nullptr ? *own : options.encoding;
  const auto charset = charset_of(name);
  if (!charset) {
    throw Error(ErrorKind::Serialization, "Unsupported encoding " + name + "; known are " +
                                              std::string(kCharsetNames));
  }
  return *charset;
}

}  // namespace

const ConfigDefinition& StringCodec::definition() {
  static const ConfigDefinition definition = with_converter_type(options_def().definition());
  return definition;
}

void StringCodec::configure(const Properties& config, bool is_key) {
  const StringOptions options = options_def().parse(config);
  const std::string side = is_key ? "key" : "value";
  decode_charset_ = charset_for(config, options, side + ".deserializer.encoding");
  encode_charset_ = charset_for(config, options, side + ".serializer.encoding");
}

bool StringCodec::decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError&) {
  static const Schema* const kSchema = primitive_schema(Type::String, true).get();
  out.schema = kSchema;
  if (wire.is_null()) {
    out.value = Value();
  } else if (decode_charset_ == Charset::Utf8) {
    out.value = Value::string(valid_utf8(wire.text(), batch.arena()));
  } else {
    out.value = Value::string(batch.arena().copy(decode_text(wire.text(), decode_charset_)));
  }
  return true;
}

bool StringCodec::encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out,
                         CodecError&) {
  if (in.value.is_null()) {
    out = WireBytes{};
    return true;
  }
  std::string_view text;
  if (in.value.type() == Type::String) {
    text = in.value.as_string();
  } else {
    std::string rendered;
    append_java_string(rendered, in.value);
    text = batch.arena().copy(rendered);
  }
  if (encode_charset_ != Charset::Utf8) {
    text = batch.arena().copy(encode_text(text, encode_charset_));
  }
  out = WireBytes::of(text);
  return true;
}

}  // namespace millrace::converters
