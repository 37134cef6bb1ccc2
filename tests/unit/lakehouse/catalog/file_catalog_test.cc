#include "connectors/lakehouse/catalog/file_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "connectors/lakehouse/catalog/gzip.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/lakehouse/table/sample_table.h"

namespace millrace::lakehouse {
namespace {

using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;

const TableName kOrders = parse_table_name("db.orders");

TableChange set(const std::string& name, const std::string& value) {
  return {.requirements = {}, .updates = {change::set_properties({{name, value}})}};
}

/// Fails where a test wants it.
class FailingFiles : public FileIO {
 public:
  std::unique_ptr<OutputFile> create(const std::string& path) override {
    if (fail_create) throw RetriableException("creating " + path + ": no space");
    return files_->create(path);
  }
  std::string read(const std::string& path) override { return files_->read(path); }
  bool exists(const std::string& path) override { return files_->exists(path); }
  std::vector<std::string> list(const std::string& folder) override { return files_->list(folder); }
  bool publish(const std::string& path, std::string_view bytes) override {
    if (before_publish) std::exchange(before_publish, nullptr)();
    const bool published = files_->publish(path, bytes);
    if (fail_publish) throw RetriableException("publishing " + path + ": no answer");
    return published;
  }
  void remove(const std::string& path) override { files_->remove(path); }

  bool fail_create = false;
  bool fail_publish = false;
  std::function<void()> before_publish;

 private:
  std::shared_ptr<FileIO> files_ = local_files();
};

class FileCatalogTest : public ::testing::Test {
 protected:
  std::filesystem::path metadata(const std::string& name) const {
    return folder_.path() / "db/orders/metadata" / name;
  }
  void commit(const std::string& value) {
    base_ = catalog_.commit(kOrders, base_, set("n", value));
  }
  std::string loaded() { return *catalog_.load(kOrders)->metadata.property("n"); }
  static NewTable new_orders() {
    NewTable table = sample_table();
    table.location.clear();
    return table;
  }

