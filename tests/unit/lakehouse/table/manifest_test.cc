#include "connectors/lakehouse/table/manifest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest_schema.h"
#include "millrace/errors.h"
#include "tests/unit/lakehouse/table/manifest_fixture.h"

namespace millrace::lakehouse {
namespace {

using std::string_literals::operator""s;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Json schema_of(std::string_view bytes) {
  return Json::parse(*avro::FileReader(bytes).metadata("avro.schema"));
}

Json field_named(const Json& record, const std::string& name) {
  for (const Json& field : record["fields"]) {
    if (field["name"] == name) return field;
  }
  return nullptr;
}

Json partition_record(std::string_view bytes) {
  const Json file = field_named(schema_of(bytes), "data_file")["type"];
  return field_named(file, "partition")["type"];
}

ManifestEntry added(PartitionValues partition) {
  ManifestEntry entry;
  entry.snapshot_id = 7;
  entry.file.path = "file:///t/data/a.parquet";
  entry.file.partition = std::move(partition);
  entry.file.metrics.record_count = 3;
  return entry;
}

/// A table with one column, and a spec with that column as it is.
struct OneColumn {
  TableSchema schema;
  PartitionSpec spec;

  explicit OneColumn(TypePtr type, std::string name = "c") {
    schema.fields = {{1, name, false, std::move(type), ""}};
    spec.fields = {{1, 1000, std::move(name), parse_transform("identity")}};
  }

