#include <gtest/gtest.h>

#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "connectors/lakehouse/storage/file_io.h"
#include "millrace/errors.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/python_program.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/lakehouse/parquet/random_rows.h"

namespace millrace::lakehouse {
namespace {

NestedField field(int32_t id, std::string name, TypePtr type, bool required = false) {
  return {id, std::move(name), required, std::move(type)};
}

/// Every type, at the top and below.
TableSchemaPtr wide_schema() {
  TableSchema schema;
  schema.fields = {
      field(1, "id", primitive(TypeId::Long), true),
      field(2, "flag", primitive(TypeId::Boolean)),
      field(3, "small", primitive(TypeId::Int)),
      field(4, "f", primitive(TypeId::Float)),
      field(5, "d", primitive(TypeId::Double)),
      field(6, "day", primitive(TypeId::Date)),
      field(7, "time", primitive(TypeId::Time)),
      field(8, "ts", primitive(TypeId::Timestamp)),
      field(9, "tstz", primitive(TypeId::Timestamptz)),
      field(10, "text", primitive(TypeId::String)),
      field(11, "key", primitive(TypeId::Uuid)),
      field(12, "fix", fixed_type(5)),
      field(13, "bin", primitive(TypeId::Binary)),
      field(14, "d9", decimal_type(9, 2)),
      field(15, "d18", decimal_type(18, 0)),
      field(16, "d19", decimal_type(19, 4)),
      field(17, "d38", decimal_type(38, 10)),
      field(18, "tags", list_type(19, primitive(TypeId::String), false)),
      field(20, "props",
            map_type(21, primitive(TypeId::String), 22, primitive(TypeId::Double), false)),
      field(23, "place",
            struct_type({field(24, "x", primitive(TypeId::Int), true),
                         field(25, "names", list_type(26, primitive(TypeId::Int), true)),
                         field(27, "flag", primitive(TypeId::Boolean))})),
      field(28, "orders",
            list_type(29, struct_type({field(30, "sku", primitive(TypeId::String), true),
                                       field(31, "price", decimal_type(9, 2))}),
                      false),
            true),
  };
  return std::make_shared<TableSchema>(schema);
}
TableSchemaPtr small_schema() {
  TableSchema schema;
  schema.fields = {field(1, "n", primitive(TypeId::Long), true),
                   field(2, "s", primitive(TypeId::String))};
  return std::make_shared<TableSchema>(schema);
}
void append(ColumnBatch& batch, int64_t n, std::string_view text) {
  batch.columns()[0].append_fixed(n);
  batch.columns()[1].append_bytes(text);
}

class ParquetWriterTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "file") const {
    return (folder_.path() / "data" / (name + ".parquet")).string();
  }
  std::unique_ptr<DataFileWriter> writer(const TableSchemaPtr& schema,
                                         const DataFileOptions& options,
                                         const std::string& name = "file") {
    return make_parquet_writer(files_->create("file://" + path(name)), schema, options);
  }
  Json read_back(const TableSchemaPtr& schema, const std::vector<std::string>& names) const {
    const std::string schema_path = (folder_ / "schema.json").string();
    testing_support::write_text(schema_path, to_json(*schema).dump());
    std::vector<std::string> arguments = {schema_path};
    for (const std::string& name : names) arguments.push_back(path(name));
    return Json::parse(testing_support::run_python(MILLRACE_READ_BACK, arguments));
  }
  Json read_back(const TableSchemaPtr& schema) const { return read_back(schema, {"file"})[0]; }
  size_t files_in_folder() const {
    const std::filesystem::directory_iterator entries(folder_ / "data");
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

  testing_support::TemporaryFolder folder_;
  std::shared_ptr<FileIO> files_ = local_files();
};

TEST_F(ParquetWriterTest, TypesAreThoseOfTheSpecification) {
  const TableSchemaPtr schema = wide_schema();
  const auto out = writer(schema, {});
  out->finish();
  EXPECT_EQ(read_back(schema)["schema"].get<std::string>(),
            R"(required group field_id=-1 schema {
  required int64 field_id=1 id;
  optional boolean field_id=2 flag;
  optional int32 field_id=3 small;
  optional float field_id=4 f;
  optional double field_id=5 d;
  optional int32 field_id=6 day (Date);
  optional int64 field_id=7 time (Time(isAdjustedToUTC=false, timeUnit=microseconds));
  optional int64 field_id=8 ts (Timestamp(isAdjustedToUTC=false, timeUnit=microseconds, is_from_converted_type=false, force_set_converted_type=false));
  optional int64 field_id=9 tstz (Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false, force_set_converted_type=false));
  optional binary field_id=10 text (String);
  optional fixed_len_byte_array(16) field_id=11 key (UUID);
  optional fixed_len_byte_array(5) field_id=12 fix;
  optional binary field_id=13 bin;
  optional int32 field_id=14 d9 (Decimal(precision=9, scale=2));
  optional int64 field_id=15 d18 (Decimal(precision=18, scale=0));
  optional fixed_len_byte_array(9) field_id=16 d19 (Decimal(precision=19, scale=4));
  optional fixed_len_byte_array(16) field_id=17 d38 (Decimal(precision=38, scale=10));
  optional group field_id=18 tags (List) {
    repeated group field_id=-1 list {
      optional binary field_id=19 element (String);
    }
  }
  optional group field_id=20 props (Map) {
    repeated group field_id=-1 key_value {
      required binary field_id=21 key (String);
      optional double field_id=22 value;
    }
  }
  optional group field_id=23 place {
    required int32 field_id=24 x;
    optional group field_id=25 names (List) {
      repeated group field_id=-1 list {
        required int32 field_id=26 element;
      }
    }
    optional boolean field_id=27 flag;
  }
  required group field_id=28 orders (List) {
    repeated group field_id=-1 list {
      optional group field_id=29 element {
        required binary field_id=30 sku (String);
        optional int32 field_id=31 price (Decimal(precision=9, scale=2));
      }
    }
  }
}
)");
}

