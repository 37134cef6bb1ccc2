#pragma once
// Records on their way from a poll to the control thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/record.h"
#include "runtime/storage/log_answers.h"

namespace millrace {

/// Records of one or more logs, by value: what the client holds of them may be given back at once.
/// Filled on one thread, consumed on another.
class PolledRows {
 public:
  void add(const Record& record, const std::shared_ptr<LogAnswers>& log);
  /// Tells each log of its records. Control thread.
  void consume() const;

 private:
  struct Row {
    LogAnswers* log;
    int32_t partition;
    int64_t offset;
    int64_t key_size;  // -1: null
    int64_t value_size;
  };
  int64_t put(const WireBytes& wire);

  std::string bytes_;
  std::vector<Row> rows_;
  std::vector<std::shared_ptr<LogAnswers>> logs_;  // that rows point at, some more than once
};

}  // namespace millrace