  WrittenManifest write(const std::vector<Literal>& values) const {
    std::vector<ManifestEntry> entries;
    for (const Literal& value : values) entries.push_back(added({value}));
    return write_manifest(schema, spec, ManifestContent::Data, entries);
  }
  std::vector<PartitionSummary> summaries(const std::vector<Literal>& values) const {
    return write(values).file.partitions;
  }
  std::vector<Literal> read(std::string_view bytes) const {
    std::vector<Literal> values;
    for (const ManifestEntry& entry : read_manifest(bytes, {}, schema, spec)) {
      values.push_back(entry.file.partition.at(0));
    }
    return values;
  }
};

TEST(Manifest, HeaderHasEveryFieldId) {
  const OneColumn table(primitive(TypeId::Date), "dt");
  const std::string bytes = table.write({int32_t{17486}}).bytes;
  EXPECT_EQ(*avro::FileReader(bytes).metadata("avro.schema"), kGoldenManifestSchema);
  const std::string list = write_manifest_list({}, {});
  EXPECT_EQ(*avro::FileReader(list).metadata("avro.schema"), kGoldenListSchema);
}

TEST(Manifest, HeaderTellsSchemaAndSpec) {
  OneColumn table(primitive(TypeId::Date), "dt");
  table.schema.id = 4;
  table.spec.id = 2;
  const std::string bytes = table.write({}).bytes;
  const avro::FileReader reader(bytes);
  EXPECT_EQ(Json::parse(*reader.metadata("schema")), to_json(table.schema));
  EXPECT_EQ(*reader.metadata("schema-id"), "4");
  EXPECT_EQ(*reader.metadata("partition-spec"),
            R"([{"name":"dt","transform":"identity","source-id":1,"field-id":1000}])");
  EXPECT_EQ(*reader.metadata("partition-spec-id"), "2");
  EXPECT_EQ(*reader.metadata("format-version"), "2");
  EXPECT_EQ(*reader.metadata("content"), "data");
  EXPECT_EQ(*reader.metadata("avro.codec"), "deflate");
  const std::string deletes =
      write_manifest(table.schema, table.spec, ManifestContent::Deletes, {}).bytes;
  EXPECT_EQ(*avro::FileReader(deletes).metadata("content"), "deletes");
}

TEST(Manifest, WhatIsWrittenComesBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomManifest random(seed);
  for (int round = 0; round < 60; ++round) {
    const auto content = round % 3 == 0 ? ManifestContent::Deletes : ManifestContent::Data;
    const std::vector<ManifestEntry> entries = random.entries(content);
    const WrittenManifest written =
        write_manifest(random.schema(), random.spec(), content, entries);
    EXPECT_EQ(written.file.length, static_cast<int64_t>(written.bytes.size()));
    EXPECT_EQ(written.file.spec_id, random.spec().id);
    ManifestFile file = written.file;
    file.added_snapshot_id = 99;
    file.sequence_number = 17;
    const std::vector<ManifestEntry> read =
        read_manifest(written.bytes, file, random.schema(), random.spec());
    ASSERT_EQ(read.size(), entries.size());
    for (size_t i = 0; i < read.size(); ++i) {
      ManifestEntry expected = entries[i];
      if (!expected.sequence_number) expected.sequence_number = 17;
      if (!expected.file_sequence_number) expected.file_sequence_number = 17;
      if (!expected.snapshot_id) expected.snapshot_id = 99;
      ASSERT_EQ(text_of(read[i]), text_of(expected));
    }
  }
}

TEST(Manifest, CutAndChangedManifestsGiveAnErrorThatNamesThem) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomManifest random(seed);
  const std::string good = write_manifest(random.schema(), random.spec(), ManifestContent::Data,
                                          random.entries(ManifestContent::Data, 20))
                               .bytes;
  ManifestFile file;
  file.path = "file:///t/metadata/m0.avro";
  int errors = 0;
  for (int round = 0; round < 600; ++round) {
    std::string bytes = good;
    if (round % 2 == 0) {
      bytes.resize(random.below(bytes.size()));
    } else {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    try {
      read_manifest(bytes, file, random.schema(), random.spec());
    } catch (const DataException& error) {
      EXPECT_NE(std::string(error.what()).find(file.path), std::string::npos) << error.what();
      ++errors;
    }
  }
  EXPECT_GT(errors, 300);
}

TEST(Manifest, CountsFilesAndRows) {
  const OneColumn table(primitive(TypeId::Int));
  std::vector<ManifestEntry> entries(4, added({int32_t{1}}));
  for (size_t i = 1; i < entries.size(); ++i) {
    entries[i].status = i == 1 ? EntryStatus::Existing : EntryStatus::Deleted;
    entries[i].sequence_number = 1;
    entries[i].file_sequence_number = 1;
    entries[i].file.metrics.record_count = static_cast<int64_t>(10 * i);
  }
  const ManifestFile file =
      write_manifest(table.schema, table.spec, ManifestContent::Data, entries).file;
  EXPECT_EQ(file.added_files, 1);
  EXPECT_EQ(file.added_rows, 3);
  EXPECT_EQ(file.existing_files, 1);
  EXPECT_EQ(file.existing_rows, 10);
  EXPECT_EQ(file.deleted_files, 2);
  EXPECT_EQ(file.deleted_rows, 50);
  const auto write = [&] {
    return write_manifest(table.schema, table.spec, ManifestContent::Data, entries);
  };
  entries[2].file.metrics.record_count = std::numeric_limits<int64_t>::max();
  EXPECT_THROW(write(), DataException);
  entries[2].file.metrics.record_count = -1;
  EXPECT_THROW(write(), DataException);
}

TEST(Manifest, RefusesEntriesThatWouldInheritWrongly) {
  const OneColumn table(primitive(TypeId::Int));
  const auto error_of = [&](const ManifestEntry& entry, ManifestContent content) {
    try {
      write_manifest(table.schema, table.spec, content, {entry});
    } catch (const DataException& error) {
      return std::string(error.what());
    }
    return ""s;
  };
  ManifestEntry entry = added({int32_t{1}});
  EXPECT_EQ(error_of(entry, ManifestContent::Data), "");
  EXPECT_EQ(error_of(entry, ManifestContent::Deletes),
            "writing a manifest: the file file:///t/data/a.parquet holds data, the manifest deletes");
  entry.status = EntryStatus::Existing;
  EXPECT_NE(error_of(entry, ManifestContent::Data), "");
  entry.sequence_number = 4;
  EXPECT_NE(error_of(entry, ManifestContent::Data), "");
  entry.file_sequence_number = 4;
  EXPECT_EQ(error_of(entry, ManifestContent::Data), "");
  entry.file.content = FileContent::EqualityDeletes;
  EXPECT_NE(error_of(entry, ManifestContent::Data), "");
  EXPECT_NE(error_of(entry, ManifestContent::Deletes), "");
  entry.file.equality_ids = {1};
  EXPECT_EQ(error_of(entry, ManifestContent::Deletes), "");
  EXPECT_NE(error_of(added({}), ManifestContent::Data), "");
  EXPECT_NE(error_of(added({"text"s}), ManifestContent::Data), "");
}

TEST(Manifest, InheritsOnlyWhatIsNew) {
  const OneColumn table(primitive(TypeId::Int));
  ManifestEntry existing = added({int32_t{1}});
  existing.status = EntryStatus::Existing;
  existing.sequence_number = 3;
  existing.file_sequence_number = 2;
  ManifestEntry fresh = added({int32_t{1}});
  fresh.snapshot_id.reset();
  ManifestFile file =
      write_manifest(table.schema, table.spec, ManifestContent::Data, {existing, fresh}).file;
  const std::string bytes =
      write_manifest(table.schema, table.spec, ManifestContent::Data, {existing, fresh}).bytes;
  file.sequence_number = 9;
  file.added_snapshot_id = 55;
  const auto entries = read_manifest(bytes, file, table.schema, table.spec);
  EXPECT_EQ(entries[0].sequence_number, 3);
  EXPECT_EQ(entries[0].file_sequence_number, 2);
  EXPECT_EQ(entries[0].snapshot_id, 7);
  EXPECT_EQ(entries[1].sequence_number, 9);
  EXPECT_EQ(entries[1].file_sequence_number, 9);
  EXPECT_EQ(entries[1].snapshot_id, 55);
}

TEST(Manifest, PartitionTypes) {
  const auto avro_type = [](TypePtr type) {
    return partition_record(OneColumn(std::move(type)).write({}).bytes)["fields"][0]["type"][1].dump();
  };
  EXPECT_EQ(avro_type(primitive(TypeId::Boolean)), R"("boolean")");
  EXPECT_EQ(avro_type(primitive(TypeId::Binary)), R"("bytes")");
  EXPECT_EQ(avro_type(primitive(TypeId::Date)), R"({"type":"int","logicalType":"date"})");
  EXPECT_EQ(avro_type(primitive(TypeId::Time)), R"({"type":"long","logicalType":"time-micros"})");
  EXPECT_EQ(avro_type(primitive(TypeId::Timestamp)),
            R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":false})");
  EXPECT_EQ(avro_type(primitive(TypeId::Timestamptz)),
            R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true})");
  EXPECT_EQ(avro_type(primitive(TypeId::Uuid)),
            R"({"type":"fixed","name":"uuid_fixed","size":16,"logicalType":"uuid"})");
  EXPECT_EQ(avro_type(fixed_type(5)), R"({"type":"fixed","name":"fixed_5","size":5})");
  EXPECT_EQ(avro_type(decimal_type(9, 2)),
            R"({"type":"fixed","name":"decimal_9_2","size":4,"logicalType":"decimal",)"
            R"("precision":9,"scale":2})");
  const std::pair<int32_t, int> sizes[] = {{1, 1},  {2, 1},  {3, 2},   {4, 2},   {5, 3},
                                           {9, 4},  {10, 5}, {18, 8},  {19, 9},  {21, 9},
                                           {22, 10}, {35, 15}, {36, 16}, {38, 16}};
  for (const auto& [precision, size] : sizes) {
    EXPECT_EQ(Json::parse(avro_type(decimal_type(precision, 0)))["size"], size) << precision;
  }
}

TEST(Manifest, NamesThatAvroCannotHave) {
  const auto name_of = [](const std::string& name) {
    const OneColumn table(primitive(TypeId::Int), name);
    const Json field = partition_record(table.write({}).bytes)["fields"][0];
    if (field["name"] == name) {
      EXPECT_FALSE(field.contains("iceberg-field-name"));
    } else {
      EXPECT_EQ(field["iceberg-field-name"], name);
    }
    return field["name"].get<std::string>();
  };
  EXPECT_EQ(name_of("a_1"), "a_1");
  EXPECT_EQ(name_of("1a"), "_1a");
  EXPECT_EQ(name_of("a.b"), "a_x2Eb");
  EXPECT_EQ(name_of("a b"), "a_x20b");
  EXPECT_EQ(name_of("é"), "_xE9");
  EXPECT_EQ(name_of("😀"), "_xD83D_xDE00");
}

TEST(Manifest, NamesThatWouldBeThereTwice) {
  TableSchema schema;
  schema.fields = {{1, "a b", false, decimal_type(9, 2), ""},
                   {2, "a_x20b", false, decimal_type(9, 2), ""}};
  PartitionSpec spec;
  spec.fields = {{1, 1000, "a b", parse_transform("identity")},
                 {2, 1001, "a_x20b", parse_transform("identity")}};
  const PartitionValues values = {"\x05\x8c"s, "\xff"s};
  const std::string bytes =
      write_manifest(schema, spec, ManifestContent::Data, {added(values)}).bytes;
  const Json fields = partition_record(bytes)["fields"];
  EXPECT_EQ(fields[1]["name"], "a_x20b_1001");
  EXPECT_EQ(fields[1]["iceberg-field-name"], "a_x20b");
  EXPECT_EQ(fields[1]["type"][1]["name"], "decimal_9_2");
  EXPECT_EQ(fields[1]["type"][1]["namespace"], "f1001");
  EXPECT_EQ(read_manifest(bytes, {}, schema, spec)[0].file.partition, values);
}

TEST(Manifest, SummariesOfNumbers) {
  const OneColumn table(primitive(TypeId::Int));
  auto summary = table.summaries({int32_t{3}, {}, int32_t{-2}}).at(0);
  EXPECT_TRUE(summary.contains_null);
  EXPECT_EQ(summary.contains_nan, false);
  EXPECT_EQ(summary.lower_bound, to_bytes(int32_t{-2}));
  EXPECT_EQ(summary.upper_bound, to_bytes(int32_t{3}));
  summary = table.summaries({{}}).at(0);
  EXPECT_TRUE(summary.contains_null);
  EXPECT_EQ(summary.lower_bound, std::nullopt);
  EXPECT_EQ(summary.upper_bound, std::nullopt);
  EXPECT_EQ(OneColumn(primitive(TypeId::String)).summaries({std::string(40, 'x')}).at(0).upper_bound,
            std::string(40, 'x'));
}

TEST(Manifest, SummariesOfNanAndZeros) {
  const OneColumn table(primitive(TypeId::Double));
  auto summary = table.summaries({kNan, 0.0, -0.0}).at(0);
  EXPECT_EQ(summary.contains_nan, true);
  EXPECT_EQ(summary.lower_bound, to_bytes(-0.0));
  EXPECT_EQ(summary.upper_bound, to_bytes(0.0));
  EXPECT_EQ(table.summaries({0.0}).at(0).lower_bound, to_bytes(-0.0));
  EXPECT_EQ(table.summaries({-0.0}).at(0).upper_bound, to_bytes(0.0));
  EXPECT_EQ(table.summaries({1.5}).at(0).lower_bound, to_bytes(1.5));
  summary = table.summaries({kNan}).at(0);
  EXPECT_EQ(summary.contains_nan, true);
  EXPECT_FALSE(summary.contains_null);
  EXPECT_EQ(summary.lower_bound, std::nullopt);
  const OneColumn floats(primitive(TypeId::Float));
  EXPECT_EQ(floats.summaries({0.0F}).at(0).lower_bound, to_bytes(-0.0F));
}

TEST(Manifest, SummariesOfUuidsOnlyWhereAllReadersAgree) {
  const OneColumn table(primitive(TypeId::Uuid));
  const std::string low = "\x01" + std::string(15, '\0');
  const std::string high = "\x02" + std::string(15, '\0');
  const std::string negative = "\xff" + std::string(15, '\0');
  const auto summary = table.summaries({high, low}).at(0);
  EXPECT_EQ(summary.lower_bound, low);
  EXPECT_EQ(summary.upper_bound, high);
  EXPECT_EQ(table.summaries({negative}).at(0).lower_bound, negative);
  EXPECT_TRUE(table.summaries({low, negative}).empty());
}

TEST(Manifest, UnpartitionedTables) {
  const TableSchema schema = OneColumn(primitive(TypeId::Int)).schema;
  const WrittenManifest written =
      write_manifest(schema, {}, ManifestContent::Data, {added({})});
  EXPECT_EQ(partition_record(written.bytes)["fields"], Json::array());
  EXPECT_TRUE(written.file.partitions.empty());
  EXPECT_TRUE(read_manifest(written.bytes, {}, schema, {})[0].file.partition.empty());
}

TEST(Manifest, ColumnsThatWerePromotedSince) {
  const OneColumn ints(primitive(TypeId::Int));
  const OneColumn longs(primitive(TypeId::Long));
  EXPECT_EQ(longs.read(ints.write({int32_t{-5}, {}}).bytes),
            (std::vector<Literal>{int64_t{-5}, {}}));
  const OneColumn floats(primitive(TypeId::Float));
  const OneColumn doubles(primitive(TypeId::Double));
  EXPECT_EQ(doubles.read(floats.write({0.5F}).bytes), std::vector<Literal>{0.5});
  const OneColumn narrow(decimal_type(9, 2));
  const OneColumn wide(decimal_type(30, 2));
  EXPECT_EQ(wide.read(narrow.write({"\xfe\x00"s, "\x00"s}).bytes),
            (std::vector<Literal>{"\xfe\x00"s, "\x00"s}));
  EXPECT_THROW(ints.read(longs.write({int64_t{1}}).bytes), DataException);
}

TEST(Manifest, ColumnsThatWereDroppedSince) {
  OneColumn table(primitive(TypeId::String));
  const std::string bytes = table.write({"x"s, {}}).bytes;
  table.schema.fields.clear();
  EXPECT_EQ(table.read(bytes), (std::vector<Literal>{"x"s, {}}));
  EXPECT_EQ(table.read(table.write({{}, int64_t{4}}).bytes),
            (std::vector<Literal>{{}, int64_t{4}}));
  EXPECT_EQ(table.read(table.write({{}}).bytes), std::vector<Literal>{Literal()});
  table.spec.fields[0].transform = parse_transform("of_tomorrow");
  EXPECT_EQ(table.read(bytes), (std::vector<Literal>{"x"s, {}}));
  EXPECT_THROW(table.write({{}}), UnsupportedException);
}

/// What other products wrote, version 1: fewer fields, in another order, and one that we do not know.
TEST(Manifest, ReadsVersion1) {
  const avro::SchemaPtr schema = avro::Schema::parse(kManifestSchemaV1);
  avro::FileWriter writer(schema, avro::Codec::Null, {{"format-version", "1"}});
  writer.append(avro::Record{{
      1,
      avro::Record{{avro::Record{{17486}}, std::string("s3://b/f"), int64_t{5},
                    std::string("parquet"), int64_t{67'108'864}, int64_t{100},
                    avro::Array{avro::Record{{8, 3}}}}},
      int64_t{44},
  }});
  OneColumn table(primitive(TypeId::Date), "dt");
  const auto entries = read_manifest(writer.finish(), {}, table.schema, table.spec);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, EntryStatus::Added);
  EXPECT_EQ(entries[0].snapshot_id, 44);
  EXPECT_EQ(entries[0].sequence_number, 0);
  EXPECT_EQ(entries[0].file_sequence_number, 0);
  const DataFile& file = entries[0].file;
  EXPECT_EQ(file.content, FileContent::Data);
  EXPECT_EQ(file.path, "s3://b/f");
  EXPECT_EQ(file.format, "parquet");
  EXPECT_EQ(file.partition, PartitionValues{int32_t{17486}});
  EXPECT_EQ(file.file_size, 100);
  EXPECT_EQ(file.metrics.record_count, 5);
  EXPECT_EQ(file.metrics.column_sizes, (std::map<int32_t, int64_t>{{3, 8}}));
  EXPECT_TRUE(file.metrics.value_counts.empty());
}