void expect_bounds(const std::map<int32_t, std::string>& ours, const Json& theirs,
                   const TableSchema& schema) {
  for (const auto& [key, bytes] : theirs.items()) {
    const int32_t id = std::stoi(key);
    const std::string path = schema.path_of(id);
    SCOPED_TRACE(path);
    const auto at = ours.find(id);
    if (schema.field(id)->type->id == TypeId::Uuid) {
      EXPECT_EQ(at, ours.end());
      continue;
    }
    ASSERT_NE(at, ours.end());
    EXPECT_EQ(hex(at->second), bytes);
  }
  // PyIceberg has no bounds of what is nested.
  for (const auto& [id, bytes] : ours) {
    const std::string path = schema.path_of(id);
    EXPECT_TRUE(theirs.contains(std::to_string(id)) || path.starts_with("place.")) << path;
  }
}
/// Members of structs: with PyArrow's.
void expect_member_bounds(const FileMetrics& metrics, const Json& chunks) {
  Json least, greatest;
  for (const Json& chunk : chunks) {
    if (chunk["min"].is_null()) continue;
    if (least.is_null() || chunk["min"] < least) least = chunk["min"];
    if (greatest.is_null() || chunk["max"] > greatest) greatest = chunk["max"];
  }
  const Type type{TypeId::Int};
  EXPECT_EQ(std::get<int32_t>(from_bytes(metrics.lower_bounds.at(24), type)), least);
  EXPECT_EQ(std::get<int32_t>(from_bytes(metrics.upper_bounds.at(24), type)), greatest);
}
void expect_same(const std::map<int32_t, int64_t>& ours, const Json& theirs,
                 const TableSchema& schema) {
  for (const auto& [id, number] : ours) {
    // In lists theirs counts places that are empty as values.
    if (schema.path_of(id).find_first_of('.') != std::string::npos) continue;
    EXPECT_EQ(number, theirs[std::to_string(id)].get<int64_t>()) << schema.path_of(id);
  }
}

