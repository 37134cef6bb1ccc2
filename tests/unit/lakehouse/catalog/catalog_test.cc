#include <gmock/gmock.h>

#include "connectors/lakehouse/catalog/gzip.h"
#include "tests/unit/lakehouse/catalog/catalog_suite.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Kinds, CatalogTest, ::testing::Values("hadoop", "jdbc"));

TEST(MakeCatalog, SettingsThatDoNotDoAreNamed) {
  const auto why = [](const Properties& settings) -> std::string {
    try {
      make_catalog("lake", settings);
    } catch (const ConfigException& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(why({}), HasSubstr("iceberg.catalog.type"));
  EXPECT_THAT(why({{"type", "hive"}}), HasSubstr("`hive`"));
  EXPECT_THAT(why({{"type", "hadoop"}}), HasSubstr("iceberg.catalog.warehouse"));
  EXPECT_THAT(why({{"catalog-impl", "com.example.Mine"}}), HasSubstr("com.example.Mine"));
  EXPECT_THAT(why({{"type", "jdbc"}}), HasSubstr("uri"));
  EXPECT_THAT(why({{"type", "jdbc"}, {"uri", "jdbc:mysql://u:secret@h/d"}}),
              ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(why({{"type", "jdbc"}, {"uri", "sqlite://x"}}), HasSubstr("sqlite:///"));
  EXPECT_THAT(why({{"type", "jdbc"}, {"uri", "jdbc:sqlite:"}}), HasSubstr("path"));
  EXPECT_THAT(why({{"type", "hadoop"}, {"warehouse", "nfs7://b/w"}}), HasSubstr("nfs7"));
}

TEST(Gzip, RoundTripsAndHasALimit) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919);
  EXPECT_EQ(gunzip(gzip(text), text.size()), text);
  EXPECT_EQ(gunzip(gzip(""), 10), "");
  EXPECT_THROW(gunzip(gzip(text), text.size() - 1), DataException);
  EXPECT_THROW(gunzip(gzip(text).substr(0, 1000), text.size()), DataException);
  EXPECT_THROW(gunzip("", 10), DataException);
}

}  // namespace
}  // namespace millrace::lakehouse
