#pragma once
// An internal topic, read from its first record on (KafkaBasedLog, connect-cluster.md §1.1).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/core/outcome.h"

namespace millrace {

/// A record as the reader found it; the texts live during the call. No key: somebody else's record.
struct TopicLogRecord {
  int32_t partition = 0;
  int64_t offset = -1;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // none: a tombstone
};

/// Called and calling back on the control thread only. Every callback is called exactly once, never
/// inside the call; those still open at stop() get an error.
class TopicLog {
 public:
  using Consumer = std::function<void(const TopicLogRecord&)>;

  virtual ~TopicLog() = default;
  /// Makes the topic if it is missing, checks it, reads it to its end and goes on reading. The
  /// records of a partition come in order. Fails with ConfigException for a topic that must not be
  /// used.
  virtual void start(Consumer consumer, Callback<Done> caught_up) = 0;
  /// Answers when the record is durable. Appends of one key keep their order. Retriable failures
  /// are the caller's to try again.
  virtual void append(std::string key, std::optional<std::string> value, Callback<Done> done) = 0;
  /// Drops what was appended and is not durable, with an error as the answer. Nothing of it is sent
  /// later; what a broker is receiving at this moment may still become durable. What is appended
  /// from now on is written.
  virtual void abandon_writes() noexcept = 0;
  /// Answers when everything that was durable at the time of the call has been consumed.
  virtual void read_to_end(Callback<Done> done) = 0;
  /// Nothing is consumed any more.
  virtual void stop() noexcept = 0;
};

}  // namespace millrace