TEST_F(ParquetWriterTest, OtherReadersFindTheRowsAndTheMetrics) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRows random(seed);
  const TableSchemaPtr schema = wide_schema();
  DataFileOptions options =
      data_file_options(*schema, {{"write.metadata.metrics.default", "full"}});
  options.row_group_bytes = 20'000;
  options.page_rows = 50;
  const auto out = writer(schema, options);
  ColumnBatch batch(schema);
  Json rows = Json::array();
  for (int i = 0; i < 8; ++i) {
    batch.clear();
    for (uint64_t n = random.below(200); n > 0; --n) rows.push_back(random.append(batch));
    out->write(batch);
    // What was written is the writer's no more.
    for (Column& column : batch.columns()) {
      const auto values = column.values();
      std::fill_n(const_cast<uint8_t*>(values.data()), values.size(), uint8_t{0xee});
    }
    if (i == 3) out->end_row_group();
  }
  EXPECT_EQ(out->rows(), static_cast<int64_t>(rows.size()));
  const DataFile file = out->finish();
  const Json found = read_back(schema);
  EXPECT_EQ(found["rows"], rows);
  EXPECT_EQ(found["iceberg_rows"], rows);
  const Json& theirs = found["full"];
  EXPECT_EQ(file.file_size, static_cast<int64_t>(std::filesystem::file_size(path())));
  EXPECT_EQ(file.metrics.record_count, theirs["record_count"].get<int64_t>());
  EXPECT_GT(file.metrics.split_offsets.size(), 2U);
  EXPECT_EQ(Json(file.metrics.split_offsets), theirs["split_offsets"]);
  for (const auto& [id, size] : file.metrics.column_sizes) {
    EXPECT_EQ(size, theirs["column_sizes"][std::to_string(id)].get<int64_t>()) << id;
  }
  EXPECT_EQ(file.metrics.column_sizes.size(), theirs["column_sizes"].size());
  expect_same(file.metrics.value_counts, theirs["value_counts"], *schema);
  expect_same(file.metrics.null_counts, theirs["null_counts"], *schema);
  expect_bounds(file.metrics.lower_bounds, theirs["lower"], *schema);
  expect_bounds(file.metrics.upper_bounds, theirs["upper"], *schema);
  expect_member_bounds(file.metrics, found["chunks"]["place.x"]);
}

TEST_F(ParquetWriterTest, TruncatedBoundsAreThoseOfOthers) {
  const TableSchemaPtr schema = small_schema();
  const auto out = writer(schema, data_file_options(*schema, {}));
  ColumnBatch batch(schema);
  for (int64_t n = 0; n < 100; ++n) append(batch, n, std::to_string(n) + " and a long text");
  out->write(batch);
  const DataFile file = out->finish();
  const Json found = read_back(schema);
  expect_bounds(file.metrics.lower_bounds, found["truncated"]["lower"], *schema);
  expect_bounds(file.metrics.upper_bounds, found["truncated"]["upper"], *schema);
  EXPECT_EQ(file.metrics.upper_bounds.at(2), "99 and a long tf");
}

TEST_F(ParquetWriterTest, TheFooterSaysWhatTheFileIs) {
  const TableSchemaPtr schema = small_schema();
  DataFileOptions options;
  options.equality_ids = {1, 2};
  const DataFile file = writer(schema, options)->finish();
  EXPECT_EQ(file.content, FileContent::EqualityDeletes);
  EXPECT_EQ(file.equality_ids, options.equality_ids);
  const Json found = read_back(schema);
  const Json footer = found["footer"];
  EXPECT_EQ(Json::parse(footer["iceberg.schema"].get<std::string>()), to_json(*schema));
  EXPECT_EQ(footer["delete-type"], "equality");
  EXPECT_EQ(footer["delete-field-ids"], "1, 2");
  EXPECT_EQ(footer.size(), 3U) << footer;
  EXPECT_EQ(found["created_by"], "millrace");
  EXPECT_TRUE(found["rows"].empty());
  EXPECT_EQ(file.metrics.record_count, 0);
}

