#pragma once
// Where source offsets live (OffsetBackingStore). Keys are the JSON bytes
// `["connector",{partition}]`, values the JSON bytes of the offset map; a null value is a tombstone
// (connect-cluster.md §1.5, §1.7).

#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/value.h"

namespace millrace {

using OffsetEntries = std::map<std::string, std::optional<std::string>, std::less<>>;

/// Thread-safe.
class OffsetStore {
 public:
  /// Null on success. Called once: on a thread of the store, or by set() itself when it refuses the
  /// write at once. Must not block nor throw.
  using WriteCallback = std::function<void(std::exception_ptr)>;

  virtual ~OffsetStore() = default;
  /// Reads what is stored. Throws ConnectException when it cannot be understood.
  virtual void start() = 0;
  /// Finishes writes already asked for.
  virtual void stop() noexcept = 0;
  /// Calls `done` when readers see all that was durable at the time of the call, or with why they
  /// may not. Where offsets come from elsewhere, a starting task waits for it.
  virtual void refresh(WriteCallback done) const { done(nullptr); }
  /// Value of `key`; nullopt when absent or a tombstone.
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Keys with a value whose connector is `connector`, with their values.
  virtual OffsetEntries connector_offsets(std::string_view connector) const = 0;
  /// Merges and makes durable, then calls `done`. What a reader sees is durable. Reads see the
  /// entries from before that call on, all of them or, after a failure, none; in a topic that is
  /// shared, only after a refresh() that was asked later, and after a failure maybe some.
  virtual void set(OffsetEntries entries, WriteCallback done) = 0;
  /// Drops the writes asked for before that are not durable yet: others may write these keys by
  /// now, and an old offset must not come behind theirs. Any thread; for stores that are shared.
  virtual void abandon_writes() noexcept {}
};

/// Key bytes for a partition (a Map value).
std::string offset_key(std::string_view connector, const Value& partition);
/// Splits a key into connector and the JSON text of the partition; nullopt unless it is an array of
/// a string and an object.
std::optional<std::pair<std::string, std::string>> parse_offset_key(std::string_view key);

}  // namespace millrace
