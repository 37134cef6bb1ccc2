#pragma once
// Compactions leave out what reads pass over: expired rows and aged markers (feature-store-sink.md §9).

#include <cstdint>
#include <functional>
#include <memory>

namespace rocksdb {
class CompactionFilterFactory;
}

namespace millrace::feature_store {

/// `now_us` is called once for each compaction, on its thread.
std::shared_ptr<rocksdb::CompactionFilterFactory> ttl_filter(std::function<int64_t()> now_us,
                                                             bool enforce_ttl);

}  // namespace millrace::feature_store
