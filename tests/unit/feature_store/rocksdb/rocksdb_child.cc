// Runs the store where the process may be killed, or the disk is full. Exit code 0: all went as it should; else
// the fault is on standard error.
//
//   feature_store_rocksdb_child script FOLDER SEED   applies the script from where the store is, to its end
//   feature_store_rocksdb_child hold FOLDER          opens the store and says so; until stdin ends
//   feature_store_rocksdb_child full FOLDER SEED     the disk is full for a while

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "crash_script.h"
#include "tests/support/file_size_limit.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;

constexpr rlim_t kFullAt = 40'000;
constexpr int64_t kFullBatches = 60;

void apply(OnlineStore& store, const RowPlanPtr& plan, int64_t batch, uint64_t seed, std::string_view row_end) {
  Rows rows(plan);
  for (Step step : script_batch(batch, seed)) {
    rows.add(step, row_of(step.id, step.at, step.text).append(row_end));
    rows.counted.push_back({.group_id = 42,
                            .ingestion_id = kScriptIngestion,
                            .winner = static_cast<int32_t>(rows.counted.size())});
  }
  rows.next = {{kScriptPartition, Offset{batch + 1}}};
  rows.apply(store);
}

int script(const std::string& folder, uint64_t seed) {
  const auto database = RocksDatabase::open(script_options(folder));
  const auto store = database->make_store("cluster");
  const std::vector<TopicPartition> partitions = {kScriptPartition};
  const OffsetMap positions = store->positions(partitions);
  const FeatureGroupPtr group = make_group();
  const RowPlanPtr plan = make_plan(group);
  const RowPlanPtr wider = make_plan(group, 18, R"(,{"name":"more","type":["null","long"]})");
  for (int64_t batch = positions.empty() ? 0 : raw(positions.begin()->second); batch < kScriptBatches;
       ++batch) {
    const bool is_new = batch >= kNewSchemaFrom;
    store->prepare(is_new ? *wider : *plan);
    apply(*store, is_new ? wider : plan, batch, seed, is_new ? std::string_view("\0", 1) : "");
    if (batch % 3 == 0) store->flush();
    const std::string copy = checkpoint_of(folder, batch);
    if (batch % kCheckpointEvery == 5 && !std::filesystem::exists(copy)) database->checkpoint(copy);
  }
  return 0;
}

int hold(const std::string& folder) {
  const auto database = RocksDatabase::open(script_options(folder));
  std::cout << "open" << std::endl;
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
  return 0;
}

int full(const std::string& folder, uint64_t seed) {
  const auto database = RocksDatabase::open(script_options(folder));
  const auto store = database->make_store("cluster");
  const RowPlanPtr plan = make_plan(make_group());
  int64_t batch = 0;
  std::string refused;
  {
    const testing_support::FileSizeLimit limit(kFullAt);
    while (refused.empty() && batch < kFullBatches) {
      refused = thrown<RetriableException>([&] {
        apply(*store, plan, batch, seed, "");
        store->flush();
        ++batch;
      });
    }
    for (int64_t id = 0; id < kScriptIds; ++id) static_cast<void>(look_up(*database, id));  // go on
  }
  if (refused.find("applying rows in the online store " + folder) == std::string::npos) {
    std::cerr << "no batch was refused, or not so: " << refused << "\n";
    return 1;
  }
  // There is room again.
  for (; batch < kFullBatches; ++batch) apply(*store, plan, batch, seed, "");
  store->flush();
  return 0;
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const std::string folder = argc > 2 ? argv[2] : "";
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  try {
    if (what == "script") return script(folder, seed);
    if (what == "hold") return hold(folder);
    if (what == "full") return full(folder, seed);
    std::cerr << "usage: feature_store_rocksdb_child script|hold|full FOLDER [SEED]\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}

}  // namespace
}  // namespace millrace::feature_store

int main(int argc, char** argv) { return millrace::feature_store::run(argc, argv); }
