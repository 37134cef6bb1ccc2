#include "runtime/storage/polled_rows.h"

#include <optional>
#include <string_view>

namespace millrace {
namespace {

std::optional<std::string_view> take(std::string_view& rest, int64_t size) {
  if (size < 0) return std::nullopt;
  const std::string_view text = rest.substr(0, static_cast<size_t>(size));
  rest.remove_prefix(text.size());
  return text;
}

}  // namespace

void PolledRows::add(const Record& record, const std::shared_ptr<LogAnswers>& log) {
  if (logs_.empty() || logs_.back() != log) logs_.push_back(log);
  rows_.push_back({log.get(), record.partition, record.offset, put(record.key_wire),
                   put(record.value_wire)});
}

int64_t PolledRows::put(const WireBytes& wire) {
  if (wire.is_null()) return -1;
  bytes_ += wire.text();
  return wire.size;
}

void PolledRows::consume() const {
  std::string_view rest(bytes_);
  for (const Row& row : rows_) {
    TopicLogRecord record{row.partition, row.offset, {}, {}};
    record.key = take(rest, row.key_size);
    record.value = take(rest, row.value_size);
    row.log->consume(record);
  }
}

}  // namespace millrace
