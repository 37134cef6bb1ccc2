#pragma once
// The committer of one table in this process: a thread that commits what tasks hand over, many batches
// at once (iceberg-sink.md §4.1 B, §4.3).

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/commit/commit_machine.h"

namespace millrace::lakehouse {

struct CommitterStats {
  uint64_t commits = 0;
  uint64_t conflicts = 0;
  uint64_t unknown_outcomes = 0;
  uint64_t fenced_batches = 0;
  uint64_t failed_batches = 0;
  uint64_t rows = 0;
  uint64_t files = 0;
  uint64_t bytes = 0;
  double last_commit_seconds = 0;  // from the first try on
};

/// Thread-safe. Shared by the tasks of this process; ends with the last of them, when what was handed
/// over has its outcome.
class TableCommitter {
 public:
  /// Batches that may wait; submit() blocks beyond them.
  static constexpr size_t kMaxWaiting = 64;

  using Callback = std::function<void(const BatchOutcome&)>;

  TableCommitter(std::shared_ptr<Catalog> catalog, TableName name, std::string table_uuid,
                 CommitOptions options);
  ~TableCommitter();

  /// `done` comes once, on the committer's thread, and must not call this object; batches of one task
  /// come to their outcomes in order.
  /// A batch whose manifests cannot be written fails alone, at once or when the time for tries is over;
  /// later ones of its task wait for it meanwhile.
  /// After a batch was fenced or failed, later ones that go on from its offsets cannot fit: they are
  /// fenced, too.
  void submit(WrittenBatch batch, Callback done);
  /// The same, and waits for the outcome; nullopt when it has not come in time. Throws the error of a
  /// batch that failed. Not on the committer's thread.
  std::optional<BatchOutcome> submit_and_wait(WrittenBatch batch, std::chrono::milliseconds limit);
  CommitterStats stats() const;
  const TableName& name() const noexcept { return name_; }
  const std::string& table_uuid() const noexcept { return table_uuid_; }

 private:
  struct Waiting {
    PreparedBatch prepared;
    Callback done;
    std::optional<std::chrono::milliseconds> give_up_at = {};  // once its manifests could not be written
    std::optional<BatchOutcome> outcome = {};
  };

  void run();
  std::vector<Waiting> take();
  void commit(std::vector<Waiting> waiting);
  void drive(CommitMachine& machine);
  void load(CommitMachine& machine);
  void merge(CommitMachine& machine, const CommitMachine::Action& action);
  std::optional<ManifestFile> merge(const std::vector<MergeInput>& inputs);
  void publish(CommitMachine& machine, const CommitMachine::Action& action);
  /// Writes manifests; who has none then has its outcome, or is in stuck_ and not returned.
  std::vector<Waiting> prepare(std::vector<Waiting> waiting);
  void not_written(Waiting& one, const std::exception_ptr& error);
  void write_manifests(PreparedBatch& prepared);
  void remove(const std::string& path) noexcept;
  void clean(const CommitMachine& machine) noexcept;
  void count(const CommitMachine& machine, double seconds);
  bool pause(std::chrono::milliseconds wait);

  const std::shared_ptr<Catalog> catalog_;
  const TableName name_;
  const std::string table_uuid_;
  const CommitOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_;
  CommitterStats stats_;

  // The thread's alone.
  std::stop_token stop_;
  std::deque<Waiting> stuck_;  // their manifests could not be written yet, or those of who comes before
  bool of_stuck_ = false;      // what was taken last
  std::chrono::milliseconds stuck_wait_;
  std::optional<LoadedTable> table_;  // as loaded last
  std::string carried_of_;            // the manifest list that carried_ was read from
  std::vector<ManifestFile> carried_;
  std::set<std::string> fixed_;  // manifests of carried_ that cannot be merged
  std::jthread thread_;
};

}  // namespace millrace::lakehouse
