#include "runtime/core/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "millrace/errors.h"
#include "tests/unit/core/temporary_folder.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Writes beyond `bytes` fail while in scope, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit_), 0);
    std::signal(SIGXFSZ, before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST(AtomicFileTest, CreatesAndReplaces) {
  const TemporaryFolder folder;
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
  const TemporaryFolder folder;
  const fs::path file = folder.write("f", "old");
  folder.write("f.tmp", "half of something longer");
  replace_file(file, "new");
  EXPECT_EQ(folder.read(file), "new");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFileTest, KeepsPermissions) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("f", "old");
  for (const mode_t mode : {mode_t{0600}, mode_t{0640}, mode_t{0444}}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    replace_file(file, "new");
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(mode));
  }
}

TEST(AtomicFileTest, FollowsLinks) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "sub");
  fs::create_symlink("sub/real", folder / "link");
  replace_file(folder / "link", "through a link to nothing");
  EXPECT_EQ(folder.read(folder / "sub/real"), "through a link to nothing");
  replace_file(folder / "link", "again");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(folder.read(folder / "sub/real"), "again");
  fs::create_symlink("loop", folder / "loop");
  EXPECT_THROW(replace_file(folder / "loop/x", "x"), ConnectException);
}

TEST(AtomicFileTest, RelativePathsUseTheWorkingFolder) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  replace_file("plain", "x");
  fs::current_path(before);
  EXPECT_EQ(folder.read(folder / "plain"), "x");
}

TEST(AtomicFileTest, AFullDiskLeavesTheOldContent) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("f", "old");
  {
    const FileSizeLimit limit(4096);
    EXPECT_EQ(message_of([&] { replace_file(file, std::string(100'000, 'n')); }),
              "writing " + file.string() + ".tmp: File too large");
    EXPECT_EQ(folder.read(file), "old");
    EXPECT_EQ(files_in(folder.path()), 1U) << "the temporary is gone";
  }
  replace_file(file, "new");
  EXPECT_EQ(folder.read(file), "new");
}

TEST(AtomicFileTest, AFolderThatIsNotWritableLeavesTheOldContent) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("f", "old");
  fs::permissions(folder.path(), fs::perms(0555));
  {
    const WithoutPrivileges nobody;
    EXPECT_EQ(message_of([&] { replace_file(file, "new"); }),
              "creating " + file.string() + ".tmp: Permission denied");
  }
  fs::permissions(folder.path(), fs::perms(0755));
  EXPECT_EQ(folder.read(file), "old");
}

TEST(AtomicFileTest, WhatCannotBeReplacedIsNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of([&] { replace_file(folder / "no/f", "x"); }),
            "creating " + (folder / "no/f.tmp").string() + ": No such file or directory");
  fs::create_directory(folder / "d");
  EXPECT_EQ(message_of([&] { replace_file(folder / "d", "x"); }),
            "replacing " + (folder / "d").string() + ": Is a directory");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFileTest, ReadingTellsMissingFromUnreadable) {
  const TemporaryFolder folder;
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
