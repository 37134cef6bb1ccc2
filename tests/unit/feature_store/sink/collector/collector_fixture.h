#pragma once
// Batches of records of two groups: 42 without and 43 with a time to live of a minute.

#include <gmock/gmock.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "connectors/avro/binary.h"
#include "connectors/feature_store/sink/batch_collector.h"
#include "tests/unit/feature_store/sink/collector/memory_store.h"

namespace millrace::feature_store {

inline constexpr int64_t kNowUs = 1'700'000'000'000'000;

inline CatalogOptions groups() {
  const auto group = [](const std::string& id, const std::string& more) {
    return R"({"project":"bank","projectId":119,"id":)" + id + R"(,"name":"g)" + id +
           R"(","version":1,"primaryKey":["id"],"eventTime":"at")" + more + R"(,"schemas":{"17":{"type":"record",
           "name":"g","fields":[{"name":"id","type":["null","long"]},
           {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
           {"name":"text","type":["null","string"]}]}}})";
  };
  CatalogOptions options;
  options.inline_json =
      R"({"featureGroups":[)" + group("42", "") + "," + group("43", R"(,"ttlSeconds":60)") + "]}";
  return options;
}

struct Row {
  int64_t id = 1;
  std::optional<int64_t> at = {};
  std::string text = {};
  std::string operation = {};
  bool if_newer = false;
  std::string storage = {};
  std::string ingestion = {};
  int32_t partition = 0;
  std::string group = "42";
  int64_t kafka_ms = 5;
};

class CollectorFixture : public testing::Test {
 protected:
  CollectorFixture() : catalog_(groups()), schemas_({}, nullptr), plans_(catalog_, schemas_, store_) {}

  Record& add(const Row& row) {
    std::string& bytes = texts_.emplace_back();
    avro::Writer out(bytes);
    out.write_long(1);
    out.write_long(row.id);
    out.write_long(row.at ? 1 : 0);
    if (row.at) out.write_long(*row.at);
    out.write_long(row.text.empty() ? 0 : 1);
    if (!row.text.empty()) out.write_bytes(row.text);
    Record& record = records_.add();
    record.original_topic = "bank_onlinefs";
    record.original_partition = row.partition;
    record.offset = offsets_[static_cast<size_t>(row.partition)]++;
    record.timestamp = row.kafka_ms;
    record.value_wire = WireBytes::of(bytes);
    std::vector<Header>& headers = headers_.emplace_back();
    header(headers, "featureGroupId", row.group);
    header(headers, "subjectId", "17");
    header(headers, "projectId", "119");
    if (!row.operation.empty()) header(headers, "operation", row.operation);
    if (row.if_newer) header(headers, "upsertIfNewer", "1");
    if (!row.storage.empty()) header(headers, "storage", row.storage);
    if (!row.ingestion.empty()) header(headers, "onlineIngestionId", row.ingestion);
    record.headers = headers.data();
    record.header_count = static_cast<uint32_t>(headers.size());
    return record;
  }

  /// Collects and applies all records in slices of at most `slice` rows, as the task does.
  void run(CollectorOptions options = {}, uint32_t slice = 1000) {
    BatchCollector collector(plans_, options);
    for (uint32_t begin = 0; begin < records_.size();) {
      const uint32_t end = collector.collect(records_, begin, std::min(records_.size(), begin + slice), kNowUs);
      ASSERT_GT(end, begin);
      while (true) {
        ApplyBatch batch{collector.changes(), collector.counted(), collector.next(), {}};
        if (store_.apply(batch)) break;
        collector.collect_without_failed(records_);
      }
      for (const FailedRecord& one : collector.failed()) failed_.push_back(one);
      begin = end;
    }
  }

  /// What is stored of the groups: `42/1=text`, a marker as `42/1-`; the key's last byte is its number.
  std::vector<std::string> stored() const {
    std::vector<std::string> all;
    for (const auto& [key, row] : store_.rows) {
      const std::string name = std::to_string(key.first) + "/" + std::to_string(static_cast<int>(key.second.back()));
      all.push_back(row.marker ? name + "-" : name + "=" + text_of(row.bytes));
    }
    return all;
  }
  int64_t count(int64_t group, int64_t ingestion, RowStatus status) const {
    const auto at = store_.counters.find({group, ingestion, status});
    return at == store_.counters.end() ? 0 : at->second;
  }
  void forget() {
    store_ = {};
    failed_.clear();
  }

  MemoryStore store_;
  CatalogSource catalog_;
  SchemaSource schemas_;
  PlanCache plans_;
  RecordBatch records_{100'000};
  std::vector<FailedRecord> failed_;

 private:
  static std::string text_of(std::string_view row) {
    avro::Reader in(row);
    for (int field = 0; field < 2; ++field) {
      if (in.read_long() == 1) in.read_long();
    }
    return in.read_long() == 1 ? std::string(in.read_bytes()) : "";
  }
  void header(std::vector<Header>& headers, std::string_view name, const std::string& text) {
    headers.push_back({name, {}, WireBytes::of(texts_.emplace_back(text))});
  }

  std::deque<std::string> texts_;
  std::deque<std::vector<Header>> headers_;
  std::array<int64_t, 4> offsets_ = {};
};

}  // namespace millrace::feature_store
