// SIGKILL, full disks and failed syncs, in a child program.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embedded_child.h"

namespace millrace::embedded {
namespace {

constexpr int kKills = 25;

/// The program beside this one, with pipes to its standard input and output.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    const auto exe = std::filesystem::read_symlink("/proc/self/exe");
    arguments.insert(arguments.begin(), exe.parent_path() / "embedded_log_child");
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
      throw std::runtime_error("pipe");
    std::vector<char*> argv;
    for (std::string& one : arguments) argv.push_back(one.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~Child() {
    if (pid_ > 0) kill();
    ::close(in_);
    ::close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Next whole line; nullopt at the end, and after `patience` without one.
  std::optional<std::string> line(std::chrono::microseconds patience = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
      const size_t end = text_.find('\n');
      if (end != std::string::npos) {
        std::string found = text_.substr(0, end);
        text_.erase(0, end + 1);
        return found;
      }
      const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(
          deadline - std::chrono::steady_clock::now());
      if (rest.count() <= 0) return std::nullopt;
      const timespec wait{rest.count() / 1'000'000'000, rest.count() % 1'000'000'000};
      pollfd ready{out_, POLLIN, 0};
      if (::ppoll(&ready, 1, &wait, nullptr) <= 0) continue;
      char buffer[4096];
      const ssize_t n = ::read(out_, buffer, sizeof buffer);
      if (n <= 0) return std::nullopt;
      text_.append(buffer, static_cast<size_t>(n));
    }
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }
  void end_input() {
    ::close(in_);
    in_ = -1;
  }
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
  std::string text_;
};

TEST(EmbeddedCrash, NoKillLosesWhatWasAcknowledged) {
  std::mt19937_64 random = seeded();
  TempFolder folder;
  Reported reported;
  size_t killed_early = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Child child(
        {"append", folder.log(), std::to_string(1 + static_cast<uint64_t>(kill) * 1'000'000)});
    // Sometimes while it opens the log, mostly after some reports and a moment more.
    const bool early = random() % 4 == 0;
    const size_t lines = early ? 0 : 1 + random() % 300;
    for (size_t i = 0; i < lines; ++i) {
      const auto line = child.line();
      ASSERT_TRUE(line) << "after " << i << " lines";
      reported.add(*line);
    }
    const auto moment = std::chrono::microseconds(random() % (early ? 60'000 : 3'000));
    const auto end = std::chrono::steady_clock::now() + moment;
    while (std::chrono::steady_clock::now() < end) {
      const auto line = child.line(std::chrono::duration_cast<std::chrono::microseconds>(
          end - std::chrono::steady_clock::now()));
      if (line) reported.add(*line);
    }
    child.kill();
    while (const auto line = child.line()) reported.add(*line);
    killed_early += early ? 1 : 0;
    // Looked at now and then; the next life builds on it in any case.
    if (kill % 5 != 4) continue;
    TestLog log(child_options(folder.log()));
    ASSERT_EQ(find_fault(log, reported), "") << "after kill " << kill;
  }
  std::printf("%d kills, %zu of them early, %zu records acknowledged\n", kKills, killed_early,
              reported.acknowledged.size());
  EXPECT_GT(reported.acknowledged.size(), 500U);
}

/// A real full file system where one may be mounted (else the limit, too), and a limit on the size
/// of files, which fails with other errors.
class EmbeddedFullDisk : public testing::TestWithParam<const char*> {
 protected:
  TempFolder folder;
};
INSTANTIATE_TEST_SUITE_P(, EmbeddedFullDisk, testing::Values("tmpfs", "limit"),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(EmbeddedFullDisk, RefusesAppendsAndTheLogGoesOnWhenThereIsRoom) {
  EXPECT_EQ(Child({"full", folder.path().string(), "give-up", GetParam()}).wait(), 0);
}

TEST_P(EmbeddedFullDisk, AnAppendThatWaitsIsDoneWhenThereIsRoom) {
  EXPECT_EQ(Child({"full", folder.path().string(), "wait", GetParam()}).wait(), 0);
}

TEST(EmbeddedCrash, ASyncThatFailsAcknowledgesNothingAndLeavesNothing) {
  TempFolder folder;
  EXPECT_EQ(Child({"sync", folder.log()}).wait(), 0);
}

TEST(EmbeddedCrash, ASecondProcessIsToldWhichFolderIsInUse) {
  TempFolder folder;
  Child child({"open", folder.log()});
  ASSERT_EQ(child.line(), "open");
  const std::string text = thrown_by([&] { TestLog log(folder.log()); });
  EXPECT_EQ(text, "org.apache.kafka.connect.errors.ConnectException: embedded.log.dir " +
                      folder.log() +
                      " is in use by another process; stop it, or choose another folder");
  child.end_input();
  EXPECT_EQ(child.wait(), 0);
  TestLog log(folder.log());
  log.send("t", {{"k", "v"}});
}

}  // namespace
}  // namespace millrace::embedded