TEST(Manifest, ContentThatIsNotKnown) {
  const OneColumn table(primitive(TypeId::Int));
  avro::FileWriter writer(avro::Schema::parse(kManifestSchemaV1), avro::Codec::Null, {});
  writer.append(avro::Record{{3,
                              avro::Record{{avro::Record{{1}}, std::string("f"), int64_t{5},
                                            std::string("parquet"), int64_t{0}, int64_t{1},
                                            avro::Array{}}},
                              int64_t{44}}});
  EXPECT_THROW(read_manifest(writer.finish(), {}, table.schema, table.spec), DataException);
  avro::FileWriter other(avro::Schema::parse(R"("string")"), avro::Codec::Null, {});
  EXPECT_THROW(read_manifest(other.finish(), {}, table.schema, table.spec), DataException);
}

TEST(ManifestList, WhatIsWrittenComesBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomManifest random(seed);
  for (int round = 0; round < 60; ++round) {
    std::vector<ManifestFile> manifests;
    for (size_t i = random.below(50); i > 0; --i) manifests.push_back(random.manifest_file());
    const auto read = read_manifest_list(write_manifest_list({1, 2, 3}, manifests), "l.avro");
    ASSERT_EQ(read.size(), manifests.size());
    for (size_t i = 0; i < read.size(); ++i) ASSERT_EQ(text_of(read[i]), text_of(manifests[i]));
  }
}

