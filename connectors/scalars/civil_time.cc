#include "connectors/scalars/civil_time.h"

#include <fmt/format.h>

namespace millrace {
namespace {

constexpr int64_t kDaysPerEra = 146'097;      // 400 years
constexpr int64_t kEpochFromMarch = 719'468;  // days from 0000-03-01 to 1970-01-01

}  // namespace

CivilDay civil_day(int64_t days) noexcept {
  // Years that begin in March have their leap day at the end.
  const int64_t since = days + kEpochFromMarch;
  const int64_t era = floor_div(since, kDaysPerEra);
  const int64_t day_of_era = since - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int32_t>(day_of_year - (153 * from_march + 2) / 5 + 1);
  const auto month = static_cast<int32_t>(from_march < 10 ? from_march + 3 : from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::string day_text(int64_t days) {
  const CivilDay date = civil_day(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string time_text(int64_t micros_of_day) {
  const int64_t seconds = micros_of_day / kMicrosPerSecond;
  const int64_t micros = micros_of_day % kMicrosPerSecond;
  std::string text = fmt::format("{:02}:{:02}", seconds / 3'600, seconds / 60 % 60);
  if (seconds % 60 != 0 || micros != 0) text += fmt::format(":{:02}", seconds % 60);
  if (micros % 1'000 != 0) return text + fmt::format(".{:06}", micros);
  return micros == 0 ? text : text + fmt::format(".{:03}", micros / 1'000);
}

}  // namespace millrace
