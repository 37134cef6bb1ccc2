#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "connectors/lakehouse/storage/file_io.h"
#include "connectors/lakehouse/storage/local_path.h"
#include "millrace/errors.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}
template <class E>
std::string message_of(auto&& action) {
  try {
    action();
  } catch (const E& e) {
    return e.what();
  }
  return "(nothing was thrown)";
}

TEST(LocalPath, EverySpellingOfALocalFileIsUnderstood) {
  EXPECT_EQ(local_path("/a/b"), "/a/b");
  EXPECT_EQ(local_path("file:/a/b"), "/a/b");
  EXPECT_EQ(local_path("file:///a/b"), "/a/b");
  EXPECT_EQ(local_path("FILE:///a/b"), "/a/b");
  EXPECT_EQ(local_path("file://localhost/a/b"), "/a/b");
  EXPECT_EQ(local_path("a/b"), "a/b");
  EXPECT_EQ(local_path("/a:b/c"), "/a:b/c");
}

TEST(LocalPath, NothingIsDecodedAsReadersDoNotEither) {
  EXPECT_EQ(local_path("file:///t/kind=a%2Fb/x y#1?.parquet"), "/t/kind=a%2Fb/x y#1?.parquet");
}

TEST(LocalPath, OtherPlacesAreRefusedWithAReason) {
  for (const char* location : {"file://other/a", "file:a/b", "file:", "file://", "s3://b/k", ""}) {
    EXPECT_THROW(local_path(location), ConnectException) << location;
  }
  EXPECT_EQ(message_of<ConnectException>([] { local_path("file://host/a"); }),
            "finding the file file://host/a: it is on another machine; write file:///... for a "
            "file of this one");
}

TEST(MakeFileIO, ChoosesByScheme) {
  EXPECT_NE(make_file_io("/a", {}), nullptr);
  EXPECT_NE(make_file_io("file:///a", {}), nullptr);
  EXPECT_EQ(message_of<ConfigException>([] { make_file_io("hdfs://n/a", {}); }),
            "Opening hdfs://n/a: the scheme hdfs is not supported; use s3:, a path of this machine "
            "or a file: URI.");
}

class LocalFilesTest : public ::testing::Test {
 protected:
  std::string uri(std::string_view name) const { return "file://" + (folder_ / name).string(); }

  TemporaryFolder folder_;
  std::shared_ptr<FileIO> files_ = local_files();
};

TEST_F(LocalFilesTest, AFileIsThereWhenItIsFinishedAndNotBefore) {
  auto file = files_->create(uri("data/k=a%2Fb/f"));
  file->write(bytes("one "));
  file->write(bytes("two"));
  EXPECT_EQ(file->size(), 7);
  EXPECT_FALSE(files_->exists(uri("data/k=a%2Fb/f")));
  file->finish();
  EXPECT_TRUE(files_->exists(uri("data/k=a%2Fb/f")));
  EXPECT_EQ(files_->read(uri("data/k=a%2Fb/f")), "one two");
  EXPECT_EQ(names_in(folder_ / "data/k=a%2Fb"), std::vector<std::string>{"f"});
}

TEST_F(LocalFilesTest, AFileThatIsNotFinishedLeavesNothing) {
  files_->create(uri("f"))->write(bytes("lost"));
  EXPECT_TRUE(names_in(folder_.path()).empty());
}

TEST_F(LocalFilesTest, FinishReplacesWhatIsThere) {
  write_text(folder_ / "f", "old and longer");
  auto file = files_->create(uri("f"));
  file->write(bytes("new"));
  EXPECT_EQ(files_->read(uri("f")), "old and longer");
  file->finish();
  EXPECT_EQ(files_->read(uri("f")), "new");
}

TEST_F(LocalFilesTest, EmptyAndLargeFilesAreReadAsAWhole) {
  files_->create(uri("empty"))->finish();
  EXPECT_EQ(files_->read(uri("empty")), "");
  const std::string large(size_t{3} << 20, 'x');
  EXPECT_TRUE(files_->publish(uri("large"), large));
  EXPECT_EQ(files_->read(uri("large")), large);
}

TEST_F(LocalFilesTest, PublishNeverOverwrites) {
  EXPECT_TRUE(files_->publish(uri("metadata/v1"), "first"));
  EXPECT_FALSE(files_->publish(uri("metadata/v1"), "second"));
  EXPECT_EQ(files_->read(uri("metadata/v1")), "first");
  EXPECT_EQ(names_in(folder_ / "metadata"), std::vector<std::string>{"v1"});
}

TEST_F(LocalFilesTest, OneOfManyPublishersWins) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  std::array<std::atomic<int>, kRounds> winners{};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (size_t round = 0; round < kRounds; ++round) {
          if (files_->publish(uri("d/v" + std::to_string(round)), std::to_string(t))) {
            winners[round] += t + 1000;
          }
        }
      });
    }
  }
  for (size_t round = 0; round < kRounds; ++round) {
    const std::string text = files_->read(uri("d/v" + std::to_string(round)));
    EXPECT_EQ(winners[round], std::stoi(text) + 1000);
  }
  EXPECT_EQ(names_in(folder_ / "d").size(), size_t{kRounds});
}

TEST_F(LocalFilesTest, AMissingFileIsNotFound) {
  EXPECT_EQ(message_of<NotFoundException>([&] { files_->read(uri("none")); }),
            "opening " + (folder_ / "none").string() + ": No such file or directory");
  EXPECT_FALSE(files_->exists(uri("none/deeper")));
  files_->remove(uri("none"));
  files_->remove(uri("none/deeper"));
}

TEST_F(LocalFilesTest, RemoveRemoves) {
  files_->publish(uri("f"), "x");
  files_->remove(uri("f"));
  EXPECT_FALSE(files_->exists(uri("f")));
}

TEST_F(LocalFilesTest, AFullDiskMayPass) {
  auto file = files_->create(uri("f"));
  {
    const testing_support::FileSizeLimit limit(1000);
    const std::string much(2000, 'x');
    EXPECT_EQ(message_of<RetriableException>([&] { file->write(bytes(much)); }),
              "writing " + (folder_ / "f").string() + ": File too large");
    EXPECT_THROW(files_->publish(uri("p"), much), RetriableException);
  }
  // What is torn is not published later on.
  EXPECT_EQ(message_of<ConnectException>([&] { file->finish(); }),
            "finishing " + (folder_ / "f").string() + ": a write failed before");
  file.reset();
  EXPECT_TRUE(names_in(folder_.path()).empty());
}

TEST_F(LocalFilesTest, WhatStandsInTheWayIsNamed) {
  write_text(folder_ / "file", "x");
  // Not a missing file: waiting for it would not help.
  EXPECT_EQ(message_of<ConnectException>([&] { files_->create(uri("file/below/f")); }),
            "creating " + (folder_ / "file/below/f").string() + ": Not a directory");
  EXPECT_THROW(files_->read(uri("file/below")), NotFoundException);
  std::filesystem::create_directory(folder_ / "folder");
  EXPECT_THROW(files_->create(uri("folder"))->finish(), ConnectException);
  EXPECT_FALSE(files_->publish(uri("folder"), "x"));
  EXPECT_THROW(files_->remove(uri("folder")), ConnectException);
  EXPECT_THROW(files_->read(uri("folder")), ConnectException);
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"file", "folder"}));
}

}  // namespace
}  // namespace millrace::lakehouse
