// The catalog from documents and from records: what counts, and what stays when a source goes
// wrong.

#include "connectors/feature_store/metadata/catalog_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "tests/support/temporary_folder.h"

namespace millrace::feature_store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::TemporaryFolder;
using testing_support::write_text;

std::string document(int64_t id, const std::string& name, const std::string& key = "k") {
  return fmt::format(
      R"({{"featureGroups":[{{"project":"p","id":{},"name":"{}","primaryKey":["{}"]}}]}})", id,
      name, key);
}

GroupHints hints(int64_t id, const std::string& schema = "") {
  GroupHints made;
  made.project_id = 119;
  made.group_id = id;
  made.topic = "t";
  made.schema_id = 17;
  if (!schema.empty()) made.schema = avro::Schema::parse(schema);
  return made;
}

std::string schema_with(const std::string& attributes, const std::string& name = "txn_2") {
  return R"({"type":"record","name":")" + name + R"(","namespace":"bank_featurestore",)" +
         attributes +
         R"("fields":[{"name":"cc_num","type":["null","long"]},
                      {"name":"f","type":["null","double"]},
                      {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]}]})";
}

CatalogOptions always() {
  CatalogOptions options;
  options.refresh = milliseconds(0);
  options.not_found_for = milliseconds(0);
  return options;
}

class CatalogFileTest : public ::testing::Test {
 protected:
  void write(const std::string& text) { write_text(path_, text); }
  CatalogOptions options() {
    CatalogOptions made = always();
    made.file = path_;
    return made;
  }

  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "groups.json";
};

TEST(CatalogSourceTest, WithoutSourcesKnowsNothing) {
  CatalogSource source(always());
  EXPECT_EQ(source.find(hints(1)), nullptr);
  EXPECT_EQ(source.find(hints(1, schema_with(""))), nullptr);
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_TRUE(source.current()->parts().groups.empty());
  EXPECT_EQ(source.last_error(), "");
}

TEST(CatalogSourceTest, WrongDocumentsAreRefusedAtTheStart) {
  CatalogOptions options = always();
  options.inline_json = "{";
  EXPECT_THROW(CatalogSource{options}, ConfigException);
  options.inline_json = R"({"featureGroups":[{"project":"p","id":1,"name":"g"}]})";  // no key
  EXPECT_THROW(CatalogSource{options}, ConfigException);
  options.inline_json = "";
  TemporaryFolder folder;
  options.file = folder / "none.json";
  EXPECT_THROW(CatalogSource{options}, ConfigException);
  options.file = folder.path();
  EXPECT_THROW(CatalogSource{options}, ConfigException);
}

TEST_F(CatalogFileTest, InlineComesBeforeTheFile) {
  write(document(1, "a", "of_file"));
  CatalogOptions both = options();
  both.inline_json = document(1, "a", "of_inline");
  CatalogSource source(both);
  EXPECT_THAT(source.find(hints(1))->primary_key, ElementsAre("of_inline"));
}

TEST_F(CatalogFileTest, AChangedFileIsReadAgain) {
  write(document(1, "a"));
  CatalogSource source(options());
  const uint64_t before = source.generation();
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_EQ(source.generation(), before);
  write(document(2, "a"));  // as long, and within one tick of the file system's clock
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_GT(source.generation(), before);
  EXPECT_EQ(source.current()->group(1), nullptr);
  EXPECT_NE(source.current()->group(2), nullptr);
  write_text(folder_ / "new", document(3, "a"));
  std::filesystem::rename(folder_ / "new", path_);
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_NE(source.current()->group(3), nullptr);
}

TEST_F(CatalogFileTest, ASettledFileIsNotReadAgainWithoutAChange) {
  write(document(1, "a"));
  const auto old = std::filesystem::last_write_time(path_) - hours(1);
  std::filesystem::last_write_time(path_, old);
  CatalogSource source(options());
  // Same size, inode and time of change: nobody can see this.
  write(document(2, "a"));
  std::filesystem::last_write_time(path_, old);
  EXPECT_FALSE(source.refresh_if_due());
  std::filesystem::last_write_time(path_, old + milliseconds(1));
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_NE(source.current()->group(2), nullptr);
}

