// SIGKILL at every named point, and full disks: a store holds whole batches, with their offsets and counters.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash_script.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;
namespace fs = std::filesystem;

/// The program beside this one.
class Child {
 public:
  Child(std::vector<std::string> arguments, const std::string& crash_at = {}) {
    arguments.insert(arguments.begin(),
                     fs::read_symlink("/proc/self/exe").parent_path() / "feature_store_rocksdb_child");
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    std::vector<char*> argv;
    for (std::string& one : arguments) argv.push_back(one.data());
    argv.push_back(nullptr);
    const std::string setting = "MILLRACE_CRASH_AT=" + crash_at;
    std::vector<char*> environment;
    for (char** at = environ; *at != nullptr; ++at) environment.push_back(*at);
    if (!crash_at.empty()) environment.push_back(const_cast<char*>(setting.c_str()));
    environment.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::execve(argv[0], argv.data(), environment.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~Child() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) wait();
    if (in_ >= 0) ::close(in_);
    ::close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string line() {
    std::string text;
    char byte = 0;
    while (::read(out_, &byte, 1) == 1 && byte != '\n') text.push_back(byte);
    return text;
  }
  void end_input() { ::close(std::exchange(in_, -1)); }
  /// Exit code, or minus the signal.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

class CrashTest : public testing::TestWithParam<const char*> {
 protected:
  std::string folder() const { return folder_ / "store"; }
  /// Checkpoints that have their name are whole stores.
  void check_copies(uint64_t seed) {
    for (int64_t batch = 5; batch < kScriptBatches; batch += kCheckpointEvery) {
      const std::string copy = checkpoint_of(folder(), batch);
      if (!fs::exists(copy)) continue;
      int64_t done = 0;
      ASSERT_EQ(script_fault(copy, seed, &done), "") << copy;
      ASSERT_EQ(done, batch + 1) << copy;
    }
  }

  testing_support::TemporaryFolder folder_;
};

TEST_P(CrashTest, KillsLeaveWholeBatches) {
  std::mt19937_64 random = seeded();
  const uint64_t seed = random() % 1'000'000;
  int kills = 0;
  int64_t done = 0;
  while (done < kScriptBatches) {
    // The first life always dies when the point is passed at all; later ones somewhere, or not.
    const uint64_t pass = kills == 0 ? 1 : 1 + random() % 12;
    const int code = Child({"script", folder(), std::to_string(seed)},
                           std::string(GetParam()) + ":" + std::to_string(pass))
                         .wait();
    ASSERT_TRUE(code == 0 || code == -SIGKILL) << code;
    if (code != 0) ++kills;
    const int64_t before = done;
    ASSERT_EQ(script_fault(folder(), seed, &done), "") << "after kill " << kills;
    ASSERT_GE(done, before);
    if (code == 0) {
      ASSERT_EQ(done, kScriptBatches);
    }
    check_copies(seed);
    if (kills >= 8) {  // enough; to the end
      ASSERT_EQ(Child({"script", folder(), std::to_string(seed)}).wait(), 0);
      ASSERT_EQ(script_fault(folder(), seed, &done), "");
    }
  }
  EXPECT_GT(kills, 0);
  for (int64_t batch = 5; batch < kScriptBatches; batch += kCheckpointEvery) {
    if (fs::exists(checkpoint_of(folder(), batch) + ".partial")) {
      EXPECT_THAT(GetParam(), testing::StartsWith("store.checkpoint"));
    }
  }
  std::printf("%d kills at %s\n", kills, GetParam());
}
INSTANTIATE_TEST_SUITE_P(, CrashTest,
                         testing::Values("store.create", "store.prepare", "store.write.before",
                                         "store.write.after", "store.flush", "store.checkpoint.copy",
                                         "store.checkpoint.rename"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '.');
                           return name;
                         });

TEST_F(CrashTest, AFullDiskIsToldAndGoesOnWhenThereIsRoom) {
  const uint64_t seed = seeded()() % 1'000'000;
  ASSERT_EQ(Child({"full", folder(), std::to_string(seed)}).wait(), 0);
  int64_t done = 0;
  EXPECT_EQ(script_fault(folder(), seed, &done), "");
  EXPECT_EQ(done, 60);
}

TEST_F(CrashTest, ASecondProcessIsToldWhichFolderIsInUse) {
  Child child({"hold", folder()});
  ASSERT_EQ(child.line(), "open");
  EXPECT_EQ(thrown<ConnectException>([&] { RocksDatabase::open(script_options(folder())); }),
            "the online store in " + fs::canonical(folder()).string() +
                " is in use by another process; stop it, or choose another folder");
  child.end_input();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(RocksDatabase::open(script_options(folder())));
}

}  // namespace
}  // namespace millrace::feature_store
