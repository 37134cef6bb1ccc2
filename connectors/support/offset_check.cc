#include "connectors/support/offset_check.h"

#include <set>
#include <string>
#include <utility>

#include "connectors/support/record_place.h"
#include "millrace/log.h"

namespace millrace {
namespace {

constexpr std::string_view kLogger = "millrace.support.OffsetCheck";

}  // namespace

uint32_t OffsetCheck::rows_that_follow(const RecordBatch& batch, RecordLog& log) {
  std::set<TopicPartition> known;  // the log has what was expected, so it has what comes behind it
  int64_t* next = nullptr;
  for (uint32_t row = 0; row < batch.size(); ++row) {
    const Record& record = batch[row];
    if (row == 0 || !is_in_run(batch[row - 1], record)) next = &next_.try_emplace(partition_of(record), record.offset).first->second;
    const int64_t expected = std::exchange(*next, record.offset + 1);
    if (record.offset == expected) continue;
    const TopicPartition partition = partition_of(record);
    if (record.offset > expected && known.contains(partition)) continue;
    const auto ranges = log.ranges(std::span(&partition, 1));
    const auto range = ranges.find(partition);
    const bool is_hole = record.offset > expected && range != ranges.end() &&
                         expected >= raw(range->second.begin);
    if (!is_hole) {
      millrace::log(LogLevel::Warn, kLogger,
                    "The log went on with offset " + std::to_string(record.offset) + " of " +
                        partition.to_string() + " in place of " + std::to_string(expected) +
                        ": looking where it begins");
      return row;
    }
    known.insert(partition);
  }
  return batch.size();
}

}  // namespace millrace