TEST_F(CatalogFileTest, ABrokenFileKeepsTheLastGoodState) {
  write(document(1, "a"));
  CatalogSource source(options());
  const CatalogPtr good = source.current();
  for (const std::string& broken :
       {std::string(R"({"featureGroups":[)"), std::string(R"({"featureGroups":[{}]})"),
        R"({"featureGroups":[{"project":"p","id":2,"name":"x"}]})" + std::string()}) {
    write(broken);
    EXPECT_FALSE(source.refresh_if_due());
    EXPECT_FALSE(source.refresh_if_due());
    EXPECT_EQ(source.current(), good);
    EXPECT_THAT(source.last_error(), AllOf(HasSubstr("what was read before stays"))) << broken;
  }
  std::filesystem::remove(path_);
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_THAT(source.last_error(), HasSubstr("No such file"));
  EXPECT_EQ(source.current(), good);
  write(document(2, "b"));
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_EQ(source.last_error(), "");
  EXPECT_NE(source.current()->group(2), nullptr);
}

TEST_F(CatalogFileTest, TroubleIsLoggedOnce) {
  static std::vector<std::string> logged;
  logged.clear();
  write(document(1, "a"));
  CatalogSource source(options());
  set_log_sink([](LogLevel level, std::string_view, std::string_view message) {
    if (level == LogLevel::Warn) logged.emplace_back(message);
  });
  write("{");
  for (int i = 0; i < 5; ++i) source.refresh_if_due();
  EXPECT_EQ(logged.size(), 1U);
  write(document(1, "a"));
  source.refresh_if_due();
  write("{");  // again
  for (int i = 0; i < 5; ++i) source.refresh_if_due();
  EXPECT_EQ(logged.size(), 2U);
  set_log_sink(nullptr);
}

TEST_F(CatalogFileTest, AFileThatComesBackIsNoTroubleAnyMore) {
  write(document(1, "a"));
  CatalogSource source(options());
  std::filesystem::remove(path_);
  source.refresh_if_due();
  EXPECT_NE(source.last_error(), "");
  write(document(1, "a"));
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_EQ(source.last_error(), "");
}

TEST_F(CatalogFileTest, AnUnknownIdRefreshesTheFileOnce) {
  write(document(1, "a"));
  CatalogOptions rarely = options();
  rarely.refresh = hours(1);
  rarely.not_found_for = hours(1);
  CatalogSource source(rarely);
  write(document(2, "b"));
  EXPECT_FALSE(source.refresh_if_due());
  EXPECT_NE(source.find(hints(2)), nullptr);
  EXPECT_EQ(source.find(hints(3)), nullptr);
  write(document(3, "c"));
  EXPECT_EQ(source.find(hints(3)), nullptr);  // looked for a moment ago
  EXPECT_NE(source.find(hints(2)), nullptr);  // and so the file was not read
}

TEST(CatalogSourceTest, TakesTheAttributesOfRecords) {
  CatalogSource source(always());
  const auto group = source.find(
      hints(42, schema_with(R"("primaryKey":["cc_num"],"eventTime":"ts","ttlSeconds":60,)")));
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->database(), "bank");
  EXPECT_EQ(group->table(), "txn_2");
  EXPECT_EQ(group->version, 2);
  EXPECT_EQ(group->project_id, 119);
  EXPECT_EQ(group->topic, "t");
  EXPECT_THAT(group->primary_key, ElementsAre("cc_num"));
  EXPECT_EQ(group->event_time, "ts");
  EXPECT_EQ(group->ttl_seconds, 60);
  EXPECT_EQ(source.current()->table("bank", "txn_2"), group.get());
  EXPECT_EQ(source.find(hints(42)), group);  // it stays
  const auto one = source.find(hints(43, schema_with(R"("primaryKey":"cc_num",)", "other")));
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->table(), "other_1");
}

TEST(CatalogSourceTest, WrongAttributesMakeNoGroup) {
  CatalogSource source(always());
  for (const char* attributes :
       {R"("primaryKey":7,)", R"("primaryKey":[],)", R"("primaryKey":[{}],)",
        R"("primaryKey":["f"],)", R"("primaryKey":["cc_num"],"eventTime":3,)",
        R"("primaryKey":["cc_num"],"ttlSeconds":60,)",
        R"("primaryKey":["cc_num"],"eventTime":"ts","ttlSeconds":-1,)"}) {
    EXPECT_EQ(source.find(hints(42, schema_with(attributes))), nullptr) << attributes;
  }
  EXPECT_THAT(source.last_error(), HasSubstr("ttlSeconds"));
  EXPECT_EQ(source.find(hints(42, "\"string\"")), nullptr);
  EXPECT_NE(source.find(hints(42, schema_with(R"("primaryKey":["cc_num"],)"))), nullptr);
  EXPECT_EQ(source.last_error(), "");
}

