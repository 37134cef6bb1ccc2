#include "runtime/storage/file_offset_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "millrace/errors.h"
#include "runtime/storage/java_hash_map.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using testing_support::FileSizeLimit;
using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;

std::string message_of(const std::exception_ptr& error) {
  if (!error) return "";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

class FileOffsetStoreTest : public ::testing::Test {
 protected:
  /// Writes and waits; the message of the failure, empty on success.
  static std::string write(OffsetStore& store, OffsetEntries entries) {
    std::promise<std::exception_ptr> done;
    store.set(std::move(entries), [&done](std::exception_ptr e) { done.set_value(e); });
    return message_of(done.get_future().get());
  }
  std::string start_refusal() {
    FileOffsetStore store(file_);
    try {
      store.start();
    } catch (const ConnectException& error) {
      return error.what();
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "connect.offsets";
};

TEST_F(FileOffsetStoreTest, AMissingOrEmptyFileIsAnEmptyStore) {
  FileOffsetStore missing(file_);
  missing.start();
  EXPECT_EQ(missing.get("k"), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(file_)) << "nothing to write yet";
  write_text(file_, "");
  FileOffsetStore empty(file_);
  empty.start();
  EXPECT_EQ(empty.get("k"), std::nullopt);
}

TEST_F(FileOffsetStoreTest, OffsetsSurviveARestart) {
  const std::string key = R"(["c",{"filename":"f"}])";
  {
    FileOffsetStore store(file_);
    store.start();
    EXPECT_EQ(write(store, {{key, R"({"position":1})"}, {"other", "1"}}), "");
    EXPECT_EQ(write(store, {{key, R"({"position":2})"}}), "");
  }
  FileOffsetStore store(file_);
  store.start();
  EXPECT_EQ(store.get(key), R"({"position":2})");
  EXPECT_EQ(store.get("other"), "1");
  EXPECT_FALSE(std::filesystem::exists(file_.string() + ".tmp"));
}

TEST_F(FileOffsetStoreTest, ReadsSeeAWriteWhenItsCallbackRuns) {
  FileOffsetStore store(file_);
  store.start();
  std::promise<std::optional<std::string>> seen;
  store.set({{"k", "v"}}, [&](std::exception_ptr) { seen.set_value(store.get("k")); });
  EXPECT_EQ(seen.get_future().get(), "v");
  EXPECT_EQ(read_java_map(read_text(file_)), (OffsetEntries{{"k", "v"}}));
}

TEST_F(FileOffsetStoreTest, TombstonesAreKeptInTheFileAndHiddenFromReaders) {
  const std::string key = R"(["c",{"a":1}])";
  FileOffsetStore store(file_);
  store.start();
  ASSERT_EQ(write(store, {{key, "{}"}}), "");
  EXPECT_EQ(store.connector_offsets("c").size(), 1U);
  ASSERT_EQ(write(store, {{key, std::nullopt}}), "");
  EXPECT_EQ(store.get(key), std::nullopt);
  EXPECT_TRUE(store.connector_offsets("c").empty());
  EXPECT_EQ(read_java_map(read_text(file_)), (OffsetEntries{{key, std::nullopt}}));
}

TEST_F(FileOffsetStoreTest, ConnectorOffsetsAreThoseOfOneConnector) {
  FileOffsetStore store(file_);
  store.start();
  ASSERT_EQ(write(store, {{R"(["c",{"a":1}])", "1"},
                          {R"(["c",{"a":2}])", "2"},
                          {R"(["cc",{"a":1}])", "3"},
                          {R"(["c",null])", "4"},
                          {"not a key", "5"}}), "");
  EXPECT_EQ(store.connector_offsets("c"),
            (OffsetEntries{{R"(["c",{"a":1}])", "1"}, {R"(["c",{"a":2}])", "2"}}));
  EXPECT_TRUE(store.connector_offsets("nobody").empty());
}

TEST_F(FileOffsetStoreTest, AFileItCannotReadIsRefusedAndLeftAlone) {
  const std::string whole = write_java_map({{"key", "value"}});
  for (const std::string& content :
       {whole.substr(0, whole.size() - 1), whole + "x", std::string("properties=1\n"),
        whole.substr(0, 3), std::string(4096, '\0')}) {
    write_text(file_, content);
    const std::string message = start_refusal();
    EXPECT_THAT(message, HasSubstr(file_.string()));
    EXPECT_THAT(message, HasSubstr("byte "));
    EXPECT_THAT(message, HasSubstr("move it away"));
    EXPECT_EQ(read_text(file_), content);
  }
}

TEST_F(FileOffsetStoreTest, ARefusedStoreWritesNothing) {
  write_text(file_, "foreign");
  FileOffsetStore store(file_);
  EXPECT_THROW(store.start(), ConnectException);
  EXPECT_THAT(write(store, {{"k", "v"}}), HasSubstr("the store is not running"));
  store.stop();
  EXPECT_EQ(read_text(file_), "foreign");
}

TEST_F(FileOffsetStoreTest, AFolderInPlaceOfTheFileIsRefused) {
  std::filesystem::create_directory(file_);
  EXPECT_THAT(start_refusal(), HasSubstr(file_.string()));
}

TEST_F(FileOffsetStoreTest, AFullDiskFailsTheWriteAndLosesNothing) {
  FileOffsetStore store(file_);
  store.start();
  ASSERT_EQ(write(store, {{"k", "old"}}), "");
  const std::string before = read_text(file_);
  {
    const FileSizeLimit full(before.size());
    EXPECT_THAT(write(store, {{"k", "new"}, {"more", "v"}}), HasSubstr("File too large"));
    EXPECT_EQ(store.get("k"), "old") << "what is not durable is not seen";
    EXPECT_EQ(store.get("more"), std::nullopt);
    EXPECT_EQ(read_text(file_), before);
    EXPECT_FALSE(std::filesystem::exists(file_.string() + ".tmp"));
  }
  EXPECT_EQ(write(store, {{"k", "new"}}), "");
  EXPECT_EQ(read_java_map(read_text(file_)), (OffsetEntries{{"k", "new"}}));
}

TEST_F(FileOffsetStoreTest, AMissingFolderFailsTheWriteAndNamesTheFile) {
  FileOffsetStore store(folder_ / "gone/connect.offsets");
  store.start();
  EXPECT_THAT(write(store, {{"k", "v"}}), HasSubstr("gone/connect.offsets"));
  std::filesystem::create_directory(folder_ / "gone");
  EXPECT_EQ(write(store, {{"k", "v"}}), "");
}

TEST_F(FileOffsetStoreTest, WritesThatWaitAreJoinedAndTheLatestWins) {
  FileOffsetStore store(file_);
  store.start();
  std::promise<void> release;
  std::promise<void> entered;
  store.set({{"first", "1"}}, [&](std::exception_ptr) {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  struct stat before {};
  ASSERT_EQ(::stat(file_.c_str(), &before), 0);
  constexpr int kWrites = 100;
  std::vector<ino_t> files;  // the store's thread only, until the last promise
  std::promise<void> last;
  for (int i = 0; i < kWrites; ++i) {
    store.set({{"k", std::to_string(i)}}, [&, i](std::exception_ptr error) {
      EXPECT_FALSE(error);
      struct stat now {};
      ::stat(file_.c_str(), &now);
      files.push_back(now.st_ino);
      if (i + 1 == kWrites) last.set_value();
    });
  }
  release.set_value();
  last.get_future().wait();
  EXPECT_EQ(store.get("k"), std::to_string(kWrites - 1));
  EXPECT_NE(files.front(), before.st_ino);
  EXPECT_THAT(files, ::testing::Each(files.front())) << "one replacement served them all";
}

TEST_F(FileOffsetStoreTest, TooManyWaitingWritesAreRefusedAtOnce) {
  FileOffsetStore store(file_);
  store.start();
  std::promise<void> release;
  std::promise<void> entered;
  store.set({{"first", "1"}}, [&](std::exception_ptr) {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  std::atomic<size_t> succeeded = 0;
  for (size_t i = 0; i < FileOffsetStore::kMaxWaitingWrites; ++i) {
    store.set({{"k", "v"}}, [&](std::exception_ptr error) { succeeded += error ? 0 : 1; });
  }
  EXPECT_THAT(write(store, {{"one", "more"}}), HasSubstr("too many writes are waiting"));
  release.set_value();
  store.stop();
  EXPECT_EQ(succeeded, FileOffsetStore::kMaxWaitingWrites);
}

TEST_F(FileOffsetStoreTest, StopFinishesWritesThatWait) {
  FileOffsetStore store(file_);
  store.start();
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) {
    store.set({{"k" + std::to_string(i), "v"}}, [&](std::exception_ptr error) {
      done += error ? 0 : 1;
    });
  }
  store.stop();
  EXPECT_EQ(done, 50);
  EXPECT_EQ(read_java_map(read_text(file_)).size(), 50U);
  EXPECT_THAT(write(store, {{"late", "v"}}), HasSubstr("the store is not running"));
}

TEST_F(FileOffsetStoreTest, ManyThreadsWriteAndRead) {
  FileOffsetStore store(file_);
  store.start();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&store, t] {
        const std::string key = "k" + std::to_string(t);
        for (int i = 0; i < 25; ++i) {
          EXPECT_EQ(write(store, {{key, std::to_string(i)}}), "");
          EXPECT_EQ(store.get(key), std::to_string(i));
        }
      });
    }
  }
  EXPECT_EQ(read_java_map(read_text(file_)).size(), 4U);
}

TEST(MemoryOffsetStoreTest, KeepsMergesAndHidesTombstones) {
  MemoryOffsetStore store;
  store.start();
  const auto ok = [](std::exception_ptr error) { EXPECT_FALSE(error); };
  store.set({{R"(["c",{}])", "1"}, {"b", "2"}}, ok);
  store.set({{"b", std::nullopt}}, ok);
  EXPECT_EQ(store.get(R"(["c",{}])"), "1");
  EXPECT_EQ(store.get("b"), std::nullopt);
  EXPECT_EQ(store.connector_offsets("c").size(), 1U);
}

}  // namespace
}  // namespace millrace
