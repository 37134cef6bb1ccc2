// Runs the embedded log where the process may be killed, the disk is full, or a sync fails. Exit
// code 0: the scenario went as it should; else the fault is on standard error.
//
//   embedded_log_child append DIR FIRST_ID    appends and commits until killed; reports on stdout
//   embedded_log_child open DIR               opens the log and says so; until stdin ends
//   embedded_log_child full DIR give-up|wait tmpfs|limit
//                                             a disk that is full for a while
//   embedded_log_child sync DIR               syncs that fail although the bytes arrived

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>

#include "embedded_child.h"
#include "millrace/log.h"

namespace {
std::atomic<bool> syncs_fail = false;  // after doing their work

int sync_file(long number, int fd) {
  const auto result = static_cast<int>(::syscall(number, fd));
  if (!syncs_fail) return result;
  errno = EIO;
  return -1;
}
}  // namespace

// Stand in for the C library's in this process.
extern "C" int fdatasync(int fd) {
  return sync_file(SYS_fdatasync, fd);
}
extern "C" int fsync(int fd) {
  return sync_file(SYS_fsync, fd);
}

namespace millrace::embedded {
namespace {

constexpr size_t kLongestOnDisk = 200'000;  // in the scenarios that fill a disk
constexpr Millis kLongTime{60'000};

[[noreturn]] void fail(const std::string& fault) {
  std::fprintf(stderr, "%s\n", fault.c_str());
  ::_exit(1);
}
void require(bool holds, const std::string& what) {
  if (!holds) fail("not so: " + what);
}

void say(const std::string& line) {
  const std::string text = line + "\n";  // shorter than PIPE_BUF: whole or not at all
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) ::_exit(3);
}

/// Sends records first..last-1 and says which were acknowledged. Returns the first error.
std::optional<RowError> send_and_say(TestLog& log, uint64_t first, uint64_t last, size_t longest) {
  std::vector<PlainRecord> records;
  for (uint64_t id = first; id < last; ++id) records.push_back(numbered(id, longest));
  std::optional<RowError> error;
  for (const Report& report : log.send(kChildTopic, records)) {
    if (report.error) {
      error = report.error;
    } else {
      say("A " + std::to_string(first + report.row) + " " + std::to_string(report.partition) + " " +
          std::to_string(report.offset));
    }
  }
  return error;
}

[[noreturn]] void append_until_killed(const std::string& dir, uint64_t id) {
  TestLog log(child_options(dir));
  std::mt19937_64 random(id);
  TestConsumer reader(log, kChildGroup);
  reader.consumer->subscribe({kChildTopic}, reader);
  while (true) {
    const uint64_t count = 1 + random() % 20;
    if (const auto error = send_and_say(log, id, id + count, 30'000)) fail(error->message);
    id += count;
    OffsetMap read;
    for (const auto& [offset, record] : reader.poll(10)) {
      read[{kChildTopic, record.partition}] = Offset{offset + 1};
    }
    for (const auto& [tp, offset] : read) {
      const std::string what = std::to_string(tp.partition) + " " + std::to_string(raw(offset));
      say("c " + what);
      reader.consumer->commit_sync({{tp, offset}}, Millis{0});
      say("C " + what);
    }
  }
}

int open_and_wait(const std::string& dir) {
  TestLog log(child_options(dir));
  say("open");
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  return 0;
}

/// A disk that can be full: a small file system of this process's own where that is allowed, else
/// a limit on the size of files.
class SmallDisk {
 public:
  SmallDisk(const std::string& dir, bool may_mount) : dir_(dir) {
    mounted_ = may_mount && own_file_systems() &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=16m") == 0;
    ::signal(SIGXFSZ, SIG_IGN);
    std::fprintf(stderr, "disk: %s\n", mounted_ ? "tmpfs" : "file size limit");
  }
  void fill() {
    if (!mounted_) return limit(64 * 1024);
    const int fd = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    require(errno == ENOSPC, "the disk is full");
    ::close(fd);
  }
  void make_room() {
    if (!mounted_) return limit(RLIM_INFINITY);
    ::unlink(ballast().c_str());
    require(::mount(nullptr, dir_.c_str(), nullptr, MS_REMOUNT, "size=64m") == 0, "room is made");
  }

 private:
  /// Mounts of this process stay its own; who is not root becomes it in a world of one user.
  static bool own_file_systems() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (user == 0) return ::unshare(CLONE_NEWNS) == 0;
    if (::unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
    const auto say_to = [](const char* file, const std::string& text) {
      std::ofstream out(file);
      out << text << std::flush;
      return out.good();
    };
    return say_to("/proc/self/setgroups", "deny") &&
           say_to("/proc/self/uid_map", std::to_string(user) + " " + std::to_string(user) + " 1") &&
           say_to("/proc/self/gid_map", std::to_string(group) + " " + std::to_string(group) + " 1");
  }
  std::string ballast() const { return dir_ + "/ballast"; }
  static void limit(rlim_t bytes) {
    rlimit now{};
    ::getrlimit(RLIMIT_FSIZE, &now);
    now.rlim_cur = std::min(bytes, now.rlim_max);
    require(::setrlimit(RLIMIT_FSIZE, &now) == 0, "the size limit of files is set");
  }
  std::string dir_;
  bool mounted_ = false;
};

std::atomic<int> errors_logged = 0;

Reported read_reports(int fd) {
  Reported reported;
  std::string text;
  char buffer[4096];
  while (const ssize_t n = ::read(fd, buffer, sizeof buffer)) {
    if (n < 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) reported.add(line);
  return reported;
}

/// Runs `scenario` in a process that ends by SIGKILL, then opens what it left.
int run_and_recover(const EmbeddedOptions& options, const std::function<void()>& scenario) {
  int ends[2];
  require(::pipe(ends) == 0, "a pipe");
  const pid_t child = ::fork();
  require(child >= 0, "a process");
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    scenario();
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  const Reported reported = read_reports(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the scenario came to its end");
  TestLog log(options);
  const std::string fault = find_fault(log, reported, kLongestOnDisk);
  if (!fault.empty()) fail("after the crash: " + fault);
  std::fprintf(stderr, "%zu records acknowledged\n", reported.acknowledged.size());
  return reported.acknowledged.empty() ? 1 : 0;
}

/// The log as it is now holds `count` records and each partition goes from 0 to its end.
size_t readable(const TestLog& log) {
  TestConsumer consumer(log, "count");
  consumer.consumer->subscribe({kChildTopic}, consumer);
  return consumer.drain().size();
}

int64_t end_of_all(const TestLog& log) {
  int64_t total = 0;
  for (int32_t p = 0; p < kChildPartitions; ++p)
    total += log.store->bounds({kChildTopic, p}).second;
  return total;
}

void check_refusal(const std::optional<RowError>& error, const std::string& dir) {
  require(error.has_value(), "an append to a full disk fails");
  require(error->kind == ErrorKind::Timeout, "the error is a TimeoutException");
  require(Error(error->kind, "").retriable(), "the error is retriable");
  require(error->message.find(dir) != std::string::npos, "it names the folder: " + error->message);
  require(error->message.find("once it can write") != std::string::npos, "it says what to do");
}

// The append is given up; later ones succeed when there is room.
void give_up(SmallDisk& disk, const EmbeddedOptions& options) {
  TestLog log(options);
  uint64_t id = 1;
  for (; id < 100; id += 5) {
    if (const auto error = send_and_say(log, id, id + 5, kLongestOnDisk)) fail(error->message);
  }
  TestConsumer reader(log, kChildGroup);
  reader.consumer->subscribe({kChildTopic}, reader);
  reader.poll(1);
  for (int round = 0; round < 3; ++round) {
    disk.fill();
    // Some small appends may still find a place.
    std::optional<RowError> error;
    for (int i = 0; i < 200 && !error; ++i, id += 5) {
      error = send_and_say(log, id, id + 5, kLongestOnDisk);
    }
    check_refusal(error, options.dir);
    require(readable(log) == static_cast<size_t>(end_of_all(log)),
            "the log is read while it is full");
    for (int i = 0; i < 3; ++i, id += 5) send_and_say(log, id, id + 5, kLongestOnDisk);
    const std::string created =
        thrown_by([&] { log.store->create_topic({"t" + std::to_string(round)}); });
    require(created.empty() || created.find("TimeoutException") != std::string::npos,
            "a topic is created or refused in time: " + created);
    say("c 0 1");
    const std::string committed = thrown_by([&] {
      reader.consumer->commit_sync({{{kChildTopic, 0}, Offset{1}}}, Millis{0});
    });
    if (committed.empty()) say("C 0 1");
    require(committed.empty() || committed.find("TimeoutException") != std::string::npos,
            "a commit is done or refused in time: " + committed);
    disk.make_room();
    require(eventually([&] {
              id += 5;
              return !send_and_say(log, id - 5, id, kLongestOnDisk);
            }),
            "appends succeed when there is room");
    say("c 0 2");
    reader.consumer->commit_sync({{{kChildTopic, 0}, Offset{2}}}, Millis{0});
    say("C 0 2");
    for (int i = 0; i < 20; ++i, id += 5) {
      if (const auto again = send_and_say(log, id, id + 5, kLongestOnDisk)) fail(again->message);
    }
    require(readable(log) == static_cast<size_t>(end_of_all(log)), "nothing is missing in between");
  }
}

// The append waits for room.
void wait_for_room(SmallDisk& disk, const EmbeddedOptions& options) {
  set_log_sink([](LogLevel level, std::string_view, std::string_view) {
    if (level == LogLevel::Error) ++errors_logged;
  });
  TestLog log(options);
  send_and_say(log, 1, 50, kLongestOnDisk);
  disk.fill();
  RecordBatch batch;
  for (uint64_t id = 1000; id < 1040; ++id)
    add_record(batch, kChildTopic, numbered(id, kLongestOnDisk));
  Reports reports;
  EmbeddedProducer producer(log.store, {}, reports);
  require(producer.send(batch, all_rows(batch)).accepted == batch.size(), "the rows are taken");
  require(eventually([&] {
            producer.poll(Millis{10});
            return errors_logged > 0;
          }),
          "the reason is logged");
  require(reports.reports.empty(), "nothing is reported while it is tried again");
  require(readable(log) == static_cast<size_t>(end_of_all(log)),
          "the log is read while it is full");
  disk.make_room();
  require(eventually([&] {
            producer.poll(Millis{10});
            return producer.in_flight() == 0;
          }),
          "the append succeeds when there is room");
  for (const Report& one : reports.reports) {
    require(!one.error, "every row is acknowledged");
    say("A " + std::to_string(1000 + one.row) + " " + std::to_string(one.partition) + " " +
        std::to_string(one.offset));
  }
  if (const auto error = send_and_say(log, 2000, 2050, kLongestOnDisk)) fail(error->message);
}

int full_disk(const std::string& dir, bool waits, bool may_mount) {
  SmallDisk disk(dir, may_mount);
  EmbeddedOptions options = child_options(dir + "/log");
  options.append_timeout_ms = waits ? kLongTime.count() : 0;
  return run_and_recover(options,
                         [&] { waits ? wait_for_room(disk, options) : give_up(disk, options); });
}

std::string chunk_of_letters(int count, char letter) {
  RecordBatch batch;
  add_record(batch, kChildTopic, {std::nullopt, std::string(1, letter), {}, 1});
  ChunkWriter writer;
  for (int i = 0; i < count; ++i) writer.add(batch[0], 1);
  return writer.finish();
}

/// Appends the chunks in one write, while syncs fail; returns how many were refused.
int fail_one_write(LogStore& store, int chunks, int records_each) {
  const TopicPartition partition{kChildTopic, 0};
  std::promise<void> writer_busy;
  std::promise<void> all_queued;
  std::promise<void> all_done;
  std::atomic<int> refused = 0;
  std::atomic<int> left = chunks;
  store.append({partition, chunk_of_letters(1, 'a'), 1, [&](int64_t base, const std::string&) {
                  require(base >= 0, "an append");
                  writer_busy.set_value();
                  all_queued.get_future().wait();
                }});
  writer_busy.get_future().wait();
  syncs_fail = true;
  for (int i = 0; i < chunks; ++i) {
    store.append({partition, chunk_of_letters(records_each, 'x'),
                  static_cast<uint32_t>(records_each), [&](int64_t base, const std::string&) {
                    refused += base < 0 ? 1 : 0;
                    if (--left == 0) all_done.set_value();
                  }});
  }
  all_queued.set_value();
  all_done.get_future().wait();
  syncs_fail = false;
  return refused;
}

/// The values of partition 0, read from every offset on.
std::string letters(const TestLog& log) {
  TestConsumer consumer(log, "check");
  consumer.consumer->subscribe({kChildTopic}, consumer);
  std::string all;
  for (const auto& [offset, record] : consumer.drain()) {
    require(offset == static_cast<int64_t>(all.size()), "offsets have no gaps");
    all += *record.value;
  }
  for (size_t from = 0; from < all.size(); ++from) {
    consumer.consumer->seek({kChildTopic, 0}, Offset{static_cast<int64_t>(from)});
    std::string rest;
    for (const auto& [offset, record] : consumer.drain()) rest += *record.value;
    require(rest == all.substr(from), "reading from " + std::to_string(from) + " gives " + rest);
  }
  return all;
}

int failed_syncs(const std::string& dir) {
  EmbeddedOptions options = child_options(dir);
  options.append_timeout_ms = 0;
  std::string wanted;
  {
    TestLog log(options);
    log.store->create_topic({kChildTopic, 1});
    const auto send = [&](size_t count, char letter) {
      const PlainRecord record{std::nullopt, std::string(1, letter), {}, 1};
      const auto reports = log.send(kChildTopic, std::vector<PlainRecord>(count, record));
      if (reports.at(0).error) return false;
      wanted += std::string(count, letter);
      return true;
    };
    for (const char letter : {'b', 'c'}) {
      // The bytes reach the disk, but nobody may rely on it.
      require(fail_one_write(*log.store, 3, 2) == 3, "a write whose sync failed is refused");
      wanted += 'a';
      require(eventually([&] { return send(1, letter); }), "appends succeed again");
      require(send(3, letter), "and go on");
      require(letters(log) == wanted, "what was refused does not come back: " + letters(log));
    }
  }
  TestLog log(options);
  require(letters(log) == wanted, "nor after opening it again: " + letters(log));
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  require(arguments.size() >= 3, "at least a scenario and a folder are given");
  const std::string& scenario = arguments[1];
  const std::string& dir = arguments[2];
  if (scenario == "append") append_until_killed(dir, std::stoull(arguments.at(3)));
  if (scenario == "open") return open_and_wait(dir);
  if (scenario == "full") {
    return full_disk(dir, arguments.at(3) == "wait", arguments.at(4) == "tmpfs");
  }
  if (scenario == "sync") return failed_syncs(dir);
  fail("no such scenario: " + scenario);
}

}  // namespace
}  // namespace millrace::embedded

int main(int argc, char** argv) {
  try {
    return millrace::embedded::run({argv, argv + argc});
  } catch (const std::exception& error) {
    millrace::embedded::fail(millrace::describe(error));
  }
}
