#include "connectors/feature_store/sink/unread_topics.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace millrace::feature_store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::string group(int id, const std::string& topic, const std::string& more = "") {
  const std::string number = std::to_string(id);
  return R"({"project":"bank","projectId":119,"id":)" + number + R"(,"name":"g)" + number +
         R"(","version":1,"primaryKey":["id"],"topic":")" + topic + "\"" + more + "}";
}

std::string document(const std::string& groups) { return R"({"featureGroups":[)" + groups + "]}"; }

TopicSelection of(const Properties& config) { return TopicSelection(config); }

TEST(UnreadTopicsTest, GroupsOfOtherTopicsAreNamed) {
  const Catalog catalog(parse_catalog(
      document(group(1, "bank_onlinefs") + "," + group(2, "shop") + "," + group(3, "shop") + "," + group(4, "") + "," +
               group(5, "gone", R"(,"deleted":true)") + "," + group(6, "lake", R"(,"onlineEnabled":false)")),
      "the test"));
  EXPECT_THAT(unread_topics(catalog, of({})),
              ElementsAre(Pair("shop", ElementsAre("g2_1 (id 2)", "g3_1 (id 3)"))));
  EXPECT_THAT(unread_topics(catalog, of({{"topics", "shop, bank_onlinefs"}})), IsEmpty());
  EXPECT_THAT(unread_topics(catalog, of({{"topics.regex", "bank.*|shop"}})), IsEmpty());
  EXPECT_THAT(unread_topics(catalog, of({{"topic_list", "shop"}})),
              ElementsAre(Pair("bank_onlinefs", ElementsAre("g1_1 (id 1)"))));
}

TEST(UnreadTopicsTest, TheKeyToChangeIsTheOneThatSelects) {
  EXPECT_EQ(of({}).key(), "topics.regex");
  EXPECT_EQ(of({{"topics.regex", "a"}}).key(), "topics.regex");
  EXPECT_EQ(of({{"topics", "a"}}).key(), "topics");
  EXPECT_EQ(of({{"topics", "a"}, {"topic_list", "a"}}).key(), "topic_list") << "as resolved";
  EXPECT_FALSE(of({{"topics.regex", "("}}).reads("("));
}

TEST(UnreadTopicsTest, ANewCatalogIsLookedAt) {
  const testing_support::TemporaryFolder folder;
  const std::string file = folder / "groups.json";
  std::ofstream(file) << document(group(1, "bank_onlinefs"));
  CatalogOptions options;
  options.file = file;
  options.refresh = std::chrono::milliseconds(0);
  CatalogSource catalog(options);
  UnreadTopics unread(of({}));
  unread.look(catalog);
  EXPECT_EQ(unread.count(), 0U);
  std::ofstream(file) << document(group(1, "bank_onlinefs") + "," + group(2, "shop"));
  ASSERT_TRUE(catalog.refresh_if_due());
  unread.look(catalog);
  EXPECT_EQ(unread.count(), 1U);
}

}  // namespace
}  // namespace millrace::feature_store
