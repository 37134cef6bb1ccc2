#include "connectors/lakehouse/commit/commit_machine.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "connectors/lakehouse/commit/offset_steps.h"
#include "connectors/lakehouse/commit/position_replay.h"
#include "connectors/lakehouse/commit/snapshot_summary.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr uint32_t kMaxDoublings = 16;

std::exception_ptr error_of(const std::string& message) {
  return std::make_exception_ptr(RetriableException(message));
}

/// Empty: we can write it.
std::string why_not_to_write(const TableMetadata& table) {
  if (table.format_version() == 2) return "";
  return "committing: the table has format version " + std::to_string(table.format_version()) +
         "; only tables of version 2 are written" +
         (table.format_version() == 1 ? ": upgrade it (format-version=2), which cannot be undone" : "");
}

/// Empty: what the batch deletes by key is within reach. Deletes with a partition do not touch files of
/// another partition spec.
std::string why_not_deleted(const WrittenBatch& batch, const TableMetadata& table) {
  const int32_t spec = table.default_spec().id;
  for (const DataFile& file : batch.files) {
    if (file.content != FileContent::EqualityDeletes || file.spec_id == spec) continue;
    return "the table is partitioned otherwise now (spec " + std::to_string(spec) + ")";
  }
  return "";
}

}  // namespace

CommitMachine::CommitMachine(std::vector<PreparedBatch> batches, std::string table_uuid,
                             CommitOptions options, CommitIds ids)
    : batches_(std::move(batches)),
      table_uuid_(std::move(table_uuid)),
      options_(std::move(options)),
      ids_(std::move(ids)),
      outcomes_(batches_.size()),
      settled_(batches_.size(), false),
      doubted_(batches_.size(), false) {
  finish_if_settled();
}

CommitMachine::Action CommitMachine::next(Millis now, int64_t wall_ms) {
  now_ = now;
  if (!began_) began_ = now;
  switch (state_) {
    case State::Loading:
      return {.step = Step::Load};
    case State::Judged:
      if (Action merges = merge(); !merges.merges.empty()) return merges;
      return publish(wall_ms);
    case State::Waiting:
      return {.step = Step::Wait, .wait = wait_};
    case State::Merging:
    case State::Publishing:  // an answer is owed
    case State::Done:
      break;
  }
  return {.step = Step::Done};
}

void CommitMachine::loaded(const TableMetadata& table, std::vector<ManifestFile> carried,
                           const std::set<std::string>& fixed) {
  if (table.uuid() != table_uuid_) {
    return table_gone("there is another table of that name now (" + table.uuid() + ")");
  }
  if (const std::string why = why_not_to_write(table); !why.empty()) {
    return fail_open(std::make_exception_ptr(UnsupportedException(why)));
  }
  table_ = table;
  manifests_ = std::move(carried);
  try {
    judge();
    if (state_ == State::Judged) plan(fixed);
  } catch (...) {  // positions that cannot be understood
    fail_open(std::current_exception());
  }
}

// True when an attempt that nobody knew of has been applied.
bool CommitMachine::settle_doubt() {
  if (!in_doubt_) return false;
  const std::optional<int64_t> snapshot = find_commit(*table_, options_.branch, commit_id_);
  if (!snapshot) return false;
  for (const size_t index : commit_of_) {
    settle(index, {.fate = BatchFate::Committed, .snapshot_id = *snapshot});
  }
  return true;
}

void CommitMachine::judge() {
  const bool applied = settle_doubt();
  next_positions_ = read_positions(*table_, options_.branch).positions;
  if (applied) return finish_if_settled();
  included_.clear();
  base_positions_ = next_positions_;
  for (size_t index = 0; index < batches_.size(); ++index) {
    if (settled_[index]) continue;
    const WrittenBatch& batch = batches_[index].batch;
    std::string misfit = why_not(batch, next_positions_);
    if (misfit.empty()) misfit = why_not_deleted(batch, *table_);
    if (misfit.empty()) {
      apply(batch, next_positions_);
      included_.push_back(index);
    } else if (doubted_[index] && is_applied(batch, base_positions_)) {
      // Its snapshot has expired, or another owner wrote the very same messages: they are there once.
      settle(index, {.fate = BatchFate::Committed, .in_doubt = true});
    } else {
      settle(index, {.fate = BatchFate::Fenced, .in_doubt = doubted_[index], .reason = misfit});
    }
  }
  state_ = State::Judged;
  finish_if_settled();
}