TEST_F(ParquetWriterTest, NamesMayHaveAnyCharacters) {
  TableSchema odd;
  int32_t id = 0;
  for (const char* name : {"a.b", "with blank", "\xc3\xa4/\"'", "1st"}) {
    odd.fields.push_back(field(++id, name, primitive(TypeId::Long)));
  }
  odd.fields.push_back(field(5, "a", struct_type({field(6, "c.d", primitive(TypeId::Long))})));
  const auto schema = std::make_shared<TableSchema>(odd);
  const auto out = writer(schema, data_file_options(*schema, {}));
  ColumnBatch batch(schema);
  const Json row = RandomRows(1).append(batch);
  out->write(batch);
  const DataFile file = out->finish();
  EXPECT_EQ(file.metrics.column_sizes.size(), 5U);
  const Json found = read_back(schema);
  EXPECT_EQ(found["rows"], Json::array({row}));
  EXPECT_EQ(found["iceberg_rows"], Json::array({row}));
}

TEST_F(ParquetWriterTest, EveryCompressionIsRead) {
  const TableSchemaPtr schema = small_schema();
  const std::vector<std::string> codecs = {"uncompressed", "snappy", "gzip",
                                           "lz4",          "zstd",   "brotli"};
  for (const std::string& codec : codecs) {
    const auto out = writer(
        schema, data_file_options(*schema, {{"write.parquet.compression-codec", codec}}), codec);
    ColumnBatch batch(schema);
    append(batch, 1, "one");
    out->write(batch);
    out->finish();
  }
  const Json found = read_back(schema, codecs);
  for (size_t i = 0; i < codecs.size(); ++i) {
    SCOPED_TRACE(codecs[i]);
    EXPECT_EQ(found[i]["rows"], Json::parse(R"([{"n":1,"s":"one"}])"));
    std::string name = found[i]["chunks"]["n"][0]["compression"];
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(name, codecs[i]);
  }
}

TEST_F(ParquetWriterTest, DictionariesAreKeptWhereValuesRepeat) {
  TableSchema wide;
  wide.fields = {field(1, "unique", primitive(TypeId::Long)),
                 field(2, "few", primitive(TypeId::String)),
                 field(3, "large", primitive(TypeId::String)),
                 field(4, "list", list_type(5, primitive(TypeId::Long), false))};
  const auto schema = std::make_shared<TableSchema>(wide);
  DataFileOptions options;
  options.dictionary_bytes = 10'000;
  const auto out = writer(schema, options);
  ColumnBatch batch(schema);
  for (int64_t n = 0; n < 1000; ++n) {
    batch.columns()[0].append_fixed(n);
    batch.columns()[1].append_bytes(n % 2 == 0 ? "even" : "odd");
    batch.columns()[2].append_bytes(std::string(100, 'x') + std::to_string(n % 500));
    batch.columns()[3].append_list(1);
    batch.columns()[3].children()[0].append_fixed(n);
  }
  out->write(batch);
  out->finish();
  const Json chunks = read_back(schema)["chunks"];
  EXPECT_FALSE(chunks["unique"][0]["dictionary"].get<bool>());
  EXPECT_TRUE(chunks["few"][0]["dictionary"].get<bool>());
  EXPECT_FALSE(chunks["large"][0]["dictionary"].get<bool>());
  EXPECT_FALSE(chunks["list.list.element"][0]["dictionary"].get<bool>());
}

