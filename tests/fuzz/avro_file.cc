// Avro container files, and Iceberg's manifests and manifest lists in them.

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest.h"
#include "millrace/errors.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace millrace;
using fuzz::check;

constexpr const char* kPath = "file:///t/metadata/m.avro";

std::string encoded(const avro::Schema& schema, const avro::Value& value) {
  std::string bytes;
  avro::Writer writer(bytes);
  avro::encode(writer, schema.root(), value);
  return bytes;
}

void check_schema(const avro::Schema& schema) {
  const avro::SchemaPtr again = avro::Schema::parse(schema.to_text());
  check(again->to_text() == schema.to_text(), "a schema changes", schema.to_text());
  check(again->canonical_form() == schema.canonical_form(), "a canonical form changes",
        schema.to_text());
}

void check_value(const avro::Projection& projection, const avro::Value& value) {
  const avro::Schema& schema = projection.reader();
  try {
    const std::string bytes = encoded(schema, value);
    avro::Reader reader(bytes);
    const avro::Value again = projection.decode(reader);
    check(reader.remaining() == 0, "a value is not read to its end", schema.to_text());
    check(encoded(schema, again) == bytes, "a value changes", schema.to_text());
  } catch (const DataException& error) {
    check(false, "a value that was read is refused", error.what());
  }
}

void read_file(std::string_view bytes) {
  avro::FileReader reader(bytes);
  check_schema(*reader.schema());
  const avro::Projection projection(reader.schema());
  for (avro::Value value; reader.next(projection, value);) check_value(projection, value);
}

lakehouse::TableSchema table_schema() {
  lakehouse::TableSchema schema;
  schema.fields = {{1, "d", false, lakehouse::decimal_type(9, 2), ""},
                   {2, "s", false, lakehouse::primitive(lakehouse::TypeId::String), ""}};
  return schema;
}

lakehouse::PartitionSpec table_spec() {
  lakehouse::PartitionSpec spec;
  spec.fields = {{1, 1000, "d", lakehouse::parse_transform("identity")},
                 {2, 1001, "s", lakehouse::parse_transform("bucket[16]")},
                 {3, 1002, "dropped", lakehouse::parse_transform("identity")}};
  return spec;
}

template <typename Action>
void expect_named(std::string_view name, const Action& action) {
  try {
    action();
  } catch (const DataException& error) {
    check(std::string_view(error.what()).find(name) != std::string_view::npos,
          "an error does not say where", error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const lakehouse::TableSchema schema = table_schema();
  static const lakehouse::PartitionSpec spec = table_spec();
  const std::string_view bytes = fuzz::Input(data, size).rest();
  expect_named("Avro", [&] { read_file(bytes); });
  lakehouse::ManifestFile file;
  file.path = kPath;
  expect_named(kPath, [&] { lakehouse::read_manifest(bytes, file, schema, spec); });
  expect_named(kPath, [&] { lakehouse::read_manifest_list(bytes, kPath); });
  return 0;
}
