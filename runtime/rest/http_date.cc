#include "runtime/rest/http_date.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "millrace/clock.h"

namespace millrace::rest {
namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::tm utc(int64_t epoch_ms) {
  const std::time_t second = static_cast<std::time_t>(epoch_ms / 1000);
  std::tm parts{};
  gmtime_r(&second, &parts);
  return parts;
}

}  // namespace

std::string http_date(int64_t epoch_ms) {
  const std::tm t = utc(epoch_ms);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday,
                     kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

const std::string& http_date_now() {
  thread_local int64_t cached_second = -1;
  thread_local std::string cached;
  const int64_t now = wall_clock_ms();
  if (now / 1000 != cached_second) {
    cached_second = now / 1000;
    cached = http_date(now);
  }
  return cached;
}

std::string access_log_date(int64_t epoch_ms) {
  const std::tm t = utc(epoch_ms);
  return fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", t.tm_mday, kMonths[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace millrace::rest