void CommitMachine::plan(const std::set<std::string>& fixed) {
  std::vector<ManifestFile> manifests;
  for (const size_t index : included_) {
    const auto& own = batches_[index].manifests;
    manifests.insert(manifests.end(), own.begin(), own.end());
  }
  new_manifests_ = manifests.size();
  std::copy_if(manifests_.begin(), manifests_.end(), std::back_inserter(manifests),
               [](const ManifestFile& manifest) { return manifest.has_live_files(); });
  manifests_ = std::move(manifests);
  MergeRules rules = merge_rules(*table_);
  rules.enabled = rules.enabled && new_manifests_ > 0;
  plan_ = plan_merges(manifests_, rules, fixed);
}

CommitMachine::Paths CommitMachine::paths_of(const MergeGroup& group) const {
  Paths paths;
  for (const size_t place : group) paths.push_back(manifests_[place].path);
  return paths;
}

// What an attempt before has merged is there already.
CommitMachine::Action CommitMachine::merge() {
  Action action{.step = Step::Merge};
  merging_.clear();
  for (const MergeGroup& group : plan_) {
    Paths paths = paths_of(group);
    if (group.size() == 1 || merged_.contains(paths)) continue;
    std::vector<MergeInput> inputs;
    for (const size_t place : group) inputs.push_back({manifests_[place], place < new_manifests_});
    action.merges.push_back(std::move(inputs));
    merging_.push_back(std::move(paths));
  }
  if (!merging_.empty()) state_ = State::Merging;
  return action;
}

void CommitMachine::merged(std::vector<std::optional<ManifestFile>> manifests) {
  for (size_t i = 0; i < merging_.size(); ++i) merged_[merging_[i]] = std::move(manifests.at(i));
  state_ = State::Judged;
}

/// The manifests of the new snapshot, which gets their numbers as Java's have them.
std::vector<ManifestFile> CommitMachine::list_of(Snapshot& snapshot) {
  std::vector<ManifestFile> list;
  size_t created = 0;
  size_t replaced = 0;
  attempt_own_.clear();
  const auto add_own = [&](ManifestFile manifest) {
    manifest.min_sequence_number =
        manifest.existing_files == 0
            ? snapshot.sequence_number
            : std::min(manifest.min_sequence_number, snapshot.sequence_number);
    manifest.sequence_number = snapshot.sequence_number;
    manifest.added_snapshot_id = snapshot.id;
    attempt_own_.push_back(manifest.path);
    list.push_back(std::move(manifest));
    ++created;
  };
  for (const MergeGroup& group : plan_) {
    const auto merge = group.size() == 1 ? merged_.end() : merged_.find(paths_of(group));
    if (merge != merged_.end() && merge->second) {
      add_own(*merge->second);
      replaced += static_cast<size_t>(std::count_if(
          group.begin(), group.end(), [this](size_t place) { return place >= new_manifests_; }));
      continue;
    }
    for (const size_t place : group) {
      if (place < new_manifests_) {
        add_own(manifests_[place]);
      } else {
        list.push_back(manifests_[place]);
      }
    }
  }
  snapshot.summary["manifests-created"] = std::to_string(created);
  snapshot.summary["manifests-kept"] = std::to_string(list.size() - created);
  snapshot.summary["manifests-replaced"] = std::to_string(replaced);
  return list;
}

std::vector<std::string> CommitMachine::dead_manifests() const {
  std::vector<std::string> dead;
  const auto add = [&](const std::string& path) {
    if (!used_.contains(path)) dead.push_back(path);
  };
  for (const auto& [inputs, merged] : merged_) {
    if (merged) add(merged->path);
  }
  for (size_t index = 0; index < batches_.size(); ++index) {
    const BatchOutcome& outcome = outcomes_[index];
    if (outcome.fate != BatchFate::Committed || outcome.in_doubt) continue;
    for (const ManifestFile& manifest : batches_[index].manifests) add(manifest.path);
  }
  return dead;
}

CommitMachine::Action CommitMachine::publish(int64_t wall_ms) {
  if (commit_id_.empty() || included_ != commit_of_) {
    // Other batches fit only on another head, where what is in doubt cannot be applied any more.
    commit_id_ = ids_.uuid();
    commit_of_ = included_;
    in_doubt_ = false;
  }
  Snapshot snapshot = make_snapshot(wall_ms);
  std::vector<ManifestFile> manifests = list_of(snapshot);
  attempt_list_ = snapshot.manifest_list;
  attempt_snapshot_ = snapshot.id;
  state_ = State::Publishing;
  return {.step = Step::Publish,
          .list_path = attempt_list_,
          .list = {snapshot.id, snapshot.parent_id, snapshot.sequence_number},
          .manifests = std::move(manifests),
          .change = make_change(snapshot)};
}

