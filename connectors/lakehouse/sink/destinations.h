#pragma once
// The destination tables of a task, and which records go to which (iceberg-sink.md §2.1).

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/lakehouse/sink/table_sink.h"
#include "millrace/errors.h"
#include "millrace/java_regex.h"

namespace millrace::lakehouse {

/// A record's value that can be no table's name; the message begins with the code for dead letters.
class BadTableName final : public Error {
 public:
  explicit BadTableName(const std::string& message) : Error(ErrorKind::Data, message) {}
};

struct Destination {
  std::string name;  // as configured, or as records have it, in lower case
  std::unique_ptr<TableSink> table;
  std::optional<JavaRegex> route = std::nullopt;  // of the route field's value; none: everything
  uint64_t used = 0;                              // batch that last had a row for it
};

/// Those of the configuration, or those that records name. Used by one task's thread.
class Destinations {
 public:
  using Clock = std::chrono::steady_clock;
  using List = std::vector<std::unique_ptr<Destination>>;
  /// Names that records gave and that are no tables, which are not looked up again for a while, and how
  /// many of them warnings name.
  static constexpr size_t kMaxMissing = 1'000;
  static constexpr size_t kMaxWarnings = 100;
  static constexpr std::chrono::seconds kMissingCheck{10};

  /// Longer ones are no names: a file system takes no longer parts.
  static constexpr size_t kMaxName = 200;

  /// Makes a table's sink, without touching the catalog. Throws ConfigException for a name that is none.
  using Make = std::function<std::unique_ptr<TableSink>(const std::string& name)>;
  Destinations(const SinkOptions& options, Make make);

  /// Whether records name their tables.
  bool by_name() const noexcept { return options_.dynamic; }
  List::const_iterator begin() const noexcept { return list_.begin(); }
  List::const_iterator end() const noexcept { return list_.end(); }
  size_t size() const noexcept { return list_.size(); }
  const Destination& operator[](size_t at) const noexcept { return *list_[at]; }
  bool goes_to(const Destination& destination, const Record& record);

  /// By name: the table of a record. Null when the record is skipped, since it names none, or one that is
  /// missing and must not be made. It is opened for `partitions` when it was not. Throws BadTableName,
  /// and what opening throws.
  Destination* find(const Record& record, const OffsetMap& partitions);
  /// Closes clean tables, the least recently used first, while there are more than `limit`. False: those
  /// that are left are too many.
  bool close_clean(size_t limit);
  std::vector<TaskMetric> metrics() const;

 private:
  bool take_name(const Record& record);
  Destination* open(const OffsetMap& partitions);
  std::string table_name();
  bool is_missing();
  void note_missing();

  const SinkOptions& options_;
  const Make make_;
  List list_;
  std::string name_;  // or value, of the record at hand
  Destination* last_ = nullptr;
  std::unordered_map<std::string, Destination*> by_name_;
  std::unordered_map<std::string, Clock::time_point> missing_;  // when to look again
  size_t warnings_ = 0;
  uint64_t without_name_ = 0;
  uint64_t without_table_ = 0;
  uint64_t impossible_ = 0;
};

}  // namespace millrace::lakehouse
