#include "runtime/storage/topic_offset_store.h"

#include <set>
#include <utility>
#include <vector>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.storage.KafkaOffsetBackingStore");
  return instance;
}

std::exception_ptr stopped_error(const char* what) {
  return std::make_exception_ptr(
      ConnectException(std::string(what) + ": the offset store is stopped"));
}

}  // namespace

/// The half on the control thread; outlives the store while calls are on their way to it.
class TopicOffsetStore::Side : public std::enable_shared_from_this<Side> {
 public:
  explicit Side(TopicLog& topic) : topic_(topic) {}

  // Any thread.
  std::atomic<size_t> waiting = 0;  // entries that are not answered
  std::atomic<bool> stopped = false;

  // Control thread.
  void write(const OffsetEntries& entries, const WriteCallback& done) {
    waiting.fetch_sub(stopped || entries.empty() ? entries.size() : 0);
    if (stopped) return done(stopped_error("writing offsets"));
    if (entries.empty()) return done(nullptr);
    const uint64_t number = ++last_;
    writes_.insert(number);
    const auto state = std::make_shared<Write>(Write{entries.size(), nullptr, done});
    for (const auto& [key, value] : entries) {
      topic_.append(key, value, [self = shared_from_this(), state, number](Outcome<Done> outcome) {
        self->waiting.fetch_sub(1);
        if (!outcome.ok() && !state->error) state->error = outcome.error();
        if (--state->open > 0) return;
        state->done(state->error);
        self->finish(number);
      });
    }
  }
  void abandon() noexcept {
    if (!stopped) topic_.abandon_writes();
  }
  void refresh(const WriteCallback& done) {
    if (stopped) return done(stopped_error("reading offsets"));
    refreshes_.emplace_back(last_, done);
    serve_refreshes();
  }

 private:
  struct Write {
    size_t open;
    std::exception_ptr error;
    WriteCallback done;
  };

  void finish(uint64_t number) {
    writes_.erase(number);
    serve_refreshes();
  }
  void serve_refreshes() {
    const auto ready = [this](uint64_t after) {
      return writes_.empty() || *writes_.begin() > after;
    };
    while (!refreshes_.empty() && ready(refreshes_.front().first)) {
      const WriteCallback done = std::move(refreshes_.front().second);
      refreshes_.erase(refreshes_.begin());
      if (stopped) {
        done(stopped_error("reading offsets"));
      } else {
        topic_.read_to_end([done](const Outcome<Done>& outcome) { done(outcome.error()); });
      }
    }
  }

  TopicLog& topic_;
  uint64_t last_ = 0;
  std::set<uint64_t> writes_;  // that are not answered
  std::vector<std::pair<uint64_t, WriteCallback>> refreshes_;  // wait for writes up to a number
};

TopicOffsetStore::TopicOffsetStore(Executor& control, TopicLog& topic)
    : control_(control), topic_(topic), side_(std::make_shared<Side>(topic)) {}

void TopicOffsetStore::open(Callback<Done> caught_up) {
  logger().info("Starting KafkaOffsetBackingStore");
  topic_.start([this](const TopicLogRecord& record) { consume(record); }, std::move(caught_up));
}

void TopicOffsetStore::stop() noexcept { side_->stopped = true; }

void TopicOffsetStore::consume(const TopicLogRecord& record) {
  if (!record.key) {  // nobody can ask for it
    ++skipped_;
    return;
  }
  // Kept all the same: only a listing of a connector's offsets must understand keys.
  if (record.value && !parse_offset_key(*record.key)) {
    const auto level = skipped_++ == 0 ? spdlog::level::warn : spdlog::level::debug;
    logger().log(level,
                 "Ignoring an offset partition key with an unexpected format at offset {} of "
                 "partition {} of the offset topic: {}; further ones are counted and logged at DEBUG",
                 record.offset, record.partition, *record.key);
  }
  apply(*record.key, record.value);
}

void TopicOffsetStore::set(OffsetEntries entries, WriteCallback done) {
  const size_t count = entries.size();
  if (side_->stopped) return done(stopped_error("writing offsets"));
  if (side_->waiting.fetch_add(count) + count > kMaxWaiting) {
    side_->waiting.fetch_sub(count);
    return done(std::make_exception_ptr(RetriableException(
        "writing offsets: " + std::to_string(kMaxWaiting) +
        " wait already; the brokers may be unreachable")));
  }
  control_.post([side = side_, entries = std::move(entries), done = std::move(done)] {
    side->write(entries, done);
  });
}

// Behind the writes that are on their way to the control thread.
void TopicOffsetStore::abandon_writes() noexcept {
  control_.post([side = side_] { side->abandon(); });
}

void TopicOffsetStore::refresh(WriteCallback done) const {
  control_.post([side = side_, done = std::move(done)] { side->refresh(done); });
}

}  // namespace millrace