TEST_F(ParquetWriterTest, RowGroupsEndWhenTheyAreLargeEvenWithinABatch) {
  const TableSchemaPtr schema = small_schema();
  DataFileOptions options;
  options.row_group_bytes = 100'000;
  const auto out = writer(schema, options);
  ColumnBatch batch(schema);
  std::mt19937_64 random(1);
  for (int64_t n = 0; n < 50'000; ++n) append(batch, static_cast<int64_t>(random()), "s");
  out->write(batch);
  out->finish();
  const Json groups = read_back(schema)["row_groups"];
  // 50,000 random numbers are 400 kB.
  EXPECT_GE(groups.size(), 3U);
  EXPECT_LE(groups.size(), 8U);
}

TEST_F(ParquetWriterTest, MemoryIsToldAndFreedWithTheRowGroup) {
  const TableSchemaPtr schema = small_schema();
  const auto out = writer(schema, {});
  EXPECT_EQ(out->memory_bytes(), 0);
  ColumnBatch batch(schema);
  std::mt19937_64 random(1);
  for (int64_t n = 0; n < 100'000; ++n) append(batch, static_cast<int64_t>(random()), "s");
  for (int i = 0; i < 10; ++i) out->write(batch);
  constexpr int64_t kRandom = 8'000'000;  // bytes that do not compress
  EXPECT_GT(out->memory_bytes(), kRandom);
  EXPECT_LT(out->memory_bytes(), 3 * kRandom);
  EXPECT_GT(out->file_bytes(), kRandom);
  EXPECT_LT(out->file_bytes(), kRandom + kRandom / 8);
  const int64_t before = out->file_bytes();
  out->end_row_group();
  EXPECT_LT(out->memory_bytes(), 500'000);
  EXPECT_NEAR(static_cast<double>(out->file_bytes()), static_cast<double>(before),
              static_cast<double>(before) / 20);
  out->write(batch);
  const DataFile file = out->finish();
  EXPECT_EQ(file.metrics.record_count, 1'100'000);
  EXPECT_EQ(file.metrics.split_offsets.size(), 2U);
  EXPECT_EQ(read_back(schema)["row_groups"], Json({1'000'000, 100'000}));
}

TEST_F(ParquetWriterTest, AFileThatIsGivenUpLeavesNothing) {
  const TableSchemaPtr schema = small_schema();
  {
    const auto out = writer(schema, {});
    ColumnBatch batch(schema);
    append(batch, 1, "one");
    out->write(batch);
    out->end_row_group();
    EXPECT_GT(out->file_bytes(), 0);
  }
  EXPECT_EQ(files_in_folder(), 0U);
}

TEST_F(ParquetWriterTest, AFullDiskMayPassButNotForThisFile) {
  const TableSchemaPtr schema = small_schema();
  auto out = writer(schema, {});
  ColumnBatch batch(schema);
  append(batch, 1, std::string(10'000, 'x'));
  for (int i = 0; i < 2000; ++i) append(batch, i, std::to_string(i * i));
  {
    const testing_support::FileSizeLimit limit(2000);
    out->write(batch);
    EXPECT_THROW(out->end_row_group(), RetriableException);
  }
  try {
    out->finish();
    FAIL() << "a torn file was finished";
  } catch (const ConnectException& e) {
    EXPECT_EQ(e.what(), "finishing file://" + path() + ": it failed before");
  }
  out.reset();
  EXPECT_EQ(files_in_folder(), 0U);
}

TEST_F(ParquetWriterTest, ANullInARequiredColumnIsAnError) {
  const TableSchemaPtr schema = small_schema();
  const auto out = writer(schema, {});
  ColumnBatch batch(schema);
  batch.columns()[0].append_null();
  batch.columns()[1].append_null();
  try {
    out->write(batch);
    FAIL();
  } catch (const ConnectException& e) {
    EXPECT_EQ(e.what(), "writing file://" + path() + ": column n is required and has nulls");
  }
}

}  // namespace
}  // namespace millrace::lakehouse
