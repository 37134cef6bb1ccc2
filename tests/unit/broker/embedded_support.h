#pragma once
// What the tests of the embedded log share: a folder, records in plain form, a log with its
// producers, and a consumer that notes what happens to it.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/broker/embedded/embedded_consumer.h"
#include "runtime/broker/embedded/embedded_producer.h"
#include "tests/support/temporary_folder.h"

namespace millrace::embedded {

using Text = std::optional<std::string>;  // nullopt: Kafka's null

class TempFolder : public testing_support::TemporaryFolder {
 public:
  std::string log() const { return (*this / "log").string(); }
};

struct PlainRecord {
  Text key;
  Text value;
  std::vector<std::pair<std::string, Text>> headers = {};
  int64_t timestamp = kNoTimestamp;
  int32_t partition = kNoPartition;

  bool operator==(const PlainRecord&) const = default;
};

inline WireBytes to_wire(const Text& text, Arena& arena) {
  return text ? WireBytes::of(arena.copy(*text)) : WireBytes{};
}
inline Text from_wire(const WireBytes& bytes) {
  return bytes.is_null() ? Text() : Text(std::string(bytes.text()));
}

inline void add_record(RecordBatch& batch, const std::string& topic, const PlainRecord& plain) {
  const std::string_view name = batch.arena().copy(topic);
  Header* headers = nullptr;
  if (!plain.headers.empty()) {
    const auto array = batch.arena().make_array<Header>(plain.headers.size());
    for (size_t i = 0; i < array.size(); ++i) {
      array[i] = Header{};
      array[i].key = batch.arena().copy(plain.headers[i].first);
      array[i].wire = to_wire(plain.headers[i].second, batch.arena());
    }
    headers = array.data();
  }
  Record& record = batch.add();
  record.topic = name;
  record.key_wire = to_wire(plain.key, batch.arena());
  record.value_wire = to_wire(plain.value, batch.arena());
  record.headers = headers;
  record.header_count = static_cast<uint32_t>(plain.headers.size());
  record.timestamp = plain.timestamp;
  record.partition = plain.partition;
}

inline PlainRecord plain(const Record& record) {
  PlainRecord out{from_wire(record.key_wire), from_wire(record.value_wire)};
  for (const Header& header : record.header_span()) {
    out.headers.emplace_back(std::string(header.key), from_wire(header.wire));
  }
  out.timestamp = record.timestamp;
  out.partition = record.partition;
  return out;
}

inline std::vector<uint32_t> all_rows(const RecordBatch& batch) {
  std::vector<uint32_t> rows(batch.size());
  for (uint32_t row = 0; row < batch.size(); ++row) rows[row] = row;
  return rows;
}

/// A delivery report that outlives the call.
struct Report {
  uint32_t row = 0;
  int32_t partition = -1;
  int64_t offset = -1;
  std::optional<RowError> error;
};

class Reports final : public DeliveryListener {
 public:
  void on_delivery(std::span<const Delivery> deliveries) override {
    for (const Delivery& one : deliveries) {
      reports.push_back({one.row, one.partition, one.offset,
                         one.error != nullptr ? std::optional(*one.error) : std::nullopt});
    }
  }
  std::vector<Report> reports;
};

/// Generous: what is waited for comes at once unless something is broken.
inline constexpr std::chrono::seconds kPatience{8};

inline bool eventually(const std::function<bool()>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (reached()) return true;
  }
  return reached();
}

/// The parts of an open log, without the shared object around them.
class TestLog {
 public:
  explicit TestLog(EmbeddedOptions options)
      : store(std::make_shared<LogStore>(options)), groups(std::make_shared<Groups>(store)) {}
  explicit TestLog(const std::string& dir) : TestLog(options(dir)) {}

  static EmbeddedOptions options(const std::string& dir) {
    EmbeddedOptions options;
    options.dir = dir;
    options.retention_check_interval_ms = 3'600'000;  // tests ask for it
    return options;
  }

