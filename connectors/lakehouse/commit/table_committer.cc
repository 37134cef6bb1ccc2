#include "connectors/lakehouse/commit/table_committer.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <utility>

#include "connectors/lakehouse/commit/crash_point.h"
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
  waiting_.push_back({std::move(batch), std::move(done)});
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

std::vector<TableCommitter::Waiting> TableCommitter::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_, [this] { return !waiting_.empty(); });
  // Deletes do not touch what is added by their own snapshot: a batch with any is committed alone.
  const auto has_deletes = [](const Waiting& one) { return one.batch.has_deletes(); };
  auto end = std::find_if(waiting_.begin(), waiting_.end(), has_deletes);
  if (end == waiting_.begin() && end != waiting_.end()) ++end;
  std::vector<Waiting> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  changed_.notify_all();
  return taken;
}

void TableCommitter::commit(std::vector<Waiting> waiting) {
  const auto began = Clock::now();
  std::vector<Callback> callbacks;
  std::vector<WrittenBatch> batches;
  for (Waiting& one : waiting) {
    callbacks.push_back(std::move(one.done));
    batches.push_back(std::move(one.batch));
  }
  std::vector<BatchOutcome> outcomes;
  try {
    CommitMachine machine(prepare(std::move(batches)), table_uuid_, options_,
                          {new_uuid, new_snapshot_id});
    drive(machine);
    outcomes = machine.outcomes();
    clean(machine);
    count(machine, std::chrono::duration<double>(Clock::now() - began).count());
  } catch (...) {
    outcomes.assign(callbacks.size(),
                    {.fate = BatchFate::Failed, .in_doubt = true, .error = std::current_exception()});
  }
  for (size_t i = 0; i < callbacks.size(); ++i) callbacks[i](outcomes[i]);
}

std::vector<PreparedBatch> TableCommitter::prepare(std::vector<WrittenBatch> batches) {
  std::vector<PreparedBatch> prepared;
  for (WrittenBatch& batch : batches) prepared.push_back({std::move(batch), {}});
  const Millis deadline = monotonic() + options_.total;
  for (Millis wait = options_.first_wait;; wait = std::min(wait * 2, options_.longest_wait)) {
    try {
      for (PreparedBatch& batch : prepared) write_manifests(batch);
      return prepared;
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (!may_pass(error) || monotonic() + wait >= deadline || !pause(wait)) throw;
      log(LogLevel::Warn, kLogger, "Writing manifests of " + name_.to_string() +
                                       " failed, trying again: " + describe(error));
    }
  }
}

// What is written already stays: manifests have names of their own.
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
  prepared.manifests.clear();
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
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    return machine.load_failed(error, may_pass(error));
  }
  machine.loaded(table_->metadata, carried_);
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
void TableCommitter::clean(const CommitMachine& machine) noexcept {
  const auto remove = [this](const std::string& path) {
    try {
      table_->files->remove(path);
    } catch (const std::exception& error) {
      log(LogLevel::Debug, kLogger, "removing " + path + ": " + error.what());
    }
  };
  if (!table_) return;
  for (const std::string& list : machine.dead_lists()) remove(list);
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
