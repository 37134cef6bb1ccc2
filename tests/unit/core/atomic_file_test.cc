#include "runtime/core/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "millrace/errors.h"
#include "tests/support/file_size_limit.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using core_test::message_of;
using core_test::OpenFolder;
using core_test::WithoutPrivileges;
using testing_support::FileSizeLimit;
using testing_support::read_text;

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFileTest, CreatesAndReplaces) {
  const OpenFolder folder;
  const fs::path file = folder / "offsets";
  for (const std::string& bytes :
       {std::string("one"), std::string(), std::string("a\0b", 3), std::string(200'000, 'x')}) {
    replace_file(file, bytes);
    std::string read = "before";
    EXPECT_TRUE(read_file(file, read));
    EXPECT_EQ(read, bytes);
    EXPECT_EQ(files_in(folder.path()), 1U);
  }
}

TEST(AtomicFileTest, ALeftoverTemporaryIsNoObstacle) {
  const OpenFolder folder;
  const fs::path file = folder.write("f", "old");
  folder.write("f.tmp", "half of something longer");
  replace_file(file, "new");
  EXPECT_EQ(read_text(file), "new");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFileTest, ALeftoverLinkIsNotWrittenThrough) {
  const OpenFolder folder;
  const fs::path file = folder.write("f", "old");
  const fs::path other = folder.write("other", "precious");
  fs::create_symlink(other, folder / "f.tmp");
  replace_file(file, "new");
  EXPECT_EQ(read_text(file), "new");
  EXPECT_EQ(read_text(other), "precious");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder / "f.tmp")));
}

TEST(AtomicFileTest, AReaderSeesOneContentOrTheOther) {
  const OpenFolder folder;
  constexpr size_t kSize = 100'000;
  const fs::path file = folder.write("f", std::string(kSize, 'a'));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int round = 0; round < 50; ++round) {
      replace_file(file, std::string(kSize, round % 2 == 0 ? 'b' : 'a'));
    }
    done = true;
  });
  size_t mixed = 0;
  while (!done) {
    std::string text;
    const bool found = read_file(file, text);
    const bool whole = text.size() == kSize && text.find_first_not_of(text[0]) == text.npos;
    if (!found || !whole) ++mixed;
  }
  writer.join();
  EXPECT_EQ(mixed, 0U);
}

TEST(AtomicFileTest, KeepsPermissions) {
  const OpenFolder folder;
  const fs::path file = folder.write("f", "old");
  for (const mode_t mode : {mode_t{0600}, mode_t{0640}, mode_t{0444}}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    replace_file(file, "new");
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(mode));
  }
}

TEST(AtomicFileTest, FollowsLinks) {
  const OpenFolder folder;
  fs::create_directory(folder / "sub");
  fs::create_symlink("sub/real", folder / "link");
  replace_file(folder / "link", "through a link to nothing");
  EXPECT_EQ(read_text(folder / "sub/real"), "through a link to nothing");
  replace_file(folder / "link", "again");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_text(folder / "sub/real"), "again");
  fs::create_symlink("loop", folder / "loop");
  EXPECT_THROW(replace_file(folder / "loop/x", "x"), ConnectException);
}

TEST(AtomicFileTest, RelativePathsUseTheWorkingFolder) {
  const OpenFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  replace_file("plain", "x");
  fs::current_path(before);
  EXPECT_EQ(read_text(folder / "plain"), "x");
}

TEST(AtomicFileTest, AFullDiskLeavesTheOldContent) {
  const OpenFolder folder;
  const fs::path file = folder.write("f", "old");
  {
    const FileSizeLimit limit(4096);
    EXPECT_EQ(message_of([&] { replace_file(file, std::string(100'000, 'n')); }),
              "writing " + file.string() + ".tmp: File too large");
    EXPECT_EQ(read_text(file), "old");
    EXPECT_EQ(files_in(folder.path()), 1U) << "the temporary is gone";
  }
  replace_file(file, "new");
  EXPECT_EQ(read_text(file), "new");
}

TEST(AtomicFileTest, AFolderThatIsNotWritableLeavesTheOldContent) {
  const OpenFolder folder;
  const fs::path file = folder.write("f", "old");
  fs::permissions(folder.path(), fs::perms(0555));
  {
    const WithoutPrivileges nobody;
    EXPECT_EQ(message_of([&] { replace_file(file, "new"); }),
              "creating " + file.string() + ".tmp: Permission denied");
  }
  fs::permissions(folder.path(), fs::perms(0755));
  EXPECT_EQ(read_text(file), "old");
}

TEST(AtomicFileTest, WhatCannotBeReplacedIsNamed) {
  const OpenFolder folder;
  EXPECT_EQ(message_of([&] { replace_file(folder / "no/f", "x"); }),
            "creating " + (folder / "no/f.tmp").string() + ": No such file or directory");
  fs::create_directory(folder / "d");
  EXPECT_EQ(message_of([&] { replace_file(folder / "d", "x"); }),
            "replacing " + (folder / "d").string() + ": Is a directory");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFileTest, ReadingTellsMissingFromUnreadable) {
  const OpenFolder folder;
  std::string out;
  EXPECT_FALSE(read_file(folder / "no", out));
  EXPECT_EQ(message_of([&] { read_file(folder.path(), out); }),
            "reading " + folder.path().string() + ": Is a directory");
  const fs::path closed = folder.write("closed", "x");
  fs::permissions(closed, fs::perms::none);
  const WithoutPrivileges nobody;
  EXPECT_EQ(message_of([&] { read_file(closed, out); }),
            "opening " + closed.string() + ": Permission denied");
}

}  // namespace
}  // namespace millrace
