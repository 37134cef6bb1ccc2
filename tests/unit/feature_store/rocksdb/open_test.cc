// Opening, damage, and checkpoints.

#include <gmock/gmock.h>

#include <thread>

#include "rocks_fixture.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;
using testing::HasSubstr;
namespace fs = std::filesystem;

class OpenTest : public RocksTest {
 protected:
  std::string folder() const { return folder_ / "store"; }
  std::string open_error() {
    return thrown<ConnectException>([&] { open(); });
  }
  /// A store with one row, closed.
  void make_one() {
    open();
    apply({.id = 1, .text = "a", .offset = 6});
    close();
  }
};

TEST_F(OpenTest, AFolderIsOpenedOnceInAProcess) {
  open();
  fs::create_directory_symlink(folder(), folder_ / "link");
  RocksOptions other = options();
  other.path = folder_ / "link";
  EXPECT_EQ(RocksDatabase::open(other), database);
  const std::weak_ptr<RocksDatabase> seen = database;
  const auto task = database->make_store("other");
  close();
  EXPECT_FALSE(seen.expired());  // the task keeps it open
}

TEST_F(OpenTest, OpeningAndClosingMayMeet) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 10; ++n) EXPECT_TRUE(RocksDatabase::open(options())->make_store("c"));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OpenTest, AStoreIsNewUntilSomethingIsApplied) {
  open();
  EXPECT_TRUE(database->is_new());
  const std::string id = database->id();
  EXPECT_EQ(id.size(), 32U);
  apply({.id = 1, .text = "a"});
  EXPECT_FALSE(database->is_new());
  reopen();
  EXPECT_FALSE(database->is_new());
  EXPECT_EQ(database->id(), id);
  EXPECT_EQ(look_up(1), shown("a"));
}

TEST_F(OpenTest, AFolderWithSomethingElseIsRefused) {
  fs::create_directories(folder());
  testing_support::write_text(folder() + "/orders.txt", "x");
  EXPECT_THAT(open_error(), HasSubstr("holds something else, orders.txt; choose an empty folder"));
  EXPECT_TRUE(fs::exists(folder() + "/orders.txt"));
  EXPECT_FALSE(fs::exists(folder() + "/CURRENT"));
}

TEST_F(OpenTest, AFileIsNoFolder) {
  testing_support::write_text(folder(), "x");
  EXPECT_THAT(open_error(), HasSubstr("making the folder " + folder() + " of the online store: "));
}

TEST_F(OpenTest, DamageIsToldAndNothingBeginsAnew) {
  make_one();
  fs::remove(folder() + "/CURRENT");
  EXPECT_THAT(open_error(), HasSubstr("is damaged: its file CURRENT is missing; restore it from a checkpoint"));
  EXPECT_FALSE(fs::exists(folder() + "/CURRENT"));
}

TEST_F(OpenTest, ADamagedManifestIsTold) {
  make_one();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder())) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) fs::resize_file(entry.path(), 40);
  }
  EXPECT_THAT(open_error(), HasSubstr(folder()));
}

TEST_F(OpenTest, ADamagedFileOfRowsIsTold) {
  make_one();
  open();
  database->checkpoint(folder_ / "copy");  // what it has is in files now
  close();
  size_t damaged = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "copy")) {
    if (entry.path().extension() != ".sst") continue;
    std::string bytes = testing_support::read_text(entry.path());
    for (size_t i = 0; i < bytes.size() / 2; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    fs::remove(entry.path());  // it may be a link to the store's own
    testing_support::write_text(entry.path(), bytes);
    ++damaged;
  }
  ASSERT_GT(damaged, 0U);
  RocksOptions other = options();
  other.path = folder_ / "copy";
  const std::string text = thrown<ConnectException>([&] {
    const auto copy = RocksDatabase::open(other);
    static_cast<void>(testing_rocks::look_up(*copy, 1));
  });
  EXPECT_THAT(text, HasSubstr("is damaged"));
  open();
  EXPECT_EQ(look_up(1), shown("a"));
}

TEST_F(OpenTest, ATornEndOfTheLogIsForgotten) {
  open();
  apply({.id = 1, .text = "a", .offset = 6});
  apply({.id = 1, .at = 1, .text = "b", .offset = 7});
  close();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".log") fs::resize_file(entry.path(), entry.file_size() - 3);
  }
  open();
  EXPECT_EQ(look_up(1), shown("a"));
  EXPECT_EQ(database->applied(), (OffsetMap{{{"t", 0}, Offset{7}}}));
}

TEST_F(OpenTest, ACheckpointIsAStoreOfItsOwn) {
  open();
  apply({.id = 1, .text = "a", .offset = 6});
  const int64_t ingestion = store->begin_ingestion(42, 3).id;
  const std::string copy_folder = folder_ / "deep" / "copy";
  database->checkpoint(copy_folder);
  EXPECT_FALSE(fs::exists(copy_folder + ".partial"));
  apply({.id = 1, .at = 9, .text = "later", .offset = 7});
  RocksOptions other = options();
  other.path = copy_folder;
  const auto copy = RocksDatabase::open(other);
  EXPECT_NE(copy->id(), database->id());
  EXPECT_FALSE(copy->is_new());
  EXPECT_EQ(testing_rocks::look_up(*copy, 1), shown("a"));
  EXPECT_EQ(copy->applied(), (OffsetMap{{{"t", 0}, Offset{7}}}));
  EXPECT_EQ(copy->make_store("cluster")->ingestion(42, ingestion)->entries, 3);
  // Both go on by themselves.
  Rows rows(plan);
  rows.add({.id = 1, .at = 9, .text = "other", .offset = 7});
  rows.apply(*copy->make_store("cluster"));
  EXPECT_EQ(look_up(1), shown("later"));
  EXPECT_EQ(testing_rocks::look_up(*copy, 1), shown("other"));
}

TEST_F(OpenTest, ACheckpointTakesNoFolderThatIsThere) {
  open();
  fs::create_directories(folder_ / "copy");
  EXPECT_THAT(thrown<ConnectException>([&] { database->checkpoint(folder_ / "copy"); }),
              HasSubstr("the folder is there already"));
  testing_support::write_text(folder_ / "file", "");
  EXPECT_THAT(thrown<ConnectException>([&] { database->checkpoint((folder_ / "file" / "copy").string()); }),
              HasSubstr("making a checkpoint in"));
}

TEST_F(OpenTest, WhatAnUnfinishedCheckpointLeftIsCleared) {
  open();
  apply({.id = 1, .text = "a"});
  fs::create_directories(folder_ / "copy.partial");
  testing_support::write_text(folder_ / "copy.partial/000009.sst", "x");
  database->checkpoint(folder_ / "copy");
  RocksOptions other = options();
  other.path = folder_ / "copy";
  EXPECT_EQ(testing_rocks::look_up(*RocksDatabase::open(other), 1), shown("a"));
}

}  // namespace
}  // namespace millrace::feature_store
