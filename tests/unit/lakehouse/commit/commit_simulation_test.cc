// Owners of partitions, some of which do not know that they are owners no more, commit to one table
// through a catalog that loses answers, delays requests and fails. Whatever the schedule: each message
// that the table's offsets cover is in it exactly once.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <queue>
#include <random>

#include "connectors/lakehouse/commit/commit_machine.h"
#include "connectors/lakehouse/commit/offset_steps.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

using Millis = std::chrono::milliseconds;

constexpr const char* kCluster = "cluster";
constexpr int32_t kPartitions = 3;
constexpr int kOwners = 3;
constexpr int64_t kMessages = 400;  // of each partition
constexpr int64_t kFaultyMs = 60'000;  // then all is calm
constexpr int64_t kSettleMs = 30'000;  // late requests land, before the last assignment
constexpr int64_t kCalmMs = 60'000;
constexpr int64_t kMaxAgeMs = 20'000;  // of snapshots that nobody drops
constexpr int64_t kIdleCheckMs = 5'000;

TopicPartition partition(int32_t number) { return {"t", number}; }

struct World {
  explicit World(uint64_t seed) : random(seed) {}

  int64_t below(int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); }
  bool chance(int percent) { return below(100) < percent; }
  void after(int64_t ms, std::function<void()> event) {
    events.push({now + ms, ++order, std::move(event)});
  }
  void run(int64_t until) {
    while (!events.empty() && events.top().at <= until) {
      const Event event = events.top();
      events.pop();
      now = event.at;
      event.run();
    }
    now = until;
  }

  struct Event {
    int64_t at;
    uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };
  std::mt19937_64 random;
  std::priority_queue<Event> events;
  int64_t now = 0;
  uint64_t order = 0;
  bool calm = false;  // no more faults
  CommitOptions options;
};

/// A catalog with one table, and the files that it refers to.
class SimTable {
 public:
  explicit SimTable(World& world) : world_(world), table_(create()) {}

  const TableMetadata& table() const { return table_; }
  std::vector<ManifestFile> manifests_of(const TableMetadata& table) const {
    const auto head = table.ref("main");
    if (!head) return {};
    return lists_.at(table.snapshot(*head)->manifest_list);
  }
  void keep_list(const std::string& path, const std::vector<ManifestFile>& list) { lists_[path] = list; }
  void keep_manifest(const std::string& path, const WrittenBatch& batch) { batches_[path] = {batch}; }
  void keep_merged(const std::string& path, const std::vector<MergeInput>& inputs) {
    ++merges;
    for (const MergeInput& input : inputs) {
      const auto at = batches_.find(input.file.path);
      ASSERT_NE(at, batches_.end()) << "a merge of what was deleted";
      batches_[path].insert(batches_[path].end(), at->second.begin(), at->second.end());
    }
  }
  void remove(const std::vector<std::string>& lists, const std::vector<std::string>& manifests) {
    for (const std::string& path : lists) lists_.erase(path);
    for (const std::string& path : manifests) batches_.erase(path);
    removed += static_cast<int>(manifests.size());
  }

