#include "millrace/plugin.h"

#include "connectors/converters/json_codec.h"
#include "connectors/converters/simple_codecs.h"

namespace {

using namespace millrace;
using namespace millrace::converters;

/// Most of Kafka's converters are header converters too.
template <class Codec>
void add_both(PluginTable& table, const std::string& class_name) {
  table.converter<CodecConverter<Codec>>({class_name, kVersion});
  table.header_converter<CodecHeaderConverter<Codec>>({class_name, kVersion});
}

}  // namespace

MILLRACE_PLUGIN(table) {
  const std::string package = "org.apache.kafka.connect.";
  add_both<JsonCodec>(table, package + "json.JsonConverter");
  add_both<StringCodec>(table, package + "storage.StringConverter");
  add_both<ByteArrayCodec>(table, package + "converters.ByteArrayConverter");
  add_both<NumberCodec<Type::Boolean>>(table, package + "converters.BooleanConverter");
  add_both<NumberCodec<Type::Int16>>(table, package + "converters.ShortConverter");
  add_both<NumberCodec<Type::Int32>>(table, package + "converters.IntegerConverter");
  add_both<NumberCodec<Type::Int64>>(table, package + "converters.LongConverter");
  add_both<NumberCodec<Type::Float32>>(table, package + "converters.FloatConverter");
  add_both<NumberCodec<Type::Float64>>(table, package + "converters.DoubleConverter");
  table.header_converter<CodecHeaderConverter<SimpleHeaderCodec>>(
      {package + "storage.SimpleHeaderConverter", kVersion});
}
