#include "runtime/storage/config_log.h"

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

namespace record = config_record;

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.storage.KafkaConfigBackingStore");
  return instance;
}

/// `next` after success; an error goes to `done`.
Callback<Done> then(Callback<Done> done, std::function<void()> next) {
  return [done = std::move(done), next = std::move(next)](Outcome<Done> outcome) {
    if (outcome.ok()) return next();
    done(std::move(outcome));
  };
}

}  // namespace

void ConfigLog::start(ConfigListener& listener, Callback<Done> done) {
  topic_.start([this](const TopicLogRecord& record) { consume(record); },
               then(done, [this, &listener, done] {
                 state_.go_live(listener);
                 done(Done{});
               }));
}

void ConfigLog::consume(const TopicLogRecord& record) {
  using Taken = ConfigState::Taken;
  const Taken taken =
      record.key ? state_.apply(record.offset, *record.key, record.value) : Taken::Malformed;
  if (taken == Taken::Yes) return;
  // Once loudly: a topic shared with something else would fill the log.
  const auto level = skipped_++ == 0 ? spdlog::level::warn : spdlog::level::debug;
  logger().log(level,
               "Skipping the record at offset {} of the config topic: its {} (key {}); further ones "
               "are counted and logged at DEBUG",
               record.offset,
               taken == Taken::Malformed ? "value or key cannot be read" : "key has no meaning here",
               record.key.value_or("null"));
}

Callback<Done> ConfigLog::limited(const std::string& what, Callback<Done> done) {
  return within<Done, TimeoutException>(
      control_, kWriteLimit,
      what + " took longer than " + std::to_string(kWriteLimit.count()) +
          " ms; the config topic may be unavailable",
      std::move(done));
}

void ConfigLog::refresh(std::chrono::milliseconds limit, Callback<Done> done) {
  topic_.read_to_end(within<Done, TimeoutException>(
      control_, limit,
      "reading to the end of the config topic took longer than " + std::to_string(limit.count()) +
          " ms",
      std::move(done)));
}

void ConfigLog::append_all(std::vector<Entry> entries, Callback<Done> done) {
  struct Wait {
    size_t open;
    std::exception_ptr error;
    Callback<Done> done;
  };
  if (entries.empty()) return done(Done{});
  const auto wait = std::make_shared<Wait>(Wait{entries.size(), nullptr, std::move(done)});
  for (Entry& entry : entries) {
    topic_.append(std::move(entry.key), std::move(entry.value), [wait](Outcome<Done> outcome) {
      if (!outcome.ok() && !wait->error) wait->error = outcome.error();
      if (--wait->open > 0) return;
      wait->done(wait->error ? Outcome<Done>(wait->error) : Outcome<Done>(Done{}));
    });
  }
}

void ConfigLog::write_and_read(std::vector<Entry> entries, const std::string& what,
                               Callback<Done> done) {
  const auto answer = limited(what, std::move(done));
  append_all(std::move(entries), then(answer, [this, answer] { topic_.read_to_end(answer); }));
}

void ConfigLog::put_connector(const std::string& connector, const Properties& config,
                              std::optional<TargetState> target, Callback<Done> done) {
  std::vector<Entry> entries;
  // First, so that nobody starts the connector in another state.
  if (target) entries.push_back({record::target_key(connector), record::target_value(*target)});
  entries.push_back({record::connector_key(connector), record::properties_value(config)});
  write_and_read(std::move(entries), "writing the configuration of connector " + connector,
                 std::move(done));
}

void ConfigLog::remove_connector(const std::string& connector, Callback<Done> done) {
  write_and_read({{record::connector_key(connector), std::nullopt},
                  {record::target_key(connector), std::nullopt}},
                 "removing connector " + connector, std::move(done));
}

void ConfigLog::put_tasks(const std::string& connector, const std::vector<Properties>& tasks,
                          Callback<Done> done) {
  const auto answer =
      limited("writing the task configurations of connector " + connector, std::move(done));
  std::vector<Entry> entries;
  for (size_t i = 0; i < tasks.size(); ++i) {
    entries.push_back({record::task_key({connector, static_cast<int32_t>(i)}),
                       record::properties_value(tasks[i])});
  }
  // Others must be able to read all tasks before they read the commit.
  const auto commit = [this, connector, count = tasks.size(), answer] {
    append_all({{record::commit_key(connector), record::commit_value(count)}},
               then(answer, [this, answer] { topic_.read_to_end(answer); }));
  };
  const auto written = tasks.empty() ? std::function<void()>(commit) : [this, answer, commit] {
    topic_.read_to_end(then(answer, commit));
  };
  topic_.read_to_end(then(answer, [this, entries = std::move(entries), answer, written] {
    append_all(entries, then(answer, written));
  }));
}

void ConfigLog::put_session_key(const SessionKey& key, Callback<Done> done) {
  write_and_read({{record::session_key(), record::session_value(key)}}, "writing a session key",
                 std::move(done));
}

void ConfigLog::put_restart(const RestartRecord& restart, Callback<Done> done) {
  write_and_read({{record::restart_key(restart.connector),
                   record::restart_value(restart.include_tasks, restart.only_failed)}},
                 "writing the restart of connector " + restart.connector, std::move(done));
}

void ConfigLog::put_task_count(const std::string& connector, int32_t tasks, Callback<Done> done) {
  write_and_read({{record::task_count_key(connector), record::task_count_value(tasks)}},
                 "writing the task count of connector " + connector, std::move(done));
}

void ConfigLog::put_target(const std::string& connector, TargetState target, Callback<Done> done) {
  topic_.append(record::target_key(connector), record::target_value(target),
                limited("writing the target state of connector " + connector, std::move(done)));
}

void ConfigLog::put_logger_level(const std::string& name_space, const std::string& level,
                                 Callback<Done> done) {
  topic_.append(record::logger_key(name_space), record::logger_value(level),
                limited("writing the level of logger " + name_space, std::move(done)));
}

}  // namespace millrace
