#pragma once
// Clients as tests use them: records in and out as plain values, everything reported is kept.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/kafka_consumer.h"
#include "runtime/broker/kafka/kafka_producer.h"

namespace millrace::kafka::testing {

using Text = std::optional<std::string>;  // nullopt is Kafka's null
inline constexpr Millis kPatience{30'000};

struct TestRecord {
  std::string topic;
  Text key = {};
  Text value = {};
  int32_t partition = kNoPartition;
  int64_t timestamp = kNoTimestamp;
  std::vector<std::pair<std::string, Text>> headers = {};
  int64_t offset = -1;
};

inline WireBytes to_wire(const Text& text, Arena& arena) {
  return text ? WireBytes::of(arena.copy(*text)) : WireBytes{};
}
inline Text to_text(const WireBytes& wire) {
  return wire.is_null() ? Text{} : Text{std::string(wire.text())};
}

inline void add(RecordBatch& batch, const TestRecord& from) {
  Record& row = batch.add();
  row.topic = batch.arena().copy(from.topic);
  row.key_wire = to_wire(from.key, batch.arena());
  row.value_wire = to_wire(from.value, batch.arena());
  row.partition = from.partition;
  row.timestamp = from.timestamp;
  if (from.headers.empty()) return;
  const auto headers = batch.arena().make_array<Header>(from.headers.size());
  for (size_t i = 0; i < headers.size(); ++i) {
    headers[i] = Header{batch.arena().copy(from.headers[i].first), {},
                        to_wire(from.headers[i].second, batch.arena())};
  }
  row.headers = headers.data();
  row.header_count = static_cast<uint32_t>(headers.size());
}

inline TestRecord to_record(const Record& row) {
  TestRecord record{std::string(row.topic), to_text(row.key_wire), to_text(row.value_wire),
                    row.partition, row.timestamp, {}, row.offset};
  for (const Header& header : row.header_span()) {
    record.headers.emplace_back(header.key, to_text(header.wire));
  }
  return record;
}

inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

class TestProducer : public DeliveryListener {
 public:
  struct Report {
    uint32_t row;
    int32_t partition;
    int64_t offset;
    std::optional<RowError> error;
  };

  explicit TestProducer(const Properties& java)
      : client(translate(java, ClientKind::Producer), *this) {}

  void on_delivery(std::span<const Delivery> deliveries) override {
    for (const Delivery& one : deliveries) {
      reports.push_back({one.row, one.partition, one.offset,
                         one.error != nullptr ? std::optional(*one.error) : std::nullopt});
    }
  }

  /// Fills `batch` and sends what one call takes.
  SendResult send(const std::vector<TestRecord>& records) {
    const uint32_t first = batch.size();
    for (const TestRecord& record : records) add(batch, record);
    rows.clear();
    for (uint32_t row = first; row < batch.size(); ++row) rows.push_back(row);
    return client.send(batch, rows);
  }
  bool await(size_t count) {
    return eventually([&] {
      client.poll(Millis{50});
      return reports.size() >= count;
    });
  }
  /// Sends everything, as often as needed, and waits for the reports.
  void send_all(const std::vector<TestRecord>& records) {
    const size_t wanted = reports.size() + records.size();
    SendResult result = send(records);
    std::span<const uint32_t> rest(rows);
    while (!result.error && result.accepted < rest.size()) {
      rest = rest.subspan(result.accepted);
      client.poll(Millis{50});
      result = client.send(batch, rest);
    }
    ASSERT_FALSE(result.error.has_value()) << result.error->message;
    ASSERT_TRUE(await(wanted));
    for (const Report& report : reports) {
      ASSERT_FALSE(report.error.has_value()) << report.error->message;
    }
  }

  std::vector<Report> reports;
  RecordBatch batch{1'000'000};
  std::vector<uint32_t> rows;
  KafkaProducer client;  // last: goes before the batch it points into
};

class TestConsumer : public RebalanceListener {
 public:
  explicit TestConsumer(const Properties& java) : client(translate(java, ClientKind::Consumer)) {}
  ~TestConsumer() override { client.close(kPatience); }

  void on_assigned(const OffsetMap& positions) override {
    events.push_back("assigned " + std::to_string(positions.size()));
    for (const auto& [tp, offset] : positions) owned[tp] = offset;
    if (assigned_hook) assigned_hook(positions);
  }
  void on_revoked(std::span<const TopicPartition> partitions) override {
    events.push_back("revoked " + std::to_string(partitions.size()));
    for (const TopicPartition& tp : partitions) owned.erase(tp);
    if (revoked_hook) revoked_hook(partitions);
  }
  void on_lost(std::span<const TopicPartition> partitions) override {
    events.push_back("lost " + std::to_string(partitions.size()));
    for (const TopicPartition& tp : partitions) owned.erase(tp);
  }

  void poll(Millis timeout) {
    RecordBatch batch(500);
    client.poll(batch, timeout);
    for (const Record& row : batch.records()) {
      records.push_back(to_record(row));
      EXPECT_EQ(row.topic, row.original_topic);
      EXPECT_EQ(row.partition, row.original_partition);
    }
  }
  bool await(size_t count) {
    return eventually([&] {
      poll(Millis{100});
      return records.size() >= count;
    });
  }
  bool await_owned(size_t count) {
    return eventually([&] {
      poll(Millis{100});
      return owned.size() == count;
    });
  }

  std::function<void(const OffsetMap&)> assigned_hook;
  std::function<void(std::span<const TopicPartition>)> revoked_hook;
  std::vector<std::string> events;
  OffsetMap owned;
  std::vector<TestRecord> records;
  KafkaConsumer client;
};

}  // namespace millrace::kafka::testing
