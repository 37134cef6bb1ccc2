#pragma once
// The decisions of a commit, without input, output, clock or threads: told what happened, it says what to
// do next (iceberg-sink.md §4.2, §4.3). A simulation drives it through failures of all kinds.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/lakehouse/commit/merge_plan.h"
#include "connectors/lakehouse/commit/positions.h"
#include "connectors/lakehouse/commit/snapshot_expiry.h"
#include "connectors/lakehouse/commit/written_batch.h"

namespace millrace::lakehouse {

/// A batch whose manifests are written; they serve every attempt.
struct PreparedBatch {
  WrittenBatch batch;
  std::vector<ManifestFile> manifests;  // path, length, spec, content and counts are set
};

struct CommitOptions {
  using Millis = std::chrono::milliseconds;

  std::string branch = "main";
  std::string engine_version;
  // Of tries, in the defaults of Iceberg's commit.retry.*. Time is the only limit of tries: a batch
  // that is given up has to be read and written again.
  Millis first_wait{100};
  Millis longest_wait{60'000};
  Millis longest_conflict_wait{1'000};  // another writer was faster, so the catalog is well
  Millis total{1'800'000};
  ExpiryRules expiry;
  size_t summary_partitions = kMaxSummaryPartitions;  // more are in the checkpoint alone
};

/// Random things, so that a seed can stand behind them.
struct CommitIds {
  std::function<std::string()> uuid;
  std::function<int64_t(const TableMetadata&)> snapshot_id;
};

/// What becomes one manifest.
struct MergeInput {
  ManifestFile file;
  bool is_new = false;  // of this commit
};

/// One try of some batches together. Order of calls: next(), then exactly one answer to what it said.
class CommitMachine {
 public:
  using Millis = std::chrono::milliseconds;

  enum class Step : uint8_t {
    Load,     // load the table: loaded(), load_failed(), table_gone()
    Merge,    // write each of `merges` as one manifest: merged()
    Publish,  // write the list of `manifests` to `list_path`, then commit `change`: committed(),
              // conflict(), unknown(), failed()
    Wait,     // for `wait`: waited()
    Done,     // outcomes() says
  };
  struct Action {
    Step step = Step::Done;
    std::string list_path = {};
    ManifestListInfo list = {};
    std::vector<ManifestFile> manifests = {};
    std::vector<std::vector<MergeInput>> merges = {};
    TableChange change = {};
    Millis wait{0};
  };

  /// `table_uuid`: the table the batches were written for.
  CommitMachine(std::vector<PreparedBatch> batches, std::string table_uuid, CommitOptions options,
                CommitIds ids);

  /// `now` is a monotonic clock; `wall_ms` the time that snapshots get.
  Action next(Millis now, int64_t wall_ms);

  /// `carried`: the manifests of the branch's head, none without one; those named in `fixed` are known
  /// to be such that they cannot be merged.
  void loaded(const TableMetadata& table, std::vector<ManifestFile> carried,
              const std::set<std::string>& fixed = {});
  /// For each of `merges` the manifest (path, length, counts and, with files that are not new, their
  /// lowest sequence number are set), or none when its inputs have to stay as they are. It serves
  /// every later attempt that merges the same.
  void merged(std::vector<std::optional<ManifestFile>> manifests);
  void load_failed(std::exception_ptr error, bool may_pass);
  /// There is no such table, or it is another one with that name.
  void table_gone(const std::string& why);
  void committed();
  void conflict(const std::string& why);
  void unknown(const std::string& why);
  void failed(std::exception_ptr error, bool may_pass);
  void waited();
  /// Instead of the wait, or before a load: what has no outcome fails.
  void give_up(const std::string& why);

  /// In the order of the batches, once Done.
  const std::vector<BatchOutcome>& outcomes() const noexcept { return outcomes_; }
  const std::vector<PreparedBatch>& batches() const noexcept { return batches_; }
  /// Manifest lists of attempts that are known to have failed: nobody refers to them.
  const std::vector<std::string>& dead_lists() const noexcept { return dead_lists_; }
  /// Manifests of committed batches, and merged ones, that no snapshot refers to or ever can; once Done.
  std::vector<std::string> dead_manifests() const;
  /// The state of the table that the successful commit was made on.
  const Positions& positions() const noexcept { return next_positions_; }

 private:
  enum class State : uint8_t { Loading, Judged, Merging, Publishing, Waiting, Done };
  using Paths = std::vector<std::string>;

  void judge();
  void plan(const std::set<std::string>& fixed);
  Action merge();
  Paths paths_of(const MergeGroup& group) const;
  bool settle_doubt();
  Action publish(int64_t wall_ms);
  Snapshot make_snapshot(int64_t wall_ms);
  std::vector<ManifestFile> list_of(Snapshot& snapshot);
  TableChange make_change(const Snapshot& snapshot) const;
  void retry(Millis longest, std::exception_ptr error);
  void settle(size_t index, BatchOutcome outcome);
  void fail_open(const std::exception_ptr& error);
  void finish_if_settled();

  std::vector<PreparedBatch> batches_;
  const std::string table_uuid_;
  const CommitOptions options_;
  const CommitIds ids_;

  State state_ = State::Loading;
  std::optional<TableMetadata> table_;
  std::vector<size_t> included_;  // of this attempt
  std::vector<ManifestFile> manifests_;  // of this attempt, before merges: new ones, then carried ones
  size_t new_manifests_ = 0;             // so many of them
  std::vector<MergeGroup> plan_;
  std::map<Paths, std::optional<ManifestFile>> merged_;  // none: they stay as they are
  std::vector<Paths> merging_;
  Paths attempt_own_;           // manifests of ours that the attempt's list names
  std::set<std::string> used_;  // those of attempts that were applied, or may be
  Positions base_positions_;  // of the table
  Positions next_positions_;  // with those of this attempt
  std::vector<BatchOutcome> outcomes_;
  std::vector<bool> settled_;
  std::vector<bool> doubted_;  // was in an attempt whose outcome is not known

  std::string commit_id_;          // of all attempts with the same batches
  std::vector<size_t> commit_of_;  // those batches
  std::string attempt_list_;
  int64_t attempt_snapshot_ = 0;
  bool in_doubt_ = false;          // an attempt with commit_id_ may have been applied, or may still be
  std::vector<std::string> dead_lists_;
  uint32_t attempts_ = 0;
  Millis wait_{0};
  std::optional<Millis> began_;
  Millis now_{0};
};

}  // namespace millrace::lakehouse
