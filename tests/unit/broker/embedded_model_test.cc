// Random operations against a model in memory.

#include <deque>

#include "embedded_support.h"
#include "millrace/log.h"

namespace millrace::embedded {
namespace {

constexpr size_t kChunkLimit = size_t{1} * 1024 * 1024;  // docs/design/embedded-log.md
const std::string kGroup = "g";

struct ModelChunk {
  int64_t base;
  std::vector<PlainRecord> records;
  int64_t newest;
  int64_t bytes;
};

struct ModelPartition {
  std::deque<ModelChunk> chunks;
  int64_t start = 0;
  int64_t next = 0;
  int64_t position = 0;

  const PlainRecord* at(int64_t offset) const {
    for (const ModelChunk& chunk : chunks) {
      const auto index = offset - chunk.base;
      if (index >= 0 && index < static_cast<int64_t>(chunk.records.size())) {
        return &chunk.records[static_cast<size_t>(index)];
      }
    }
    return nullptr;
  }
  void retain(int64_t retention_ms, int64_t retention_bytes, int64_t now) {
    int64_t size = 0;
    for (const ModelChunk& chunk : chunks) size += chunk.bytes;
    while (!chunks.empty()) {
      const ModelChunk& first = chunks.front();
      const bool old = retention_ms >= 0 && first.newest < now - retention_ms;
      const bool over = retention_bytes >= 0 && size - first.bytes >= retention_bytes;
      if (!old && !over) return;
      size -= first.bytes;
      start = first.base + static_cast<int64_t>(first.records.size());
      chunks.pop_front();
    }
  }
};

int64_t encoded_size(const PlainRecord& record) {
  size_t size = 24 + record.key.value_or("").size() + record.value.value_or("").size();
  for (const auto& [name, value] : record.headers)
    size += 8 + name.size() + value.value_or("").size();
  return static_cast<int64_t>(size);
}

struct ModelTopic {
  std::string name;
  int32_t partitions;
  int64_t retention_ms;
  int64_t retention_bytes;
};

class EmbeddedModel : public testing::Test {
 protected:
  const std::vector<ModelTopic> topics_{{"plain", 1, -1, -1},
                                        {"wide.topic", 5, -1, -1},
                                        {"by_age", 2, 1000, -1},
                                        {"by-size", 2, -1, 20'000}};

  void SetUp() override {
    set_log_sink([](LogLevel, std::string_view, std::string_view) {});  // one line a reset
    open();
    for (const ModelTopic& topic : topics_) {
      Properties config;
      config["retention.ms"] = std::to_string(topic.retention_ms);
      config["retention.bytes"] = std::to_string(topic.retention_bytes);
      log_->store->create_topic({topic.name, topic.partitions, 1, config});
      for (int32_t p = 0; p < topic.partitions; ++p) model_[{topic.name, p}] = {};
    }
    join();
  }

  void TearDown() override { set_log_sink(nullptr); }

  size_t below(size_t limit) { return random_() % limit; }
  Text text(size_t longest) {
    if (below(5) == 0) return std::nullopt;
    std::string out(below(longest + 1), ' ');
    for (char& c : out) c = static_cast<char>(below(256));
    return out;
  }
  PlainRecord record(const ModelTopic& topic) {
    PlainRecord out{text(20), text(below(50) == 0 ? 600'000 : 200)};
    const size_t headers = below(4) == 0 ? below(5) : 0;
    for (size_t i = 0; i < headers; ++i) {
      out.headers.emplace_back(text(2).value_or("h"), text(10));
    }
    out.timestamp = clock_ + static_cast<int64_t>(below(100));
    out.partition = static_cast<int32_t>(below(static_cast<size_t>(topic.partitions)));
    return out;
  }

  void open() { log_.emplace(folder_.log()); }
  void join() {
    consumer_ = std::make_unique<TestConsumer>(*log_, kGroup);
    std::vector<std::string> names;
    for (const ModelTopic& topic : topics_) names.push_back(topic.name);
    consumer_->consumer->subscribe(names, *consumer_);
    for (auto& [tp, partition] : model_) {
      const auto at = committed_.find(tp);
      partition.position = at != committed_.end() ? raw(at->second) : partition.start;
    }
    consumer_->poll(0);
  }
  void reopen() {
    consumer_.reset();
    log_.reset();
    open();
    join();
  }

  void append() {
    const ModelTopic& topic = topics_[below(topics_.size())];
    std::vector<PlainRecord> records(below(10) == 0 ? 0 : 1 + below(40));
    for (PlainRecord& one : records) one = record(topic);
    const auto reports = log_->send(topic.name, records, {{"max.request.size", "2000000"}});
    ASSERT_EQ(reports.size(), records.size());
    std::map<int32_t, ModelChunk> building;
    const auto flush = [&](int32_t number) {
      ModelChunk& chunk = building[number];
      if (chunk.records.empty()) return;
      ModelPartition& partition = model_[{topic.name, number}];
      chunk.base = partition.next;
      partition.next += static_cast<int64_t>(chunk.records.size());
      partition.chunks.push_back(std::exchange(chunk, {}));
    };
    for (size_t i = 0; i < records.size(); ++i) {
      const int32_t number = records[i].partition;
      ModelChunk& chunk = building[number];
      if (chunk.records.empty()) {
        chunk.bytes = 24;
        chunk.newest = 0;
      }
      ASSERT_FALSE(reports[i].error) << reports[i].error->message;
      ASSERT_EQ(reports[i].partition, number);
      ASSERT_EQ(reports[i].offset,
                (model_[{topic.name, number}].next) + static_cast<int64_t>(chunk.records.size()));
      chunk.records.push_back(records[i]);
      chunk.newest = std::max(chunk.newest, records[i].timestamp);
      chunk.bytes += encoded_size(records[i]);
      if (chunk.bytes >= static_cast<int64_t>(kChunkLimit)) flush(number);
    }
    for (auto& [number, chunk] : building) flush(number);
  }

  void read() {
    const auto records = consumer_->poll(static_cast<uint32_t>(1 + below(100)));
    const auto names = std::exchange(consumer_->topics_read, {});
    for (size_t i = 0; i < records.size(); ++i) {
      const auto& [offset, record] = records[i];
      ModelPartition& partition = model_.at({names[i], record.partition});
      partition.position = std::max(partition.position, partition.start);  // retention
      ASSERT_EQ(offset, partition.position) << names[i] << "-" << record.partition;
      const PlainRecord* wanted = partition.at(offset);
      ASSERT_NE(wanted, nullptr);
      ASSERT_EQ(record, *wanted) << names[i] << "-" << record.partition << "@" << offset;
      ++partition.position;
    }
    if (!records.empty()) return;
    for (const auto& [tp, partition] : model_) {
      ASSERT_EQ(std::max(partition.position, partition.start), partition.next)
          << "unread: " << tp.to_string();
    }
  }

  std::pair<const TopicPartition, ModelPartition>& any_partition() {
    return *std::next(model_.begin(), static_cast<ptrdiff_t>(below(model_.size())));
  }
  void seek() {
    auto& [tp, partition] = any_partition();
    partition.position = static_cast<int64_t>(below(static_cast<size_t>(partition.next) + 1));
    consumer_->consumer->seek(tp, Offset{partition.position});
  }
  void commit() {
    auto& [tp, partition] = any_partition();
    const Offset offset{static_cast<int64_t>(below(static_cast<size_t>(partition.next) + 1))};
    consumer_->consumer->commit_sync({{tp, offset}}, Millis{0});
    committed_[tp] = offset;
  }
  void retain() {
    clock_ += static_cast<int64_t>(below(800));
    log_->store->apply_retention(clock_);
    for (const ModelTopic& topic : topics_) {
      for (int32_t p = 0; p < topic.partitions; ++p) {
        model_[{topic.name, p}].retain(topic.retention_ms, topic.retention_bytes, clock_);
      }
    }
  }
  void check() {
    for (const auto& [tp, partition] : model_) {
      ASSERT_EQ(log_->store->bounds(tp), std::pair(partition.start, partition.next))
          << tp.to_string();
    }
    ASSERT_EQ(log_->store->group_offsets(kGroup), committed_);
  }

  TempFolder folder_;
  std::mt19937_64 random_ = seeded();
  std::optional<TestLog> log_;
  std::unique_ptr<TestConsumer> consumer_;
  std::map<TopicPartition, ModelPartition> model_;
  OffsetMap committed_;
  int64_t clock_ = 1'000'000;
};

TEST_F(EmbeddedModel, AnyOrderOfOperationsDoesWhatTheModelDoes) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  int operations = 0;
  while (operations < 3000 && std::chrono::steady_clock::now() < end) {
    const size_t choice = below(100);
    if (choice < 40)
      append();
    else if (choice < 75)
      read();
    else if (choice < 83)
      seek();
    else if (choice < 91)
      commit();
    else if (choice < 98)
      retain();
    else
      reopen();
    check();
    ASSERT_FALSE(HasFatalFailure()) << "operation " << operations;
    ++operations;
  }
  // All that is left, from its start, once more after a reopening.
  for (int pass = 0; pass < 2; ++pass) {
    for (auto& [tp, partition] : model_) {
      partition.position = partition.start;
      consumer_->consumer->seek(tp, Offset{partition.start});
    }
    bool all = false;
    while (!all) {
      read();
      ASSERT_FALSE(HasFatalFailure());
      all = std::all_of(model_.begin(), model_.end(),
                        [](const auto& one) { return one.second.position >= one.second.next; });
    }
    reopen();
    check();
  }
  std::printf("%d operations\n", operations);
  EXPECT_GE(operations, 50);
}

}  // namespace
}  // namespace millrace::embedded
