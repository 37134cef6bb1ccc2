// The order of the system calls of replace_file, and what happens when a sync fails. The program's
// own fsync and rename stand before the C library's.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "tests/unit/core/support.h"

namespace {

struct Calls {
  std::vector<std::string> log;
  int failing_sync = 0;  // 1: the first sync fails, 2: the second
  int syncs = 0;
};
Calls* watched = nullptr;

std::string name_of(int fd) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).filename().string();
}

}  // namespace

extern "C" int fsync(int fd) {
  if (watched != nullptr) {
    watched->log.push_back("sync " + name_of(fd));
    if (++watched->syncs == watched->failing_sync) {
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  if (watched != nullptr) {
    watched->log.push_back("rename " + std::filesystem::path(from).filename().string());
  }
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

namespace millrace {
namespace {

using core_test::message_of;
using core_test::OpenFolder;
using testing::Test;
using testing_support::read_text;

class AtomicFileSyncTest : public Test {
 protected:
  AtomicFileSyncTest() : file_(folder_.write("f", "old")) { watched = &calls_; }
  ~AtomicFileSyncTest() override { watched = nullptr; }

  std::string folder_name() const { return folder_.path().filename().string(); }

  OpenFolder folder_;
  std::filesystem::path file_;
  Calls calls_;
};

TEST_F(AtomicFileSyncTest, TheContentIsOnDiskBeforeTheNameAndTheNameBeforeTheReturn) {
  replace_file(file_, "new");
  EXPECT_EQ(calls_.log,
            (std::vector<std::string>{"sync f.tmp", "rename f.tmp", "sync " + folder_name()}));
  EXPECT_EQ(read_text(file_), "new");
}

TEST_F(AtomicFileSyncTest, AFailedSyncOfTheContentLeavesTheOldFile) {
  calls_.failing_sync = 1;
  EXPECT_EQ(message_of([&] { replace_file(file_, "new"); }),
            "syncing " + file_.string() + ".tmp: Input/output error");
  EXPECT_EQ(read_text(file_), "old");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f.tmp"));
  EXPECT_EQ(calls_.log, std::vector<std::string>{"sync f.tmp"}) << "nothing was renamed";
  calls_.failing_sync = 0;
  replace_file(file_, "new");
  EXPECT_EQ(read_text(file_), "new");
}

TEST_F(AtomicFileSyncTest, AFailedSyncOfTheFolderIsReported) {
  calls_.failing_sync = 2;
  EXPECT_EQ(message_of([&] { replace_file(file_, "new"); }),
            "syncing " + folder_.path().string() + ": Input/output error");
  EXPECT_EQ(read_text(file_), "new") << "whole, though perhaps not for ever";
}

}  // namespace
}  // namespace millrace