  TemporaryFolder folder_;
  std::shared_ptr<FailingFiles> files_ = std::make_shared<FailingFiles>();
  FileCatalog catalog_{folder_.path().string() + "/", files_};
  LoadedTable base_ = catalog_.create(kOrders, new_orders());
};

TEST_F(FileCatalogTest, HasHadoopsLayout) {
  EXPECT_TRUE(std::filesystem::exists(metadata("v1.metadata.json")));
  EXPECT_EQ(read_text(metadata("version-hint.text")), "1");
  commit("x");
  EXPECT_TRUE(std::filesystem::exists(metadata("v2.metadata.json")));
  EXPECT_EQ(read_text(metadata("version-hint.text")), "2");
}

TEST_F(FileCatalogTest, AHintMayBeBehindMissingOrWrong) {
  commit("2");
  commit("3");
  commit("4");
  write_text(metadata("version-hint.text"), "2\n");
  EXPECT_EQ(loaded(), "4");
  for (const char* hint : {"", "x", "-3", "99", "0", "3x", "99999999999999999999999"}) {
    write_text(metadata("version-hint.text"), hint);
    EXPECT_EQ(loaded(), "4") << hint;
  }
  std::filesystem::remove(metadata("version-hint.text"));
  EXPECT_EQ(loaded(), "4");
  std::filesystem::remove(metadata("v1.metadata.json"));
  EXPECT_EQ(loaded(), "4") << "old versions may be gone";
  commit("5");
  EXPECT_EQ(read_text(metadata("version-hint.text")), "5");
}

TEST_F(FileCatalogTest, WhatACrashLeftBehindIsNoVersion) {
  commit("2");
  write_text(metadata("0b4c5a6e-3f4e-4b8a-9d2b-111111111111.metadata.json"), "half of it");
  write_text(metadata(".millrace-1-1.tmp"), "half of it");
  write_text(metadata("v3.metadata.json.tmp"), "half of it");
  write_text(metadata("vx.metadata.json"), "half of it");
  std::filesystem::remove(metadata("version-hint.text"));
  EXPECT_EQ(loaded(), "2");
  commit("3");
  EXPECT_EQ(loaded(), "3");
}

TEST_F(FileCatalogTest, AHintThatCannotBeWrittenDoesNoHarm) {
  files_->fail_create = true;
  commit("2");
  EXPECT_EQ(read_text(metadata("version-hint.text")), "1");
  EXPECT_EQ(loaded(), "2");
}

TEST_F(FileCatalogTest, AnAnswerThatIsLostIsUnknown) {
  files_->fail_publish = true;
  EXPECT_THROW(commit("2"), CommitUnknown);
  EXPECT_EQ(loaded(), "2") << "it was made, and the loser finds it by reading";
}

TEST_F(FileCatalogTest, TheFasterWriterWins) {
  FileCatalog other(folder_.path().string(), local_files());
  const LoadedTable seen = *other.load(kOrders);
  files_->before_publish = [&] { other.commit(kOrders, seen, set("n", "other")); };
  EXPECT_THROW(commit("mine"), CommitConflict);
  EXPECT_EQ(loaded(), "other");
}

TEST_F(FileCatalogTest, CompressedVersionsOfJavaAreFound) {
  commit("2");
  Json document = base_.metadata.document();
  document["properties"]["n"] = "java";
  write_text(metadata("v3.gz.metadata.json"), gzip(document.dump()));
  EXPECT_EQ(loaded(), "java");
  EXPECT_THROW(commit("3"), CommitConflict);
  document["properties"]["n"] = "old java";
  write_text(metadata("v4.metadata.json.gz"), gzip(document.dump()));
  EXPECT_EQ(loaded(), "old java");
  base_ = *catalog_.load(kOrders);
  commit("5");
  EXPECT_EQ(loaded(), "5");
  EXPECT_TRUE(std::filesystem::exists(metadata("v5.metadata.json")));
}

TEST_F(FileCatalogTest, AFreePlaceBehindAnOldBaseIsAConflict) {
  const LoadedTable old = base_;
  commit("2");
  commit("3");
  std::filesystem::remove(metadata("v2.metadata.json"));
  EXPECT_THROW(catalog_.commit(kOrders, old, set("n", "late")), CommitConflict);
  EXPECT_EQ(loaded(), "3");
}

TEST_F(FileCatalogTest, ATableThatWasMadeAnewIsAnother) {
  const LoadedTable old = base_;
  std::filesystem::remove_all(folder_.path() / "db");
  EXPECT_FALSE(catalog_.load(kOrders).has_value());
  EXPECT_THROW(catalog_.commit(kOrders, old, set("n", "late")), CommitConflict);
  base_ = catalog_.create(kOrders, new_orders());
  EXPECT_EQ(base_.metadata_location, old.metadata_location);
  EXPECT_THROW(catalog_.commit(kOrders, old, set("n", "late")), CommitConflict);
  commit("new");
  EXPECT_EQ(loaded(), "new");
}

TEST_F(FileCatalogTest, TablesStayWhereTheyAre) {
  EXPECT_THROW(catalog_.commit(kOrders, base_, set("write.metadata.path", "/x")), ConnectException);
  const Json move = {{"action", "set-location"}, {"location", "/x"}};
  EXPECT_THROW(catalog_.commit(kOrders, base_, {{}, {move}}), ConnectException);
  NewTable table = new_orders();
  table.location = "/elsewhere";
  EXPECT_THROW(catalog_.create(parse_table_name("db.other"), table), ConnectException);
  commit("2");
  EXPECT_EQ(loaded(), "2");
}

TEST_F(FileCatalogTest, WarehousesAreUrisToo) {
  FileCatalog catalog("file://" + folder_.path().string(), local_files());
  EXPECT_EQ(catalog.load(kOrders)->metadata.uuid(), base_.metadata.uuid());
  const LoadedTable made = catalog.create(parse_table_name("top"), new_orders());
  EXPECT_EQ(made.metadata.location(), "file://" + folder_.path().string() + "/top");
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "top/metadata/v1.metadata.json"));
}

}  // namespace
}  // namespace millrace::lakehouse