  /// Empty when it was applied.
  std::string commit(const TableChange& change) {
    for (const Json& requirement : change.requirements) {
      if (std::string why = table_.unmet(requirement); !why.empty()) return why;
    }
    try {
      const size_t before = table_.snapshot_ids().size();
      table_ = table_.apply(change.updates, world_.now);
      expired += static_cast<int>(before + 1 - table_.snapshot_ids().size());
    } catch (const DataException& error) {  // its sequence number was used, and rolled back
      return error.what();
    }
    check();
    return "";
  }
  /// Somebody else appends, without our keys.
  void foreign_append() {
    Snapshot snapshot = next_snapshot();
    snapshot.summary = {{"operation", "append"}};
    publish(snapshot, manifests_of(table_));
  }
  /// All old snapshots but the head go. Not soon after a rollback, when the checkpoint alone cannot tell
  /// (docs/design/lakehouse.md).
  void expire() {
    if (rolled_back_ms_ >= 0 && world_.now < rolled_back_ms_ + kMaxAgeMs) return;
    const auto head = table_.ref("main");
    std::vector<int64_t> gone;
    for (const int64_t id : table_.snapshot_ids()) {
      const bool is_old = table_.snapshot(id)->timestamp_ms < world_.now - kMaxAgeMs;
      if (head && id != *head && is_old) gone.push_back(id);
    }
    if (!gone.empty()) table_ = table_.apply({change::remove_snapshots(gone)}, world_.now);
  }
  void roll_back() {
    const auto head = table_.ref("main");
    if (!head) return;
    const auto parent = table_.snapshot(*head)->parent_id;
    if (parent && table_.snapshot(*parent)) {
      table_ = table_.apply({change::set_branch("main", *parent)}, world_.now);
      rolled_back_ms_ = world_.now;
    }
  }
  /// The invariant: what the offsets cover is there once.
  void check() const {
    const StoredPositions stored = read_positions(table_, "main");
    std::map<TopicPartition, std::vector<std::pair<int64_t, int64_t>>> ranges;
    for (const ManifestFile& manifest : manifests_of(table_)) {
      const auto at = batches_.find(manifest.path);
      ASSERT_NE(at, batches_.end());
      for (const WrittenBatch& batch : at->second) {
        for (const auto& [tp, step] : batch.steps) ranges[tp].emplace_back(step.start, step.end);
      }
    }
    for (int32_t number = 0; number < kPartitions; ++number) {
      auto& of = ranges[partition(number)];
      std::sort(of.begin(), of.end());
      int64_t covered = 0;
      for (const auto& [start, end] : of) {
        ASSERT_EQ(start, covered) << "a gap or an overlap in partition " << number;
        covered = end;
      }
      ASSERT_EQ(stored.positions.next(kCluster, partition(number)).value_or(0), covered)
          << "partition " << number;
    }
  }
  /// What snapshots refer to is there.
  void check_files() const {
    for (const int64_t id : table_.snapshot_ids()) {
      const auto list = lists_.find(table_.snapshot(id)->manifest_list);
      ASSERT_NE(list, lists_.end());
      for (const ManifestFile& manifest : list->second) ASSERT_TRUE(batches_.contains(manifest.path));
    }
  }

  int merges = 0;
  int removed = 0;  // manifests
  int expired = 0;  // snapshots, with commits

 private:
  static TableMetadata create() {
    NewTable what;
    what.location = "/w/t";
    what.schema.fields = {{1, "a", false, primitive(TypeId::Long)}};
    what.properties = {{"commit.manifest.min-count-to-merge", "4"},
                       {"commit.manifest.target-size-bytes", "9"}};
    return TableMetadata::create(what, new_uuid(), 0);
  }
  Snapshot next_snapshot() {
    Snapshot snapshot;
    snapshot.id = static_cast<int64_t>(world_.random() >> 1);
    snapshot.parent_id = table_.ref("main");
    snapshot.sequence_number = table_.last_sequence_number() + 1;
    snapshot.timestamp_ms = std::max(world_.now, table_.last_updated_ms());
    snapshot.manifest_list = "/w/t/foreign-" + std::to_string(snapshot.id);
    return snapshot;
  }
  void publish(const Snapshot& snapshot, const std::vector<ManifestFile>& manifests) {
    lists_[snapshot.manifest_list] = manifests;
    table_ = table_.apply({change::add_snapshot(snapshot), change::set_branch("main", snapshot.id)},
                          world_.now);
  }

  World& world_;
  TableMetadata table_;
  std::map<std::string, std::vector<ManifestFile>> lists_;  // nobody looks into their bytes here
  std::map<std::string, std::vector<WrittenBatch>> batches_;  // by the path of their manifest
  int64_t rolled_back_ms_ = -1;
};

/// A task that believes to own some partitions.
class Owner {
 public:
  Owner(World& world, SimTable& table, int number) : world_(world), table_(table), number_(number) {}

  void own(std::set<int32_t> partitions) {
    owned_ = std::move(partitions);
    ++generation_;
    machine_.reset();
    open();
  }
  bool idle() const { return !machine_; }
  int fences = 0;

