#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest_schema.h"
#include "millrace/errors.h"
#include "tests/unit/lakehouse/table/manifest_fixture.h"

namespace millrace::lakehouse {
namespace {

/// A table partitioned by its one column, a number.
class ManifestMerge : public ::testing::Test {
 protected:
  ManifestMerge() {
    schema_.fields = {{1, "c", false, primitive(TypeId::Int), ""}};
    spec_.fields = {{1, 1000, "c", parse_transform("identity")}};
  }
  struct Manifest {
    std::string bytes;
    ManifestFile file;
  };
  static ManifestEntry entry(const std::string& path, int32_t value) {
    ManifestEntry entry;
    entry.file.path = path;
    entry.file.partition = {value};
    entry.file.metrics.record_count = 3;
    return entry;
  }
  /// As commit `number` wrote it.
  Manifest manifest(int64_t number, const std::vector<ManifestEntry>& entries) const {
    WrittenManifest written = write_manifest(schema_, spec_, ManifestContent::Data, entries);
    written.file.path = "m" + std::to_string(number);
    written.file.sequence_number = number;
    written.file.added_snapshot_id = 100 + number;
    return {std::move(written.bytes), std::move(written.file)};
  }

  TableSchema schema_;
  PartitionSpec spec_;
};

TEST_F(ManifestMerge, EntriesKeepTheirNumbersAndNewOnesInheritThem) {
  ManifestEntry compacted = entry("compacted", 5);
  compacted.status = EntryStatus::Existing;
  compacted.snapshot_id = 90;
  compacted.sequence_number = 1;
  compacted.file_sequence_number = 2;
  ManifestEntry deleted = compacted;
  deleted.status = EntryStatus::Deleted;
  deleted.file.path = "deleted";
  const Manifest old = manifest(4, {compacted, deleted, entry("old", -7)});
  const Manifest fresh = manifest(0, {entry("new", 9)});
  ManifestMerger merger(schema_, spec_, ManifestContent::Data);
  merger.add(fresh.bytes, fresh.file, true);
  merger.add(old.bytes, old.file, false);
  const WrittenManifest merged = merger.finish();
  EXPECT_EQ(merged.file.added_files, 1);
  EXPECT_EQ(merged.file.existing_files, 2);
  EXPECT_EQ(merged.file.deleted_files, 0);
  EXPECT_EQ(merged.file.existing_rows, 6);
  EXPECT_EQ(merged.file.min_sequence_number, 1);
  EXPECT_EQ(merged.file.length, static_cast<int64_t>(merged.bytes.size()));
  EXPECT_EQ(merged.file.partitions.at(0).lower_bound, to_bytes(int32_t{-7}));
  EXPECT_EQ(merged.file.partitions.at(0).upper_bound, to_bytes(int32_t{9}));

  ManifestFile listed = merged.file;
  listed.sequence_number = 11;
  listed.added_snapshot_id = 111;
  const auto entries = read_manifest(merged.bytes, listed, schema_, spec_);
  ASSERT_EQ(entries.size(), 3U);
  const auto told = [](const ManifestEntry& e) {
    return std::tuple(e.file.path, e.status, *e.snapshot_id, *e.sequence_number, *e.file_sequence_number);
  };
  EXPECT_EQ(told(entries[0]), std::tuple("new", EntryStatus::Added, 111, 11, 11));
  EXPECT_EQ(told(entries[1]), std::tuple("compacted", EntryStatus::Existing, 90, 1, 2));
  EXPECT_EQ(told(entries[2]), std::tuple("old", EntryStatus::Existing, 104, 4, 4));
}

TEST_F(ManifestMerge, AllThatIsKnownOfFilesSurvives) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomManifest random(seed);
  TableSchema schema = random.schema();
  PartitionSpec spec = random.spec();
  std::erase_if(spec.fields, [&](const PartitionField& field) {
    return schema.field(field.source_id)->type->id == TypeId::Fixed;
  });
  for (const auto content : {ManifestContent::Data, ManifestContent::Deletes}) {
    auto entries = random.entries(content, 3);
    for (ManifestEntry& one : entries) {
      PartitionValues kept;
      for (size_t i = 0; i < one.file.partition.size(); ++i) {
        const auto source = random.spec().fields[i].source_id;
        if (schema.field(source)->type->id != TypeId::Fixed) kept.push_back(one.file.partition[i]);
      }
      one.file.partition = kept;
      one.status = EntryStatus::Existing;
      one.snapshot_id = 5;
      one.sequence_number = 6;
      one.file_sequence_number = 7;
    }
    const WrittenManifest one = write_manifest(schema, spec, content, entries);
    ManifestMerger merger(schema, spec, content);
    merger.add(one.bytes, one.file, false);
    const WrittenManifest merged = merger.finish();
    EXPECT_EQ(text_of(merged.file), text_of(one.file));
    const auto before = read_manifest(one.bytes, one.file, schema, spec);
    const auto after = read_manifest(merged.bytes, merged.file, schema, spec);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(text_of(after[i]), text_of(before[i]));
  }
}

TEST_F(ManifestMerge, AColumnThatWasPromotedIsReadAsBefore) {
  const Manifest old = manifest(4, {entry("old", -7)});
  schema_.fields[0].type = primitive(TypeId::Long);
  ManifestMerger merger(schema_, spec_, ManifestContent::Data);
  merger.add(old.bytes, old.file, false);
  const WrittenManifest merged = merger.finish();
  EXPECT_EQ(merged.file.partitions.at(0).lower_bound, to_bytes(int64_t{-7}));
  EXPECT_EQ(read_manifest(merged.bytes, merged.file, schema_, spec_).at(0).file.partition.at(0),
            Literal(int64_t{-7}));
}

TEST_F(ManifestMerge, WhatItsListDoesNotSayIsRefused) {
  Manifest old = manifest(4, {entry("old", -7)});
  ++old.file.added_files;
  ManifestMerger merger(schema_, spec_, ManifestContent::Data);
  EXPECT_THROW(merger.add(old.bytes, old.file, false), DataException);
}

TEST_F(ManifestMerge, SpecsWhoseValuesAreNotKnownAreRefused) {
  PartitionSpec dropped = spec_;
  dropped.fields[0].source_id = 99;
  EXPECT_THROW(ManifestMerger(schema_, dropped, ManifestContent::Data), UnsupportedException);
  PartitionSpec unknown = spec_;
  unknown.fields[0].transform = parse_transform("zorder[3]");
  EXPECT_THROW(ManifestMerger(schema_, unknown, ManifestContent::Data), UnsupportedException);
  schema_.fields[0].type = std::make_shared<Type>(Type{.id = TypeId::Fixed, .length = 5});
  EXPECT_THROW(ManifestMerger(schema_, spec_, ManifestContent::Data), UnsupportedException);
}

TEST_F(ManifestMerge, FieldsThatAreNotKnownAreNotDropped) {
  const Manifest plain = manifest(4, {entry("old", -7)});
  avro::FileReader reader(plain.bytes);
  avro::Value value;
  ASSERT_TRUE(reader.next(avro::Projection(reader.schema()), value));
  // Beside the entry, and within the file.
  for (const bool inside : {false, true}) {
    Json schema = Json::parse(reader.schema()->to_text());
    avro::Value more = value;
    auto& record = std::get<avro::Record>(more.data);
    Json& outer = schema["fields"];
    Json& fields = inside ? outer[EntryField::File]["type"]["fields"] : outer;
    fields.push_back(optional_avro_field(7777, "novel", "long"));
    auto& values = inside ? std::get<avro::Record>(record.fields[EntryField::File].data).fields
                          : record.fields;
    values.push_back(int64_t{42});
    avro::FileWriter writer(avro::Schema::from_json(schema), avro::Codec::Null, reader.metadata());
    writer.append(more);
    const std::string bytes = writer.finish();
    ManifestMerger merger(schema_, spec_, ManifestContent::Data);
    try {
      merger.add(bytes, plain.file, false);
      FAIL() << "the field was dropped";
    } catch (const UnsupportedException& error) {
      EXPECT_NE(std::string(error.what()).find("m4: its field novel"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace millrace::lakehouse