  /// Sends everything and waits for all reports, ordered by row.
  std::vector<Report> send(const std::string& topic, const std::vector<PlainRecord>& records,
                           const Properties& config = {}) {
    RecordBatch batch(static_cast<uint32_t>(records.size()) + 1);
    for (const PlainRecord& record : records) add_record(batch, topic, record);
    Reports reports;
    EmbeddedProducer producer(store, config, reports);
    const auto rows = all_rows(batch);
    std::span<const uint32_t> rest(rows);
    while (true) {
      const SendResult result = producer.send(batch, rest);
      EXPECT_FALSE(result.error) << result.error->message;
      rest = rest.subspan(result.accepted);
      if (rest.empty() || result.error) break;
      producer.poll(Millis{10});
    }
    while (producer.in_flight() > 0) producer.poll(Millis{1000});
    std::sort(reports.reports.begin(), reports.reports.end(),
              [](const Report& a, const Report& b) { return a.row < b.row; });
    return std::move(reports.reports);
  }

  std::shared_ptr<LogStore> store;
  std::shared_ptr<Groups> groups;
};

/// A consumer and what its listener was told, e.g. `assigned t-0@5`.
class TestConsumer final : public RebalanceListener {
 public:
  TestConsumer(const TestLog& log, const std::string& group, Properties config = {}) {
    config.emplace("group.id", group);
    config.emplace("auto.offset.reset", "earliest");
    consumer = std::make_unique<EmbeddedConsumer>(log.store, log.groups, config);
  }
  ~TestConsumer() override { consumer->close(Millis{0}); }

  void on_assigned(const OffsetMap& positions) override {
    std::string text = "assigned";
    for (const auto& [tp, offset] : positions) {
      text += " " + tp.to_string() + "@" + std::to_string(raw(offset));
      owned.insert(tp);
    }
    events.push_back(text);
  }
  void on_revoked(std::span<const TopicPartition> partitions) override {
    events.push_back("revoked" + drop(partitions));
    if (when_revoked) when_revoked(partitions);
  }
  void on_lost(std::span<const TopicPartition> partitions) override {
    events.push_back("lost" + drop(partitions));
    if (when_revoked) when_revoked(partitions);
  }

  /// One poll, its records by value.
  std::vector<std::pair<int64_t, PlainRecord>> poll(uint32_t limit = 500,
                                                    Millis timeout = Millis{0}) {
    RecordBatch batch(limit);
    consumer->poll(batch, timeout);
    EXPECT_LE(batch.size(), limit);
    std::vector<std::pair<int64_t, PlainRecord>> records;
    for (const Record& record : batch.records()) {
      EXPECT_EQ(record.topic, record.original_topic);
      EXPECT_EQ(record.partition, record.original_partition);
      EXPECT_EQ(record.timestamp_type, TimestampType::Create);
      topics_read.emplace_back(record.topic);
      records.emplace_back(record.offset, plain(record));
    }
    return records;
  }
  /// Polls until nothing comes.
  std::vector<std::pair<int64_t, PlainRecord>> drain() {
    std::vector<std::pair<int64_t, PlainRecord>> all;
    while (true) {
      auto some = poll();
      if (some.empty()) return all;
      all.insert(all.end(), some.begin(), some.end());
    }
  }

  std::unique_ptr<EmbeddedConsumer> consumer;
  std::vector<std::string> events;
  std::vector<std::string> topics_read;
  std::set<TopicPartition> owned;
  std::function<void(std::span<const TopicPartition>)> when_revoked;

 private:
  std::string drop(std::span<const TopicPartition> partitions) {
    std::string text;
    for (const TopicPartition& tp : partitions) {
      text += " " + tp.to_string();
      owned.erase(tp);
    }
    return text;
  }
};

/// Random numbers of a test, with the seed in its output; MILLRACE_TEST_SEED repeats a run.
inline std::mt19937_64 seeded() {
  const char* wanted = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t seed =
      wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
  std::printf("MILLRACE_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return std::mt19937_64(seed);
}

/// What `call` throws, as text; empty when it does not.
inline std::string thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return describe(error);
  }
  return {};
}

}  // namespace millrace::embedded
