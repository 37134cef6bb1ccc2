// Storage on a server of S3, whose address is in MILLRACE_TEST_S3 (tests/support/s3_server.py).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "connectors/lakehouse/storage/s3_client.h"
#include "connectors/lakehouse/storage/s3_upload.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const char* endpoint() {
  const char* value = std::getenv("MILLRACE_TEST_S3");
  if (value == nullptr) throw std::runtime_error("MILLRACE_TEST_S3 is not set");
  return value;
}

class S3ServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    S3Client client(settings(), {});
    S3Request make;
    make.action = "making";
    make.method = "PUT";
    make.bucket = "lake";
    client.send(make);
  }
  static Properties settings() {
    return {{"s3.endpoint", endpoint()},
            {"s3.path-style-access", "true"},
            {"s3.access-key-id", "id"},
            {"s3.secret-access-key", "secret"}};
  }
  void write(const std::string& path, const std::string& text) {
    const auto file = files_->create(path);
    // In pieces, as a writer of Parquet does.
    for (size_t at = 0; at < text.size(); at += kPiece) {
      const std::string_view piece = std::string_view(text).substr(at, kPiece);
      file->write({reinterpret_cast<const uint8_t*>(piece.data()), piece.size()});
    }
    EXPECT_EQ(file->size(), static_cast<int64_t>(text.size()));
    file->finish();
  }

  static constexpr size_t kPiece = 1'000'003;
  std::shared_ptr<FileIO> files_ = make_file_io("s3://lake/", settings());
};

TEST_F(S3ServerTest, FilesAreWrittenReadAndRemoved) {
  // Names as partitions and users make them.
  for (const std::string name : {"plain", "a b", "k=a%2Fb", "é/ü+&?#=", "a//b", "~x'(*)!"}) {
    const std::string path = "s3://lake/files/" + name;
    EXPECT_FALSE(files_->exists(path));
    EXPECT_THROW(files_->read(path), NotFoundException);
    write(path, "text of " + name);
    EXPECT_TRUE(files_->exists(path));
    EXPECT_EQ(files_->read(path), "text of " + name);
    write(path, "");
    EXPECT_EQ(files_->read(path), "");
    files_->remove(path);
    files_->remove(path);
    EXPECT_FALSE(files_->exists(path)) << path;
  }
}

TEST_F(S3ServerTest, LargeFilesGoInParts) {
  constexpr uint32_t kSeed = 20250101;
  std::minstd_rand random(kSeed);
  for (const size_t size : {S3Upload::kPartBytes - 1, S3Upload::kPartBytes,
                            S3Upload::kPartBytes + 1, 3 * S3Upload::kPartBytes + 12'345}) {
    std::string text(size, ' ');
    for (size_t at = 0; at < size; at += 97) text[at] = static_cast<char>(random());
    const std::string path = "s3://lake/large/" + std::to_string(size);
    write(path, text);
    EXPECT_TRUE(files_->read(path) == text) << size << " bytes, seed " << kSeed;
  }
}

TEST_F(S3ServerTest, NothingIsThereBeforeTheEnd) {
  const std::string path = "s3://lake/unfinished";
  {
    const auto file = files_->create(path);
    const std::string text(2 * S3Upload::kPartBytes, 'x');
    file->write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    EXPECT_FALSE(files_->exists(path));
  }
  EXPECT_FALSE(files_->exists(path));
}

TEST_F(S3ServerTest, OfManyWhoPublishOneDoes) {
  constexpr int kThreads = 8;
  const std::string path = "s3://lake/published";
  std::atomic<int> winner = -1;
  std::atomic<int> winners = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (!files_->publish(path, "by " + std::to_string(i))) return;
      winner = i;
      ++winners;
    });
  }
  threads.clear();
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(files_->read(path), "by " + std::to_string(winner));
}

TEST_F(S3ServerTest, AFolderIsListed) {
  write("s3://lake/listed/a", "1");
  write("s3://lake/listed/b&c", "1");
  write("s3://lake/listed/deep/er", "1");
  write("s3://lake/listed2/x", "1");
  EXPECT_THAT(files_->list("s3://lake/listed"), UnorderedElementsAre("a", "b&c"));
  EXPECT_TRUE(files_->list("s3://lake/nothing").empty());
}

TEST_F(S3ServerTest, AMissingBucketIsNamed) {
  try {
    files_->read("s3://none/x");
    FAIL();
  } catch (const NotFoundException& error) {
    EXPECT_THAT(error.what(), HasSubstr("create the bucket"));
  }
}

}  // namespace
}  // namespace millrace::lakehouse
