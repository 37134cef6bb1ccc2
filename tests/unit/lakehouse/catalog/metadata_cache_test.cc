#include "connectors/lakehouse/catalog/metadata_cache.h"

#include <gtest/gtest.h>

namespace millrace::lakehouse {
namespace {

TableMetadata new_table() {
  NewTable what;
  what.location = "/w/t";
  return TableMetadata::create(what, new_uuid(), 0);
}

TEST(MetadataCache, KnowsAPathWithItsBytes) {
  MetadataCache cache;
  const TableMetadata table = new_table();
  EXPECT_FALSE(cache.find("a"));
  cache.put("a", "bytes", table);
  EXPECT_EQ(&cache.find("a")->document(), &table.document()) << "shared, not parsed again";
  const std::string same = "bytes";
  const std::string other = "other bytes";
  EXPECT_TRUE(cache.find("a", &same));
  EXPECT_FALSE(cache.find("a", &other)) << "the table was dropped and made anew";
  cache.put("b", "bytes", table, "a");
  EXPECT_FALSE(cache.find("a")) << "it was replaced";
}

TEST(MetadataCache, IsLimited) {
  MetadataCache cache;
  const TableMetadata table = new_table();
  for (size_t i = 0; i < MetadataCache::kMaxTables; ++i) cache.put(std::to_string(i), "", table);
  EXPECT_TRUE(cache.find("0"));
  cache.put("more", "", table);
  EXPECT_TRUE(cache.find("0")) << "it was used";
  EXPECT_FALSE(cache.find("1"));
  cache.put("large", std::string(MetadataCache::kMaxBytes + 1, 'x'), table);
  EXPECT_FALSE(cache.find("large"));
}

}  // namespace
}  // namespace millrace::lakehouse