TEST(CatalogSourceTest, ThePolicyMakesGroupsOfSchemas) {
  CatalogOptions options = always();
  options.unknown = UnknownGroups::Schema;
  options.default_primary_key = {"cc_num"};
  CatalogSource source(options);
  EXPECT_EQ(source.find(hints(42)), nullptr);  // no schema yet
  const auto group = source.find(hints(42, schema_with("")));
  ASSERT_NE(group, nullptr);
  EXPECT_THAT(group->primary_key, ElementsAre("cc_num"));
  options.default_primary_key = {"cc_num", "none"};
  CatalogSource strict(options);
  EXPECT_EQ(strict.find(hints(42, schema_with(""))), nullptr);
  // An attribute says more than the policy.
  options.default_primary_key = {"cc_num"};
  CatalogSource told(options);
  EXPECT_THAT(told.find(hints(1, schema_with(R"("primaryKey":["ts"],)")))->primary_key,
              ElementsAre("ts"));
}

TEST(CatalogSourceTest, RecordsTakeNoNameFromAnotherGroup) {
  CatalogOptions options = always();
  options.unknown = UnknownGroups::Schema;
  options.default_primary_key = {"cc_num"};
  CatalogSource source(options);
  const FeatureGroupPtr first = source.find(hints(42, schema_with("")));
  for (const int64_t other : {30, 50}) {
    EXPECT_EQ(source.find(hints(other, schema_with(""))), nullptr);
    EXPECT_THAT(source.last_error(), HasSubstr("its name is that of feature group 42"));
  }
  EXPECT_EQ(source.find(hints(42)), first);
  EXPECT_FALSE(first->deleted);
}

TEST_F(CatalogFileTest, DocumentsTakeOverGroupsOfRecords) {
  write(R"({})");
  CatalogOptions made = options();
  made.unknown = UnknownGroups::Schema;
  made.default_primary_key = {"cc_num"};
  CatalogSource source(made);
  source.find(hints(1, schema_with("")));
  write(document(1, "named", "ts"));
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_EQ(source.find(hints(1))->name, "named");
  // A name that a document has under another id is not taken from it.
  write(R"({"featureGroups":[{"project":"bank","id":7,"name":"txn","version":2,
            "primaryKey":["cc_num"]}]})");
  EXPECT_TRUE(source.refresh_if_due());
  EXPECT_EQ(source.find(hints(8, schema_with(""))), nullptr);
  EXPECT_THAT(source.last_error(), HasSubstr("under another id"));
}

TEST_F(CatalogFileTest, ARefusedDocumentTakesNothing) {
  write(R"({})");
  CatalogOptions made = options();
  made.unknown = UnknownGroups::Schema;
  made.default_primary_key = {"cc_num"};
  CatalogSource source(made);
  source.find(hints(1, schema_with("", "a")));
  write(R"({"featureGroups":[{"project":"p","id":1,"name":"x","primaryKey":["k"]}],
            "feast":{"pushSources":[{"name":"s","view":"none"}]}})");
  EXPECT_FALSE(source.refresh_if_due());
  source.find(hints(2, schema_with("", "b")));  // makes another catalog
  EXPECT_EQ(source.current()->group(1)->name, "a");
}

TEST_F(CatalogFileTest, ReadersAndWritersMeetInWholeCatalogs) {
  write(document(1, "a"));
  CatalogSource source(options());
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const CatalogPtr catalog = source.current();
      EXPECT_EQ(catalog->parts().groups.size(), 1U);
      EXPECT_NE(source.find(hints(1)), nullptr);
    }
  });
  for (int i = 0; i < 50; ++i) {
    write_text(folder_ / "new", document(1, fmt::format("g{}", i)));
    std::filesystem::rename(folder_ / "new", path_);
    source.refresh_if_due();
  }
  done = true;
  reader.join();
  source.refresh_if_due();
  EXPECT_EQ(source.current()->group(1)->name, "g49");
}

}  // namespace
}  // namespace millrace::feature_store
