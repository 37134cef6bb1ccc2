#include "connectors/lakehouse/commit/table_committer.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <utility>

#include "connectors/support/crash_point.h"
#include "connectors/lakehouse/table/manifest.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::lakehouse {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr std::string_view kLogger = "millrace.lakehouse.TableCommitter";

Millis monotonic() { return std::chrono::duration_cast<Millis>(Clock::now().time_since_epoch()); }

int64_t wall_ms() {
  return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void write_file(FileIO& files, const std::string& path, const std::string& bytes) {
  const auto file = files.create(path);
  file->write({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  file->finish();
}

/// One manifest has files of one spec, and either data or deletes.
std::map<std::pair<int32_t, ManifestContent>, std::vector<ManifestEntry>> by_manifest(
    const std::vector<DataFile>& files) {
  std::map<std::pair<int32_t, ManifestContent>, std::vector<ManifestEntry>> groups;
  for (const DataFile& file : files) {
    const auto content = file.content == FileContent::Data ? ManifestContent::Data
                                                           : ManifestContent::Deletes;
    groups[{file.spec_id, content}].push_back({.file = file});
  }
  return groups;
}

/// Of one task outcomes come in order, and who begins where another ends would be fenced before it.
bool must_follow(const WrittenBatch& later, const WrittenBatch& earlier) {
  if (later.connector == earlier.connector && later.task == earlier.task) return true;
  return later.cluster == earlier.cluster &&
         std::any_of(later.steps.begin(), later.steps.end(), [&](const auto& step) {
           return earlier.steps.contains(step.first);
         });
}

bool may_pass(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.retriable();
  } catch (...) {
    return false;
  }
}

}  // namespace

TableCommitter::TableCommitter(std::shared_ptr<Catalog> catalog, TableName name,
                               std::string table_uuid, CommitOptions options)
    : catalog_(std::move(catalog)),
      name_(std::move(name)),
      table_uuid_(std::move(table_uuid)),
      options_(std::move(options)),
      stuck_wait_(options_.first_wait),
      thread_([this](std::stop_token stop) {
        stop_ = std::move(stop);
        run();
      }) {}

TableCommitter::~TableCommitter() {
  thread_.request_stop();
  thread_.join();
}

void TableCommitter::submit(WrittenBatch batch, Callback done) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < kMaxWaiting; });
  waiting_.push_back({{std::move(batch), {}}, std::move(done)});
  changed_.notify_all();
}

std::optional<BatchOutcome> TableCommitter::submit_and_wait(WrittenBatch batch, Millis limit) {
  const auto answer = std::make_shared<std::promise<BatchOutcome>>();  // it may come after the limit
  auto outcome = answer->get_future();
  submit(std::move(batch), [answer](const BatchOutcome& what) { answer->set_value(what); });
  if (outcome.wait_for(limit) != std::future_status::ready) return std::nullopt;
  BatchOutcome what = outcome.get();
  if (what.error) std::rethrow_exception(what.error);
  return what;
}

CommitterStats TableCommitter::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void TableCommitter::run() {
  while (true) {
    std::vector<Waiting> waiting = take();
    if (waiting.empty()) return;
    commit(std::move(waiting));
  }
}

