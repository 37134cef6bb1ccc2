#pragma once
// What the child program applies, batch by batch, the same in every life; and what a store must hold after some.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store_model.h"

namespace millrace::feature_store::testing_rocks {

inline constexpr int64_t kScriptBatches = 30;
inline constexpr int64_t kScriptIds = 40;
inline constexpr size_t kScriptRows = 25;
inline constexpr int64_t kScriptIngestion = 1;
inline constexpr int64_t kNewSchemaFrom = 7;     // batch
inline constexpr int64_t kCheckpointEvery = 10;  // batches
inline const TopicPartition kScriptPartition{"t", 0};

inline RocksOptions script_options(const std::string& folder) {
  return {.path = folder,
          .block_cache_bytes = 4 << 20,
          .write_buffer_bytes = size_t{1} << 20,
          .marker_retention = std::chrono::milliseconds(kRetention / 1'000),
          .now_us = [] { return kStart; }};
}

/// Offset of a step is its batch, so that the position tells how many batches there are.
inline std::vector<Step> script_batch(int64_t batch, uint64_t seed) {
  std::mt19937_64 random(seed * 1'000 + static_cast<uint64_t>(batch));
  std::map<TopicPartition, int64_t> ends;
  std::vector<Step> steps = random_batch(random, kScriptRows, kScriptIds, kStart, ends);
  for (Step& step : steps) {
    step.partition = kScriptPartition;
    step.offset = batch;
  }
  return steps;
}

inline std::string checkpoint_of(const std::string& folder, int64_t batch) {
  return folder + "-copy-" + std::to_string(batch);
}

/// Why the store in `folder` is not as it is after a whole number of batches; empty: it is. `done` is how many.
inline std::string script_fault(const std::string& folder, uint64_t seed, int64_t* done) {
  const auto database = RocksDatabase::open(script_options(folder));
  const auto store = database->make_store("cluster");
  const std::vector<TopicPartition> partitions = {kScriptPartition};
  const OffsetMap positions = store->positions(partitions);
  *done = positions.empty() ? 0 : raw(positions.begin()->second);
  StoreModel model;
  std::array<int64_t, kRowStatuses> rows{};
  for (int64_t batch = 0; batch < *done; ++batch) {
    for (const Step& step : script_batch(batch, seed)) {
      ++rows[static_cast<size_t>(model.apply(step, kStart))];
    }
  }
  const auto counted = store->ingestion(42, kScriptIngestion);
  if (*done > 0 && (!counted || counted->rows != rows)) return "counters after " + std::to_string(*done);
  if (*done == 0 && counted) return "counters of no batch";
  return differences(*database, model, kScriptIds, kStart);
}

}  // namespace millrace::feature_store::testing_rocks