Snapshot CommitMachine::make_snapshot(int64_t wall_ms) {
  const std::optional<int64_t> head = table_->ref(options_.branch);
  const std::optional<Snapshot> parent = head ? table_->snapshot(*head) : std::nullopt;
  std::vector<const WrittenBatch*> added;
  for (const size_t index : included_) added.push_back(&batches_[index].batch);
  Snapshot snapshot;
  snapshot.id = ids_.snapshot_id(*table_);
  snapshot.parent_id = head;
  snapshot.sequence_number = table_->last_sequence_number() + 1;
  snapshot.timestamp_ms = std::max(wall_ms, table_->last_updated_ms());
  snapshot.schema_id = table_->current_schema().id;
  snapshot.manifest_list = table_->metadata_folder() + "/snap-" + std::to_string(snapshot.id) + "-" +
                           std::to_string(attempts_ + 1) + "-" + commit_id_ + ".avro";
  snapshot.summary = make_summary(added, parent ? &*parent : nullptr);
  snapshot.summary[kOffsetsKey] = summary_text(next_positions_, options_.summary_partitions);
  snapshot.summary[kCommitIdKey] = commit_id_;
  snapshot.summary[kRangesKey] = ranges_text(added, base_positions_);
  snapshot.summary["millrace.connector"] = added.front()->connector;
  snapshot.summary["millrace.task"] = added.front()->task;
  int64_t newest = -1;
  for (const WrittenBatch* batch : added) newest = std::max(newest, batch->newest_ms);
  if (newest >= 0) snapshot.summary["millrace.max-ts"] = std::to_string(newest);
  snapshot.summary["engine-name"] = "millrace";
  if (!options_.engine_version.empty()) snapshot.summary["engine-version"] = options_.engine_version;
  return snapshot;
}

TableChange CommitMachine::make_change(const Snapshot& snapshot) const {
  TableChange change;
  change.requirements = {change::assert_uuid(table_uuid_),
                         change::assert_ref(options_.branch, snapshot.parent_id)};
  change.updates = {change::add_snapshot(snapshot),
                    change::set_branch(*table_, options_.branch, snapshot.id),
                    change::set_properties(
                        {{checkpoint_key(options_.branch),
                          checkpoint_text(next_positions_, snapshot.sequence_number, snapshot.id)}})};
  // One update for each: servers of Java before 1.9 take one snapshot at a time.
  for (const int64_t id :
       expired_snapshots(*table_, options_.branch, options_.expiry, snapshot.timestamp_ms)) {
    change.updates.push_back(change::remove_snapshots({id}));
  }
  return change;
}

void CommitMachine::committed() {
  used_.insert(attempt_own_.begin(), attempt_own_.end());
  for (const size_t index : included_) {
    settle(index, {.fate = BatchFate::Committed, .snapshot_id = attempt_snapshot_});
  }
  finish_if_settled();
}

void CommitMachine::conflict(const std::string& why) {
  dead_lists_.push_back(attempt_list_);
  retry(options_.longest_conflict_wait, error_of(why));
}

void CommitMachine::unknown(const std::string& why) {
  in_doubt_ = true;
  used_.insert(attempt_own_.begin(), attempt_own_.end());
  for (const size_t index : included_) doubted_[index] = true;
  retry(options_.longest_wait, error_of(why));
}

// Nothing was changed; else it were unknown().
void CommitMachine::failed(std::exception_ptr error, bool may_pass) {
  dead_lists_.push_back(attempt_list_);
  load_failed(std::move(error), may_pass);
}

void CommitMachine::load_failed(std::exception_ptr error, bool may_pass) {
  if (!may_pass) return fail_open(error);
  retry(options_.longest_wait, std::move(error));
}

void CommitMachine::table_gone(const std::string& why) {
  for (size_t index = 0; index < batches_.size(); ++index) {
    if (settled_[index]) continue;
    settle(index, {.fate = BatchFate::Fenced, .in_doubt = doubted_[index], .reason = why});
  }
  finish_if_settled();
}

void CommitMachine::waited() { state_ = State::Loading; }

void CommitMachine::give_up(const std::string& why) { fail_open(error_of("committing: " + why)); }

void CommitMachine::retry(Millis longest, std::exception_ptr error) {
  const int64_t factor = int64_t{1} << std::min(attempts_++, kMaxDoublings);
  wait_ = std::min(options_.first_wait * factor, longest);
  if (now_ + wait_ >= *began_ + options_.total) return fail_open(error);
  state_ = State::Waiting;
}

void CommitMachine::settle(size_t index, BatchOutcome outcome) {
  outcomes_[index] = std::move(outcome);
  settled_[index] = true;
}

void CommitMachine::fail_open(const std::exception_ptr& error) {
  for (size_t index = 0; index < batches_.size(); ++index) {
    if (settled_[index]) continue;
    settle(index, {.fate = BatchFate::Failed, .in_doubt = doubted_[index], .error = error});
  }
  finish_if_settled();
}

void CommitMachine::finish_if_settled() {
  if (std::find(settled_.begin(), settled_.end(), false) == settled_.end()) state_ = State::Done;
}

}  // namespace millrace::lakehouse
