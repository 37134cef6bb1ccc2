#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lakehouse/storage/file_io.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using testing_support::TemporaryFolder;
using testing_support::write_text;

TEST(ListFolder, NamesWhatIsInIt) {
  const TemporaryFolder folder;
  const auto files = local_files();
  EXPECT_THAT(files->list(folder.path().string()), IsEmpty());
  write_text(folder / "a b.txt", "1");
  files->publish((folder / "sub/c").string(), "2");
  EXPECT_THAT(files->list(folder.path().string()), UnorderedElementsAre("a b.txt", "sub"));
  EXPECT_THAT(files->list("file://" + (folder / "sub").string()), UnorderedElementsAre("c"));
}

TEST(ListFolder, WhatIsNoFolderHasNothing) {
  const TemporaryFolder folder;
  write_text(folder / "file", "1");
  EXPECT_THAT(local_files()->list((folder / "missing").string()), IsEmpty());
  EXPECT_THAT(local_files()->list((folder / "file").string()), IsEmpty());
}

}  // namespace
}  // namespace millrace::lakehouse
