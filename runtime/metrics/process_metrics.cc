#include "runtime/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace millrace {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr int kFieldsBeforeStart = 19;  // of /proc/self/stat, from the state (3) to starttime (22)

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicrosPerSecond;
}

std::optional<double> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) return std::nullopt;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::optional<double> open_files() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  double count = 0;
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) ++count;
  if (error) return std::nullopt;
  return count - 1;  // without the one that reads the folder
}

/// Seconds since the epoch.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return std::nullopt;
}

std::optional<double> start_time() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');  // the name may hold spaces
  const auto boot = boot_time();
  if (name_end == std::string::npos || !boot) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeStart; ++i) fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return *boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void add_if_known(MetricPage& page, const char* name, const char* help,
                  const std::optional<double>& value) {
  if (value) page.add(name, "gauge", help, {}, *value);
}

}  // namespace

void add_process_metrics(MetricPage& page) {
  static const std::optional<double> kStarted = start_time();
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    page.add("process_cpu_seconds_total", "counter", "User and system time in seconds.", {},
             seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }
  add_if_known(page, "process_resident_memory_bytes", "Resident memory in bytes.",
               resident_bytes());
  add_if_known(page, "process_open_fds", "Open file descriptors.", open_files());
  add_if_known(page, "process_start_time_seconds", "Start of the process since the epoch.",
               kStarted);
}

}  // namespace millrace