 private:
  // Reads the table's offsets, and pins what has none; sometimes after a while.
  void open() {
    world_.after(world_.below(50), [this, generation = generation_] {
      if (generation != generation_) return;
      last_look_ = world_.now;
      const StoredPositions stored = read_positions(table_.table(), "main");
      WrittenBatch pin;
      for (const int32_t number : owned_) {
        const auto next = stored.positions.next(kCluster, partition(number));
        next_[number] = next.value_or(0);
        if (!next) pin.steps[partition(number)] = {OffsetStep::kUnknown, 0};
      }
      pin.steps.empty() ? write_soon() : commit(pin);
    });
  }
  void write_soon() {
    world_.after(world_.below(400), [this, generation = generation_] {
      if (generation == generation_) write();
    });
  }
  void write() {
    WrittenBatch batch;
    for (const int32_t number : owned_) {
      const int64_t end = std::min(kMessages, next_[number] + world_.below(30));
      if (end == next_[number] || world_.chance(20)) continue;
      batch.steps[partition(number)] = {next_[number], end};
    }
    // A rollback must be seen before the snapshots that tell of it expire.
    if (batch.steps.empty()) return world_.now < last_look_ + kIdleCheckMs ? write_soon() : open();
    DataFile file;
    file.path = "/w/t/data/" + std::to_string(number_) + "-" + std::to_string(++files_);
    file.metrics.record_count = 1;
    batch.files.push_back(file);
    commit(batch);
  }
  void commit(WrittenBatch batch) {
    batch.cluster = kCluster;
    PreparedBatch prepared{std::move(batch), {}};
    if (!prepared.batch.files.empty()) {
      ManifestFile manifest;
      manifest.path = "/w/t/m-" + std::to_string(number_) + "-" + std::to_string(++files_);
      manifest.added_files = 1;
      manifest.length = 1;
      prepared.manifests.push_back(manifest);
      table_.keep_manifest(manifest.path, prepared.batch);
    }
    machine_.emplace(std::vector{std::move(prepared)}, table_.table().uuid(), world_.options, ids());
    drive();
  }
  CommitIds ids() {
    return {[this] { return "c-" + std::to_string(world_.random()); },
            [this](const TableMetadata&) { return static_cast<int64_t>(world_.random() >> 1); }};
  }
  /// Runs `event` unless the owner has lost its partitions meanwhile, or was restarted.
  void later(int64_t ms, std::function<void()> event) {
    world_.after(ms, [this, generation = generation_, event = std::move(event)] {
      if (generation == generation_) event();
    });
  }
  void drive() {
    const CommitMachine::Action action = machine_->next(Millis{world_.now}, world_.now);
    switch (action.step) {
      case CommitMachine::Step::Load:
        later(world_.below(30), [this] {
          if (!world_.calm && world_.chance(5)) {
            machine_->load_failed(std::make_exception_ptr(RetriableException("away")), true);
          } else {
            machine_->loaded(table_.table(), table_.manifests_of(table_.table()));
          }
          later(world_.below(20), [this] { drive(); });
        });
        break;
      case CommitMachine::Step::Merge:
        later(world_.below(100), [this, merges = action.merges] {
          machine_->merged(merge(merges));
          drive();
        });
        break;
      case CommitMachine::Step::Publish:
        publish(action);
        break;
      case CommitMachine::Step::Wait:
        later(action.wait.count(), [this] {
          machine_->waited();
          drive();
        });
        break;
      case CommitMachine::Step::Done:
        settle();
        break;
    }
  }
  std::vector<std::optional<ManifestFile>> merge(const std::vector<std::vector<MergeInput>>& merges) {
    std::vector<std::optional<ManifestFile>> merged;
    for (const auto& inputs : merges) {
      merged.emplace_back();
      if (!world_.calm && world_.chance(10)) continue;  // they stay as they are
      ManifestFile manifest;
      manifest.path = "/w/t/merged-" + std::to_string(number_) + "-" + std::to_string(++files_);
      for (const MergeInput& input : inputs) {
        manifest.length += input.file.length;
        (input.is_new ? manifest.added_files : manifest.existing_files) += 1;
      }
      table_.keep_merged(manifest.path, inputs);
      merged.back() = std::move(manifest);
    }
    return merged;
  }
  void publish(const CommitMachine::Action& action) {
    table_.keep_list(action.list_path, action.manifests);
    const auto fault = world_.calm ? 99 : world_.below(100);
    const auto answer = [this](std::function<void()> tell) {
      later(world_.below(40), [this, tell = std::move(tell)] {
        tell();
        drive();
      });
    };
    if (fault < 5) return answer([this] { machine_->conflict("409"); });
    if (fault < 10) {  // never arrives
      return answer([this] { machine_->unknown("lost request"); });
    }
    if (fault < 20) {  // is applied, and nobody is told
      table_.commit(action.change);
      return answer([this] { machine_->unknown("lost answer"); });
    }
    if (fault < 28) {  // is applied much later, whatever becomes of the owner
      world_.after(world_.below(3'000), [this, change = action.change] { table_.commit(change); });
      return answer([this] { machine_->unknown("timeout"); });
    }
    world_.after(world_.below(40), [this, change = action.change, answer, generation = generation_] {
      const std::string why = table_.commit(change);
      if (generation != generation_) return;  // nobody waits for it any more
      answer([this, why] { why.empty() ? machine_->committed() : machine_->conflict(why); });
    });
  }
  void settle() {
    const BatchOutcome outcome = machine_->outcomes()[0];
    const WrittenBatch batch = machine_->batches()[0].batch;
    table_.remove(machine_->dead_lists(), machine_->dead_manifests());
    machine_.reset();
    if (outcome.fate == BatchFate::Committed) {
      for (const auto& [tp, step] : batch.steps) next_[tp.partition] = step.end;
      return write_soon();
    }
    fences += outcome.fate == BatchFate::Fenced ? 1 : 0;
    open();
  }

  World& world_;
  SimTable& table_;
  const int number_;
  std::set<int32_t> owned_;
  std::map<int32_t, int64_t> next_;
  std::optional<CommitMachine> machine_;
  uint64_t generation_ = 0;
  int64_t last_look_ = 0;
  int files_ = 0;
};

struct Result {
  int fences = 0;
  int merges = 0;
  int removed = 0;
  int expired = 0;
  bool complete = false;
};

Result simulate(uint64_t seed) {
  World world(seed);
  world.options.longest_wait = Millis{2'000};
  world.options.total = Millis{20'000};
  // Offsets by hash in some, snapshots that expire with commits in others.
  if (seed % 3 == 1) world.options.summary_partitions = 1;
  if (seed % 5 < 3) world.options.expiry.keep = static_cast<int32_t>(1 + seed % 5 * 2);
  SimTable table(world);
  std::vector<std::unique_ptr<Owner>> owners;
  for (int i = 0; i < kOwners; ++i) owners.push_back(std::make_unique<Owner>(world, table, i));
  const auto assign = [&](bool exact) {
    // Who is not told goes on as before: a zombie.
    std::vector<size_t> told;
    for (size_t i = 0; i < owners.size(); ++i) {
      if (exact || world.chance(60)) told.push_back(i);
    }
    if (told.empty()) return;
    std::map<size_t, std::set<int32_t>> shares;
    for (int32_t p = 0; p < kPartitions; ++p) {
      shares[told[static_cast<size_t>(world.below(static_cast<int64_t>(told.size())))]].insert(p);
    }
    for (const size_t i : told) owners[i]->own(shares[i]);
  };
  assign(true);
  for (int64_t at = 1'000; at < kFaultyMs; at += 1'000) {
    world.run(at);
    if (world.chance(15)) assign(false);
    if (world.chance(10)) table.foreign_append();
    if (world.chance(5)) table.expire();
    if (world.chance(2)) table.roll_back();
    table.check();
    if (::testing::Test::HasFatalFailure()) return {};
  }
  world.calm = true;
  world.run(kFaultyMs + kSettleMs);
  assign(true);
  world.run(kFaultyMs + kSettleMs + kCalmMs);
  table.check();
  table.check_files();
  Result result{.merges = table.merges, .removed = table.removed, .expired = table.expired};
  for (const auto& owner : owners) result.fences += owner->fences;
  result.complete = true;
  const Positions positions = read_positions(table.table(), "main").positions;
  for (int32_t p = 0; p < kPartitions; ++p) {
    result.complete = result.complete && positions.next(kCluster, partition(p)) == kMessages;
  }
  return result;
}

TEST(CommitSimulation, EachMessageIsInTheTableOnce) {
  const char* given = std::getenv("MILLRACE_SIMULATION_SEEDS");
  const uint64_t seeds = given != nullptr ? std::strtoull(given, nullptr, 10) : 150;
  const char* start = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t first = start != nullptr ? std::strtoull(start, nullptr, 10) : std::random_device{}();
  int fences = 0;
  int merges = 0;
  int removed = 0;
  int expired = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE("MILLRACE_TEST_SEED=" + std::to_string(seed) + " MILLRACE_SIMULATION_SEEDS=1");
    const Result run = simulate(seed);
    ASSERT_FALSE(HasFailure());
    ASSERT_TRUE(run.complete) << "not all messages arrived once all was calm";
    fences += run.fences;
    merges += run.merges;
    removed += run.removed;
    expired += run.expired;
  }
  std::printf("seeds %llu to %llu, %d batches fenced, %d manifests merged, %d removed, "
              "%d snapshots expired\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + seeds - 1),
              fences, merges, removed, expired);
  if (seeds > 20) {
    EXPECT_GT(fences, 0) << "the schedules are too tame";
    EXPECT_GT(merges, 0);
    EXPECT_GT(removed, 0);
    EXPECT_GT(expired, 0);
  }
}

}  // namespace
}  // namespace millrace::lakehouse
