#pragma once
// Groups, rows and batches for tests of stores.

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/avro/binary.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store::testing_support {

/// A schema of nullable fields; `fields` are pairs of name and Avro type.
inline avro::SchemaPtr schema_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text = R"({"type":"record","name":"r","fields":[)";
  for (size_t i = 0; i < fields.size(); ++i) {
    text += std::string(i == 0 ? "" : ",") + R"({"name":")" + fields[i].first +
            R"(","type":["null",)" + fields[i].second + "]}";
  }
  return avro::Schema::parse(text + "]}");
}

inline const std::string kTimestamp = R"({"type":"long","logicalType":"timestamp-micros"})";
inline const std::string kDate = R"({"type":"int","logicalType":"date"})";
inline std::string decimal_type(int precision, int scale) {
  return R"({"type":"bytes","logicalType":"decimal","precision":)" + std::to_string(precision) +
         R"(,"scale":)" + std::to_string(scale) + "}";
}

/// Rows of nullable fields, field by field.
class RowText {
 public:
  RowText& null() {
    return add([](avro::Writer& out) { out.write_long(0); });
  }
  RowText& whole(int64_t value) {
    return add([value](avro::Writer& out) {
      out.write_long(1);
      out.write_long(value);
    });
  }
  RowText& real(double value) {
    return add([value](avro::Writer& out) {
      out.write_long(1);
      out.write_double(value);
    });
  }
  RowText& small_real(float value) {
    return add([value](avro::Writer& out) {
      out.write_long(1);
      out.write_float(value);
    });
  }
  RowText& truth(bool value) {
    return add([value](avro::Writer& out) {
      out.write_long(1);
      out.write_boolean(value);
    });
  }
  RowText& bytes(std::string_view value) {
    return add([value](avro::Writer& out) {
      out.write_long(1);
      out.write_bytes(value);
    });
  }
  operator std::string() const { return text_; }  // NOLINT: that is what it is for

 private:
  template <typename Write>
  RowText& add(Write&& write) {
    avro::Writer out(text_);
    write(out);
    return *this;
  }
  std::string text_;
};

/// The group of most tests: `id` bigint, `ts` timestamp, `amount` double, `note` string.
inline FeatureGroup sample_group(int64_t id = 42) {
  FeatureGroup group;
  group.id = id;
  group.project_id = 119;
  group.project = "bank";
  group.name = "txn";
  group.primary_key = {"id"};
  group.event_time = "ts";
  return group;
}
inline avro::SchemaPtr sample_schema() {
  return schema_of(
      {{"id", "\"long\""}, {"ts", kTimestamp}, {"amount", "\"double\""}, {"note", "\"string\""}});
}
inline RowPlanPtr plan_of(FeatureGroup group, avro::SchemaPtr schema, int64_t schema_id = 17) {
  return std::make_shared<RowPlan>(std::make_shared<FeatureGroup>(std::move(group)), schema_id,
                                   std::move(schema));
}
inline RowPlanPtr sample_plan(int64_t group_id = 42) {
  return plan_of(sample_group(group_id), sample_schema());
}

inline std::string sample_row(int64_t id, std::optional<int64_t> ts, double amount,
                              std::optional<std::string> note = {}) {
  RowText row;
  row.whole(id);
  if (ts)
    row.whole(*ts);
  else
    row.null();
  row.real(amount);
  if (note)
    row.bytes(*note);
  else
    row.null();
  return row;
}
inline std::string sample_delete(int64_t id) {
  return RowText().whole(id).null().null().null();
}

inline const TopicPartition kPartition{"bank_onlinefs", 0};

/// A batch with what it points into.
class Batch {
 public:
  struct Kind {
    bool is_delete = false;
    bool if_newer = false;
    int64_t ingestion = -1;
    int64_t expiry_us = 0;
  };
  RowChange& add(const RowPlanPtr& plan, std::string row, Kind kind) {
    const std::string& kept = texts_.emplace_back(std::move(row));
    std::string& key = texts_.emplace_back();
    ScannedRow scanned;
    const Failure failure = plan->scan(kept, kind.is_delete, key, scanned);
    EXPECT_FALSE(failure) << failure.reason;
    plans_.push_back(plan);
    RowChange change;
    change.plan = plan.get();
    change.key = key;
    change.row = kept;
    change.is_delete = kind.is_delete;
    change.if_newer = kind.if_newer;
    change.has_event_time = scanned.has_event_time;
    change.event_time_us = scanned.event_time_us;
    change.expiry_us = kind.expiry_us;
    change.partition = &partition_;
    change.offset = offset_++;
    changes_.push_back(change);
    if (kind.ingestion >= 0) {
      counted_.push_back({plan->group().id, kind.ingestion,
                          static_cast<int32_t>(changes_.size() - 1), RowStatus::Ignored});
    }
    return changes_.back();
  }
  RowChange& add(const RowPlanPtr& plan, std::string row) {
    return add(plan, std::move(row), Kind{});
  }
  void count(CountedRecord record) { counted_.push_back(record); }
  void at(TopicPartition partition, int64_t offset) {
    partition_ = std::move(partition);
    offset_ = offset;
  }
  std::vector<RowChange>& changes() { return changes_; }
  RowChange& operator[](size_t index) { return changes_[index]; }

  /// Applies it as the records behind `expected` (-1: there were none before) up to `next`.
  bool apply(OnlineStore& store, int64_t expected, int64_t next) {
    ApplyBatch batch{changes_, counted_, {{partition_, Offset{next}}}, {}};
    if (expected >= 0) batch.expected[partition_] = Offset{expected};
    return store.apply(batch);
  }
  /// Rows that come by no log.
  bool push(OnlineStore& store) {
    for (RowChange& change : changes_) change.partition = nullptr;
    ApplyBatch batch{changes_, counted_, {}, {}};
    return store.apply(batch);
  }

 private:
  std::deque<std::string> texts_;
  std::vector<RowPlanPtr> plans_;
  std::vector<RowChange> changes_;
  std::vector<CountedRecord> counted_;
  TopicPartition partition_ = kPartition;
  int64_t offset_ = 0;
};

}  // namespace millrace::feature_store::testing_support
