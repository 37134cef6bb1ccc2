// Internal topics of a worker, driven from standard input, for tests against a real broker.
//
//   topic_log_tool KEY=VALUE...    settings of a worker file, and `log` = config, offset or status
//
// All three logs are there, with the clients they share; commands are for that of `log`, until
// `use`.
//
// One command a line, fields separated by tabs; one line of answer each, `ok` or `error` first:
//   use LOG                 commands that follow are for config, offset or status
//   start                   makes or checks the topic and reads it
//   append KEY VALUE        VALUE `-` is a tombstone; answers when durable
//   send COUNT PREFIX       appends that many without waiting
//   acks                    waits for all that was sent: ok FAILED, since the last time
//   abandon                 drops what was sent and is not durable
//   end                     reads to the end: ok MILLISECONDS RECORDS
//   dump                    ok COUNT, then a line for each record: PARTITION OFFSET KEY VALUE
//   describe TOPIC          ok PARTITIONS, then the topic's settings
//   rewrite                 reads standard input up to `.`: KEY VALUE lines; takes each offset key
//                           apart and writes it as a task does: ok DIFFERENT_KEYS

#include <algorithm>
#include <chrono>
#include <future>
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <vector>

#include "millrace/json.h"
#include "runtime/broker/kafka/kafka_broker.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/internal_topics.h"
#include "runtime/storage/topic_offset_store.h"
#include "tests/support/thread_executor.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kLimit{120};

struct Row {
  int32_t partition;
  int64_t offset;
  std::string key;
  std::string value;
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

class Tool {
 public:
  explicit Tool(const Properties& worker)
      : broker_(kafka::make_kafka_broker(worker)),
        admin_(broker_->make_admin(internal_admin_config(worker))),
        logs_(make_internal_logs(control_, *broker_, admin_, worker)) {
    use(worker.at("log"));
  }
  ~Tool() {
    control_.call([this] {
      for (BrokerTopicLog* log : {logs_.config.get(), logs_.status.get(), logs_.offset.get()}) {
        log->stop();
      }
    });
    logs_ = {};
  }

  void run(const std::vector<std::string>& command) {
    const std::string& name = command.at(0);
    if (name == "use") {
      use(command.at(1));
      std::cout << "ok\n";
    } else if (name == "start") {
      await([this](auto done) { start(done); });
      std::cout << "ok\n";
    } else if (name == "append") {
      append(command.at(1), command.at(2));
      std::cout << "ok\n";
    } else if (name == "send") {
      send(std::stoi(command.at(1)), command.at(2));
      std::cout << "ok\n";
    } else if (name == "acks") {
      std::cout << "ok\t" << failed_of_sent() << '\n';
    } else if (name == "abandon") {
      control_.call([this] { log_->abandon_writes(); });
      std::cout << "ok\n";
    } else if (name == "end") {
      read_to_end();
    } else if (name == "dump") {
      dump();
    } else if (name == "describe") {
      describe_topic(command.at(1));
    } else if (name == "rewrite") {
      rewrite();
    } else {
      throw ConfigException("no such command: " + name);
    }
  }

