#include "connectors/feature_store/rocksdb/ttl_filter.h"

#include <rocksdb/compaction_filter.h>

#include "connectors/feature_store/rocksdb/stored_value.h"

namespace millrace::feature_store {
namespace {

class TtlFilter : public rocksdb::CompactionFilter {
 public:
  TtlFilter(int64_t now_us, bool enforce_ttl) : now_us_(now_us), enforce_ttl_(enforce_ttl) {}

  /// What is removed becomes a tombstone where older versions may be below, so that none comes back.
  Decision FilterV2(int, const rocksdb::Slice&, ValueType type, const rocksdb::Slice& bytes,
                    std::string*, std::string*) const override {
    StoredValue value;
    if (type != ValueType::kValue || !read_value(bytes.ToStringView(), value)) return Decision::kKeep;
    return is_gone(value, now_us_, enforce_ttl_) ? Decision::kRemove : Decision::kKeep;
  }
  const char* Name() const override { return "millrace.TtlFilter"; }

 private:
  int64_t now_us_;
  bool enforce_ttl_;
};

class TtlFilterFactory : public rocksdb::CompactionFilterFactory {
 public:
  TtlFilterFactory(std::function<int64_t()> now_us, bool enforce_ttl)
      : now_us_(std::move(now_us)), enforce_ttl_(enforce_ttl) {}

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<TtlFilter>(now_us_(), enforce_ttl_);
  }
  const char* Name() const override { return "millrace.TtlFilterFactory"; }

 private:
  std::function<int64_t()> now_us_;
  bool enforce_ttl_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> ttl_filter(std::function<int64_t()> now_us,
                                                             bool enforce_ttl) {
  return std::make_shared<TtlFilterFactory>(std::move(now_us), enforce_ttl);
}

}  // namespace millrace::feature_store