// Those that are stuck and those that come newly take turns, so that none waits for all others.
std::vector<TableCommitter::Waiting> TableCommitter::take() {
  std::unique_lock lock(mutex_);
  if (stuck_.empty()) changed_.wait(lock, stop_, [this] { return !waiting_.empty(); });
  of_stuck_ = !stuck_.empty() && (waiting_.empty() || !of_stuck_);
  std::deque<Waiting>& from = of_stuck_ ? stuck_ : waiting_;
  // Deletes do not touch what is added by their own snapshot: a batch with any is committed alone.
  const auto has_deletes = [](const Waiting& one) { return one.prepared.batch.has_deletes(); };
  auto end = std::find_if(from.begin(), from.end(), has_deletes);
  if (end == from.begin() && end != from.end()) ++end;
  std::vector<Waiting> taken(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
  changed_.notify_all();
  return taken;
}

void TableCommitter::commit(std::vector<Waiting> waiting) {
  const auto began = Clock::now();
  waiting = prepare(std::move(waiting));
  std::vector<PreparedBatch> batches;
  std::vector<Waiting*> of;  // the batches
  for (Waiting& one : waiting) {
    if (one.outcome) continue;
    of.push_back(&one);
    batches.push_back(std::move(one.prepared));
  }
  try {
    CommitMachine machine(std::move(batches), table_uuid_, options_, {new_uuid, new_snapshot_id});
    drive(machine);
    for (size_t i = 0; i < of.size(); ++i) of[i]->outcome = machine.outcomes()[i];
    clean(machine);
    count(machine, std::chrono::duration<double>(Clock::now() - began).count());
  } catch (...) {
    for (Waiting* one : of) {
      one->outcome = {.fate = BatchFate::Failed, .in_doubt = true, .error = std::current_exception()};
    }
  }
  for (Waiting& one : waiting) one.done(*one.outcome);
  if (stuck_.empty()) {
    stuck_wait_ = options_.first_wait;
  } else if (waiting.empty()) {  // all of them
    pause(std::exchange(stuck_wait_, std::min(stuck_wait_ * 2, options_.longest_conflict_wait)));
  }
}

std::vector<TableCommitter::Waiting> TableCommitter::prepare(std::vector<Waiting> waiting) {
  std::vector<Waiting> prepared;
  std::deque<Waiting> again;
  bool is_away = false;  // the catalog
  for (Waiting& one : waiting) {
    const auto comes_before = [&one](const Waiting& other) {
      return must_follow(one.prepared.batch, other.prepared.batch);
    };
    // What else is stuck comes before what is new, and behind what was stuck.
    const bool waits = is_away || std::any_of(again.begin(), again.end(), comes_before) ||
                       (!of_stuck_ && std::any_of(stuck_.begin(), stuck_.end(), comes_before));
    std::exception_ptr error;
    try {
      if (!waits) write_manifests(one.prepared);
    } catch (...) {
      error = std::current_exception();
      is_away = !table_;
    }
    if (error) not_written(one, error);
    if (waits || (error && !one.outcome)) {
      again.push_back(std::move(one));
    } else {
      prepared.push_back(std::move(one));
    }
  }
  stuck_.insert(of_stuck_ ? stuck_.begin() : stuck_.end(), std::make_move_iterator(again.begin()),
                std::make_move_iterator(again.end()));
  return prepared;
}

// Without an outcome it is tried again.
void TableCommitter::not_written(Waiting& one, const std::exception_ptr& error) {
  for (const ManifestFile& manifest : std::exchange(one.prepared.manifests, {})) remove(manifest.path);
  if (!one.give_up_at) one.give_up_at = monotonic() + options_.total;
  const std::string what = "Writing manifests of " + name_.to_string() + " failed";
  if (may_pass(error) && monotonic() < *one.give_up_at && !stop_.stop_requested()) {
    log(LogLevel::Warn, kLogger, what + ", trying again: " + describe(error));
    return;
  }
  one.outcome = {.fate = BatchFate::Failed, .error = error};
  const std::lock_guard lock(mutex_);
  ++stats_.failed_batches;
}

void TableCommitter::write_manifests(PreparedBatch& prepared) {
  if (prepared.batch.files.empty()) return;
  // The spec may be newer than what was loaded for the commit before.
  const auto groups = by_manifest(prepared.batch.files);
  const auto is_known = [this](const auto& group) {
    return table_->metadata.spec(group.first.first).has_value();
  };
  if (!table_ || !std::all_of(groups.begin(), groups.end(), is_known)) {
    table_ = catalog_->load(name_);
    if (!table_) throw NotFoundException("committing to " + name_.to_string() + ": no such table");
  }
  const std::string stem = table_->metadata.metadata_folder() + "/" + new_uuid() + "-m";
  for (const auto& [kind, entries] : groups) {
    const auto& [spec_id, content] = kind;
    const auto spec = table_->metadata.spec(spec_id);
    if (!spec) {
      throw ConnectException("committing to " + name_.to_string() + ": it has no partition spec " +
                             std::to_string(spec_id) + " any more");
    }
    WrittenManifest written = write_manifest(*prepared.batch.schema, *spec, content, entries);
    written.file.path = stem + std::to_string(prepared.manifests.size()) + ".avro";
    write_file(*table_->files, written.file.path, written.bytes);
    crash_point("manifest.write");
    prepared.manifests.push_back(std::move(written.file));
  }
}

void TableCommitter::drive(CommitMachine& machine) {
  while (true) {
    const CommitMachine::Action action = machine.next(monotonic(), wall_ms());
    switch (action.step) {
      case CommitMachine::Step::Load:
        load(machine);
        break;
      case CommitMachine::Step::Merge:
        merge(machine, action);
        break;
      case CommitMachine::Step::Publish:
        publish(machine, action);
        break;
      case CommitMachine::Step::Wait:
        if (!pause(action.wait)) return machine.give_up("the worker is stopping");
        machine.waited();
        break;
      case CommitMachine::Step::Done:
        return;
    }
  }
}

void TableCommitter::load(CommitMachine& machine) {
  try {
    table_ = catalog_->load(name_);
    if (!table_) return machine.table_gone("there is no table " + name_.to_string() + " any more");
    const auto head = table_->metadata.ref(options_.branch);
    const auto snapshot = head ? table_->metadata.snapshot(*head) : std::nullopt;
    const std::string list = snapshot ? snapshot->manifest_list : "";
    if (list != carried_of_) {
      carried_ = list.empty() ? std::vector<ManifestFile>()
                              : read_manifest_list(table_->files->read(list), list);
      carried_of_ = list;
    }
    std::erase_if(fixed_, [this](const std::string& path) {
      return std::none_of(carried_.begin(), carried_.end(),
                          [&](const ManifestFile& manifest) { return manifest.path == path; });
    });
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    return machine.load_failed(error, may_pass(error));
  }
  machine.loaded(table_->metadata, carried_, fixed_);
}

void TableCommitter::merge(CommitMachine& machine, const CommitMachine::Action& action) {
  std::vector<std::optional<ManifestFile>> manifests;
  for (const auto& inputs : action.merges) manifests.push_back(merge(inputs));
  machine.merged(std::move(manifests));
}

// A merge can always wait: whatever is in its way must not be in the way of the commit.
std::optional<ManifestFile> TableCommitter::merge(const std::vector<MergeInput>& inputs) {
  const auto stays = [this](const std::exception& error) {
    log(LogLevel::Info, kLogger, "Manifests of " + name_.to_string() + " stay apart: " + error.what());
    return std::nullopt;
  };
  const TableMetadata& table = table_->metadata;
  const ManifestFile& first = inputs.front().file;
  std::vector<std::string> guilty;  // of what will not pass
  for (const MergeInput& input : inputs) guilty.push_back(input.file.path);
  try {
    const auto spec = table.spec(first.spec_id);
    if (!spec) throw DataException("there is no partition spec " + std::to_string(first.spec_id));
    ManifestMerger merger(table.current_schema(), *spec, first.content);
    for (const MergeInput& input : inputs) {
      guilty = {input.file.path};
      merger.add(table_->files->read(input.file.path), input.file, input.is_new);
    }
    WrittenManifest written = merger.finish();
    written.file.path = table.metadata_folder() + "/" + new_uuid() + "-m0.avro";
    write_file(*table_->files, written.file.path, written.bytes);
    crash_point("merge.write");
    return std::move(written.file);
  } catch (const Error& error) {
    if (!error.retriable()) fixed_.insert(guilty.begin(), guilty.end());
    return stays(error);
  } catch (const std::exception& error) {
    return stays(error);
  }
}

void TableCommitter::publish(CommitMachine& machine, const CommitMachine::Action& action) {
  const auto warn = [this](const std::string& what) {
    log(LogLevel::Warn, kLogger, "Committing to " + name_.to_string() + ": " + what);
  };
  try {
    crash_point("list.write");
    write_file(*table_->files, action.list_path, write_manifest_list(action.list, action.manifests));
    crash_point("commit.before");
    table_ = catalog_->commit(name_, *table_, action.change);
    crash_point("commit.after");
    carried_of_ = action.list_path;
    carried_ = action.manifests;
    machine.committed();
  } catch (const CommitConflict& conflict) {
    machine.conflict(conflict.what());
    const std::lock_guard lock(mutex_);
    ++stats_.conflicts;
  } catch (const CommitUnknown& unknown) {
    warn(std::string("the outcome is not known, looking: ") + unknown.what());
    machine.unknown(unknown.what());
    const std::lock_guard lock(mutex_);
    ++stats_.unknown_outcomes;
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    warn(describe(error));
    machine.failed(error, may_pass(error));
  }
}

// Best effort: what stays behind is for the removal of orphan files.
void TableCommitter::remove(const std::string& path) noexcept {
  try {
    table_->files->remove(path);
  } catch (const std::exception& error) {
    log(LogLevel::Debug, kLogger, "removing " + path + ": " + error.what());
  }
}

void TableCommitter::clean(const CommitMachine& machine) noexcept {
  if (!table_) return;
  for (const std::string& list : machine.dead_lists()) remove(list);
  for (const std::string& manifest : machine.dead_manifests()) remove(manifest);
  for (size_t i = 0; i < machine.outcomes().size(); ++i) {
    const BatchOutcome& outcome = machine.outcomes()[i];
    if (outcome.fate != BatchFate::Fenced || outcome.in_doubt) continue;
    const PreparedBatch& prepared = machine.batches()[i];
    for (const ManifestFile& manifest : prepared.manifests) remove(manifest.path);
    for (const DataFile& file : prepared.batch.files) remove(file.path);
  }
}

void TableCommitter::count(const CommitMachine& machine, double seconds) {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (size_t i = 0; i < machine.outcomes().size(); ++i) {
    switch (machine.outcomes()[i].fate) {
      case BatchFate::Fenced:
        ++stats_.fenced_batches;
        break;
      case BatchFate::Failed:
        ++stats_.failed_batches;
        break;
      case BatchFate::Committed:
        any = true;
        for (const DataFile& file : machine.batches()[i].batch.files) {
          ++stats_.files;
          stats_.bytes += static_cast<uint64_t>(file.file_size);
          if (file.content == FileContent::Data) {
            stats_.rows += static_cast<uint64_t>(file.metrics.record_count);
          }
        }
        break;
    }
  }
  if (!any) return;
  ++stats_.commits;
  stats_.last_commit_seconds = seconds;
}

// False when the committer is to end.
bool TableCommitter::pause(Millis wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop_, wait, [] { return false; });
  return !stop_.stop_requested();
}

}  // namespace millrace::lakehouse