 private:
  void use(const std::string& name) {
    log_ = name == "config" ? logs_.config.get()
           : name == "offset" ? logs_.offset.get()
                              : logs_.status.get();
  }
  void start(const Callback<Done>& done) {
    log_->start(
        [&rows = rows_[log_]](const TopicLogRecord& record) {
          rows.push_back({record.partition, record.offset, std::string(record.key.value_or("-")),
                           std::string(record.value.value_or("-"))});
        },
        done);
  }
  void await(const std::function<void(Callback<Done>)>& call) {
    std::promise<void> promise;
    auto answer = promise.get_future();
    control_.post([&] {
      call([&promise](const Outcome<Done>& outcome) {
        outcome.ok() ? promise.set_value() : promise.set_exception(outcome.error());
      });
    });
    if (answer.wait_for(kLimit) != std::future_status::ready) {
      std::cout << "error\tno answer" << std::endl;
      std::_Exit(1);  // the answer may still come
    }
    answer.get();
  }
  void append(const std::string& key, const std::string& value) {
    await([&](auto done) {
      log_->append(key, value == "-" ? std::nullopt : std::optional(value), done);
    });
  }
  void send(int count, const std::string& prefix) {
    control_.post([this, log = log_, count, prefix] {
      for (int i = 0; i < count; ++i) {
        {
          const std::lock_guard lock(mutex_);
          ++open_;
        }
        log->append(prefix + std::to_string(i), std::to_string(i),
                    [this](const Outcome<Done>& outcome) {
                      const std::lock_guard lock(mutex_);
                      --open_;
                      failed_ += outcome.ok() ? 0 : 1;
                      answered_.notify_all();
                    });
      }
    });
  }
  size_t failed_of_sent() {
    control_.call([] {});  // what was sent is counted
    std::unique_lock lock(mutex_);
    if (!answered_.wait_for(lock, kLimit, [this] { return open_ == 0; })) {
      throw TimeoutException("acks");
    }
    return std::exchange(failed_, 0);
  }
  void read_to_end() {
    const auto before = std::chrono::steady_clock::now();
    await([this](auto done) { log_->read_to_end(done); });
    const auto took = std::chrono::steady_clock::now() - before;
    size_t count = 0;
    control_.call([&] { count = rows_[log_].size(); });
    std::cout << "ok\t" << std::chrono::duration_cast<Millis>(took).count() << '\t' << count
              << '\n';
  }
  void dump() {
    std::vector<Row> rows;
    control_.call([&] { rows = rows_[log_]; });
    std::cout << "ok\t" << rows.size() << '\n';
    for (const Row& row : rows) {
      std::cout << row.partition << '\t' << row.offset << '\t' << row.key << '\t' << row.value
                << '\n';
    }
  }
  void describe_topic(const std::string& topic) {
    const auto known = admin_->describe_topics(std::span(&topic, 1), kLimit);
    if (known.empty()) throw NotFoundException("no topic " + topic);
    std::cout << "ok\t" << known.at(topic);
    const auto config = admin_->topic_config(topic, kLimit);
    for (const auto& [key, value] : config.value()) {
      std::cout << '\t' << key << '=' << value;
    }
    std::cout << '\n';
  }
  /// The key's text, made anew from its members. In their order: those in one bucket of Java's map
  /// keep it.
  static std::string rebuilt(const std::string& key) {
    Arena arena;
    Value value;
    if (!parse_json(key, arena, value).empty()) return "";
    const auto parts = value.as_array();
    return offset_key(parts[0].as_string(), parts[1]);
  }
  void rewrite() {
    OffsetEntries entries;
    size_t different = 0;
    for (std::string line; std::getline(std::cin, line) && line != ".";) {
      const size_t tab = line.find('\t');
      const std::string key = line.substr(0, tab);
      if (rebuilt(key) != key) {
        ++different;
        std::cerr << "different: " << key << " as " << rebuilt(key) << '\n';
      }
      const std::string value = line.substr(tab + 1);
      entries[rebuilt(key)] = value == "-" ? std::nullopt : std::optional(value);
    }
    TopicOffsetStore store(control_, *log_);
    std::promise<void> promise;
    store.set(std::move(entries), [&promise](const std::exception_ptr& error) {
      error ? promise.set_exception(error) : promise.set_value();
    });
    promise.get_future().get();
    std::cout << "ok\t" << different << '\n';
  }

  testing::ThreadExecutor control_;
  std::unique_ptr<Broker> broker_;
  std::shared_ptr<BrokerAdmin> admin_;
  InternalLogs logs_;
  BrokerTopicLog* log_ = nullptr;                         // the one in use
  std::map<const BrokerTopicLog*, std::vector<Row>> rows_;  // filled on the control thread
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t open_ = 0;
  size_t failed_ = 0;
};

int run(int argc, char** argv) {
  logging::set_line_writer([](std::string_view line) { std::cerr << line; });
  Properties worker;
  for (int i = 1; i < argc; ++i) {
    const std::string_view pair(argv[i]);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      throw ConfigException(std::string("no KEY=VALUE: ") + argv[i]);
    }
    worker[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  Tool tool(worker);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> command;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) command.push_back(field);
    try {
      tool.run(command);
    } catch (const std::exception& error) {
      std::cout << "error\t" << one_line(describe(error)) << '\n';
    }
    std::cout.flush();
  }
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  try {
    return millrace::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << millrace::describe(error) << '\n';
    return 1;
  }
}
