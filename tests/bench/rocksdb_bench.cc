// The embedded online store by itself: CPU time of applying changes with all that follows from them, of looking
// rows up, and memory at rest.
//
//   rocksdb_bench FOLDER [changes=3000000] [keys=10000000] [arrival|event_time] [lookups=1000000]

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "connectors/feature_store/rocksdb/database.h"

namespace millrace::feature_store {
namespace {

constexpr size_t kBatch = 1'000;
constexpr size_t kRowBytes = 90;
constexpr int64_t kSchemaId = 17;

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double wall_seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

std::string memory_line(const char* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return line;
  }
  return {};
}

/// Background work is over when the process has used no CPU for a while.
void wait_idle() {
  double before = cpu_seconds();
  while (true) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const double after = cpu_seconds();
    if (after - before < 0.01) return;
    before = after;
  }
}

RowPlanPtr make_plan() {
  FeatureGroup group;
  group.id = 1;
  group.project_id = 1;
  group.project = "bench";
  group.name = "rows";
  group.primary_key = {"id"};
  group.event_time = "at";
  constexpr const char* kSchema = R"({"type":"record","name":"rows_1","fields":[
 {"name":"id","type":["null","long"]},
 {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
 {"name":"text","type":["null","string"]}]})";
  return std::make_shared<RowPlan>(std::make_shared<const FeatureGroup>(group), kSchemaId,
                                   avro::Schema::parse(kSchema));
}

void put_key(char* out, uint64_t id) {
  const uint64_t flipped = __builtin_bswap64(id ^ (uint64_t{1} << 63U));
  std::memcpy(out, &flipped, sizeof flipped);
}

class Bench {
 public:
  Bench(const std::string& folder, uint64_t keys)
      : keys_(keys), plan_(make_plan()), rows_(kBatch * kRowBytes), key_bytes_(kBatch * 8), changes_(kBatch) {
    RocksOptions options;
    options.path = folder;
    database_ = RocksDatabase::open(options);
    store_ = database_->make_store("bench");
    store_->prepare(*plan_);
    for (char& byte : rows_) byte = static_cast<char>("0123456789abcdef"[random_() % 16]);
  }

  /// `id_of(n)` is the key of the n-th change.
  template <typename IdOf>
  void apply(uint64_t count, bool by_time, const IdOf& id_of, const char* what) {
    const double cpu = cpu_seconds();
    const auto begin = Clock::now();
    for (uint64_t done = 0; done < count; done += kBatch) {
      for (size_t i = 0; i < kBatch; ++i) fill(i, id_of(done + i), by_time);
      ApplyBatch batch{changes_, {}, {{partition_, Offset{offset_}}}, {}};
      store_->apply(batch);
      if (done / kBatch % 500 == 499) store_->flush();
    }
    store_->flush();
    const double wall = wall_seconds(begin);
    wait_idle();
    std::printf("%-28s %9lu rows  %7.0f rows/s  %.3f us CPU/row\n", what, static_cast<unsigned long>(count),
                static_cast<double>(count) / wall, (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count));
    std::fflush(stdout);
  }

  void look_up(uint64_t count, size_t together) {
    std::vector<Lookup> lookups(together);
    for (Lookup& one : lookups) one.table = database_->table(1);
    uint64_t found = 0;
    const double cpu = cpu_seconds();
    const auto begin = Clock::now();
    for (uint64_t done = 0; done < count; done += together) {
      for (Lookup& one : lookups) {
        one.key.resize(8);
        put_key(one.key.data(), random_() % keys_);
      }
      database_->get(lookups);
      for (const Lookup& one : lookups) found += one.found == Found::Row ? 1 : 0;
    }
    std::printf("%-28s %9lu gets  %.3f us wall  %.3f us CPU  %.1f %% found\n",
                together == 1 ? "get" : "get of 100", static_cast<unsigned long>(count),
                wall_seconds(begin) * 1e6 / static_cast<double>(count),
                (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count),
                100.0 * static_cast<double>(found) / static_cast<double>(count));
    std::fflush(stdout);
  }

  uint64_t random() { return random_(); }
  void close() {
    store_.reset();
    database_.reset();
  }

 private:
  void fill(size_t i, uint64_t id, bool by_time) {
    char* key = key_bytes_.data() + i * 8;
    put_key(key, id);
    RowChange& change = changes_[i];
    change = RowChange{};
    change.plan = plan_.get();
    change.key = {key, 8};
    change.row = {rows_.data() + i * kRowBytes, kRowBytes};
    change.if_newer = by_time;
    change.has_event_time = true;
    change.event_time_us = ++offset_;
    change.kafka_ms = offset_;
    change.partition = &partition_;
    change.offset = offset_;
  }

  uint64_t keys_;
  RowPlanPtr plan_;
  std::shared_ptr<RocksDatabase> database_;
  std::unique_ptr<OnlineStore> store_;
  TopicPartition partition_{"bench", 0};
  int64_t offset_ = 0;
  std::mt19937_64 random_{42};
  std::vector<char> rows_;
  std::vector<char> key_bytes_;
  std::vector<RowChange> changes_;
};

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: rocksdb_bench FOLDER [changes] [keys] [arrival|event_time] [lookups]\n");
    return 2;
  }
  const uint64_t changes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 3'000'000;
  const uint64_t keys = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10'000'000;
  const bool by_time = argc > 4 && std::string(argv[4]) == "event_time";
  const uint64_t lookups = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 1'000'000;
  Bench bench(argv[1], keys);
  bench.apply(changes, by_time, [&](uint64_t) { return bench.random() % keys; },
              by_time ? "event_time, empty store" : "arrival, empty store");
  if (lookups != 0) {
    constexpr uint64_t kStride = 7'368'787;  // prime: every key once, in no order
    bench.apply(keys, false, [&](uint64_t n) { return n * kStride % keys; }, "arrival, each key once");
    std::printf("%s %s\n", memory_line("VmRSS").c_str(), memory_line("VmHWM").c_str());
    bench.look_up(lookups, 1);
    bench.look_up(lookups, 100);
    bench.apply(changes, by_time, [&](uint64_t) { return bench.random() % keys; }, "then changes");
    std::printf("%s %s\n", memory_line("VmRSS").c_str(), memory_line("VmHWM").c_str());
  }
  return 0;
}

}  // namespace
}  // namespace millrace::feature_store

int main(int argc, char** argv) { return millrace::feature_store::run(argc, argv); }
