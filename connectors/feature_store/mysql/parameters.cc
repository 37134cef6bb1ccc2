#include "connectors/feature_store/mysql/parameters.h"

#include "connectors/feature_store/mysql/slots.h"
#include "connectors/scalars/civil_time.h"

namespace millrace::feature_store {
namespace {

constexpr int64_t kLastYear = 9'999;

bool set_day(MYSQL_TIME& time, int64_t days) {
  const CivilDay day = civil_day(days);
  if (day.year < 0 || day.year > kLastYear) return false;
  time.year = static_cast<unsigned>(day.year);
  time.month = static_cast<unsigned>(day.month);
  time.day = static_cast<unsigned>(day.day);
  return true;
}

}  // namespace

MYSQL_BIND& Parameters::Slots::add(enum_field_types type) {
  if (used == values.size()) {
    values.emplace_back();
    binds.emplace_back();
  }
  binds[used] = MYSQL_BIND{};
  values[used] = Value{};
  MYSQL_BIND& bind = binds[used];
  bind.buffer_type = type;
  bind.buffer = &values[used];  // elements of a deque stay where they are
  ++used;
  return bind;
}

MYSQL_BIND* Parameters::Slots::bind() {
  return binds.data();
}

Parameters::Parameters() : slots_(std::make_unique<Slots>()) {}
Parameters::~Parameters() = default;
Parameters::Parameters(Parameters&&) noexcept = default;
Parameters& Parameters::operator=(Parameters&&) noexcept = default;

void Parameters::clear() noexcept {
  slots_->used = 0;
  slots_->byte_count = 0;
}
size_t Parameters::size() const noexcept {
  return slots_->used;
}
size_t Parameters::byte_count() const noexcept {
  return slots_->byte_count;
}

Parameters& Parameters::null() {
  slots_->add(MYSQL_TYPE_NULL);
  return *this;
}

Parameters& Parameters::whole(int64_t value) {
  slots_->add(MYSQL_TYPE_LONGLONG);
  slots_->values[slots_->used - 1].whole = value;
  return *this;
}

Parameters& Parameters::real(double value) {
  slots_->add(MYSQL_TYPE_DOUBLE);
  slots_->values[slots_->used - 1].real = value;
  return *this;
}

Parameters& Parameters::text(std::string_view value) {
  MYSQL_BIND& bind = slots_->add(MYSQL_TYPE_STRING);
  bind.buffer = const_cast<char*>(value.data());  // NOLINT: only read
  bind.buffer_length = static_cast<unsigned long>(value.size());
  slots_->byte_count += value.size();
  return *this;
}

Parameters& Parameters::bytes(std::string_view value) {
  text(value);
  slots_->binds[slots_->used - 1].buffer_type = MYSQL_TYPE_BLOB;
  return *this;
}

bool Parameters::date(int64_t days) {
  MYSQL_TIME time{};
  if (!set_day(time, days)) return false;
  time.time_type = MYSQL_TIMESTAMP_DATE;
  slots_->add(MYSQL_TYPE_DATE);
  slots_->values[slots_->used - 1].time = time;
  return true;
}

bool Parameters::moment(int64_t micros) {
  MYSQL_TIME time{};
  const int64_t days = floor_div(micros, kMicrosPerDay);
  if (!set_day(time, days)) return false;
  const int64_t rest = micros - days * kMicrosPerDay;
  const auto seconds = static_cast<unsigned>(rest / kMicrosPerSecond);
  time.hour = seconds / 3'600;
  time.minute = seconds / 60 % 60;
  time.second = seconds % 60;
  time.second_part = static_cast<unsigned long>(rest % kMicrosPerSecond);
  time.time_type = MYSQL_TIMESTAMP_DATETIME;
  slots_->add(MYSQL_TYPE_DATETIME);
  slots_->values[slots_->used - 1].time = time;
  return true;
}

}  // namespace millrace::feature_store