TEST(ManifestList, HeaderTellsTheSnapshot) {
  const int64_t id = (int64_t{1} << 62) + 1;
  const std::string first = write_manifest_list({id, std::nullopt, 1}, {});
  const avro::FileReader reader(first);
  EXPECT_EQ(*reader.metadata("snapshot-id"), "4611686018427387905");
  EXPECT_EQ(*reader.metadata("parent-snapshot-id"), "null");
  EXPECT_EQ(*reader.metadata("sequence-number"), "1");
  EXPECT_EQ(*reader.metadata("format-version"), "2");
  const std::string second = write_manifest_list({5, id, 2}, {});
  EXPECT_EQ(*avro::FileReader(second).metadata("parent-snapshot-id"), "4611686018427387905");
  EXPECT_TRUE(read_manifest_list(first, "l.avro").empty());
}

TEST(ManifestList, ReadsVersion1) {
  const avro::SchemaPtr schema = avro::Schema::parse(kListSchemaV1);
  const auto write = [&](const avro::Value& count) {
    avro::FileWriter writer(schema, avro::Codec::Deflate, {});
    writer.append(avro::Record{{std::string("m.avro"), int64_t{900}, 2, int64_t{44}, count, 6, 0,
                                avro::Array{avro::Record{{true, std::string("a")}}}}});
    return writer.finish();
  };
  const auto manifests = read_manifest_list(write(5), "l.avro");
  ASSERT_EQ(manifests.size(), 1U);
  EXPECT_EQ(manifests[0].path, "m.avro");
  EXPECT_EQ(manifests[0].length, 900);
  EXPECT_EQ(manifests[0].spec_id, 2);
  EXPECT_EQ(manifests[0].content, ManifestContent::Data);
  EXPECT_EQ(manifests[0].sequence_number, 0);
  EXPECT_EQ(manifests[0].min_sequence_number, 0);
  EXPECT_EQ(manifests[0].added_snapshot_id, 44);
  EXPECT_EQ(manifests[0].added_files, 5);
  EXPECT_EQ(manifests[0].existing_files, 6);
  EXPECT_EQ(manifests[0].added_rows, 0);
  ASSERT_EQ(manifests[0].partitions.size(), 1U);
  EXPECT_TRUE(manifests[0].partitions[0].contains_null);
  EXPECT_EQ(manifests[0].partitions[0].contains_nan, std::nullopt);
  EXPECT_EQ(manifests[0].partitions[0].lower_bound, "a");
  // A manifest that might hold files is never taken for an empty one.
  EXPECT_THROW(read_manifest_list(write({}), "l.avro"), DataException);
}

TEST(ManifestList, DamageIsReportedWithThePath) {
  const std::string good = write_manifest_list({1, 2, 3}, {ManifestFile{}});
  for (const size_t size : {size_t{0}, size_t{3}, good.size() / 2, good.size() - 1}) {
    try {
      read_manifest_list(std::string_view(good).substr(0, size), "file:///t/metadata/l.avro");
      FAIL() << size;
    } catch (const DataException& error) {
      EXPECT_EQ(std::string(error.what()).rfind("reading the manifest list file:///t/metadata/l.avro: ", 0),
                0U);
    }
  }
}

}  // namespace
}  // namespace millrace::lakehouse
