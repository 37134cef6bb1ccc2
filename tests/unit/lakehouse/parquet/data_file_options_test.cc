#include <gtest/gtest.h>

#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

TableSchema schema() {
  return {0, {{1, "n", false, primitive(TypeId::Long)}}};
}
DataFileOptions options_of(const std::map<std::string, std::string>& properties) {
  return data_file_options(schema(), properties);
}

TEST(DataFileOptions, DefaultsAreIcebergs) {
  const DataFileOptions options = options_of({});
  EXPECT_EQ(options.compression, "zstd");
  EXPECT_EQ(options.compression_level, 3);
  EXPECT_EQ(options.row_group_bytes, 134'217'728);
  EXPECT_EQ(options.page_bytes, 1'048'576);
  EXPECT_EQ(options.page_rows, 20'000);
  EXPECT_EQ(options.dictionary_bytes, 2'097'152);
  EXPECT_EQ(options.metrics.at(1).mode, MetricsMode::Truncate);
}

TEST(DataFileOptions, PropertiesOfTheTableAreTaken) {
  const DataFileOptions options = options_of({
      {"write.parquet.compression-codec", "GZIP"},
      {"write.parquet.compression-level", "9"},
      {"write.parquet.row-group-size-bytes", "1000000"},
      {"write.parquet.page-size-bytes", "1000"},
      {"write.parquet.page-row-limit", "10"},
      {"write.parquet.dict-size-bytes", "100"},
      {"write.metadata.metrics.default", "none"},
  });
  EXPECT_EQ(options.compression, "gzip");
  EXPECT_EQ(options.compression_level, 9);
  EXPECT_EQ(options.row_group_bytes, 1'000'000);
  EXPECT_EQ(options.page_bytes, 1000);
  EXPECT_EQ(options.page_rows, 10);
  EXPECT_EQ(options.dictionary_bytes, 100);
  EXPECT_EQ(options.metrics.at(1).mode, MetricsMode::None);
}

TEST(DataFileOptions, ALevelIsNothingToACodecWithoutLevels) {
  const DataFileOptions options = options_of({{"write.parquet.compression-codec", "snappy"},
                                              {"write.parquet.compression-level", "19"}});
  EXPECT_EQ(options.compression, "snappy");
  EXPECT_EQ(options.compression_level, 0);
}

TEST(DataFileOptions, WhatMeansNothingIsRefused) {
  const std::map<std::string, std::string> bad[] = {
      {{"write.parquet.compression-codec", "lzo"}},
      {{"write.parquet.compression-level", "23"}},
      {{"write.parquet.compression-level", "high"}},
      {{"write.parquet.row-group-size-bytes", "0"}},
      {{"write.parquet.page-size-bytes", "-1"}},
      {{"write.parquet.page-row-limit", "99999999999"}},
      {{"write.parquet.dict-size-bytes", ""}},
  };
  for (const auto& properties : bad) {
    EXPECT_THROW(options_of(properties), ConfigException) << properties.begin()->first;
  }
  try {
    options_of({{"write.parquet.compression-level", "23"}});
  } catch (const ConfigException& e) {
    EXPECT_STREQ(e.what(),
                 "Invalid value 23 for the table's property write.parquet.compression-level: a "
                 "whole number from 1 to 22");
  }
}

}  // namespace
}  // namespace millrace::lakehouse
