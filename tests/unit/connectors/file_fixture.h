#pragma once
// What the tests of the file connectors share: contexts without a worker, and captured log lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "millrace/connector.h"
#include "millrace/errors.h"
#include "millrace/json.h"
#include "millrace/log.h"
#include "tests/support/temporary_folder.h"

namespace millrace::file {

/// A source task's context; `stored` is the JSON of the offset it finds.
class FakeSourceContext final : public SourceTaskContext, private OffsetStorageReader {
 public:
  const Properties& config() const override { return config_; }
  const ConnectorTaskId& id() const override { return id_; }
  OffsetStorageReader& offset_storage_reader() override { return *this; }

  std::optional<std::string> stored;
  bool fail_once = false;
  std::string asked_for;

 private:
  Value offset(const Value& partition, Arena& arena) override {
    asked_for.clear();
    append_json(asked_for, partition);
    if (std::exchange(fail_once, false)) throw RetriableException("the store is away");
    if (!stored) return {};
    Value value;
    EXPECT_EQ(parse_json(arena.copy(*stored), arena, value), "");
    return value;
  }

  Properties config_;
  ConnectorTaskId id_{"c", 0};
};

class FakeSinkContext final : public SinkTaskContext {
 public:
  const Properties& config() const override { return config_; }
  const ConnectorTaskId& id() const override { return id_; }
  void offset(const TopicPartition&, Offset) override {}
  void timeout(int64_t timeout_ms) override { timeouts.push_back(timeout_ms); }
  std::vector<TopicPartition> assignment() const override { return {}; }
  void pause(std::span<const TopicPartition>) override {}
  void resume(std::span<const TopicPartition>) override {}
  void request_commit() override {}
  ErrantRecordReporter* errant_record_reporter() override { return nullptr; }

  std::vector<int64_t> timeouts;

 private:
  Properties config_;
  ConnectorTaskId id_{"c", 0};
};

/// Keeps what plugins log while it lives. One at a time.
class CapturedLog {
 public:
  CapturedLog() {
    lines().clear();
    set_log_sink([](LogLevel level, std::string_view logger, std::string_view message) {
      lines().push_back(std::to_string(static_cast<int>(level)) + " " +
                        std::string(logger.substr(logger.rfind('.') + 1)) + " " +
                        std::string(message));
    });
  }
  ~CapturedLog() { set_log_sink(nullptr); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  static std::vector<std::string>& lines() {
    static std::vector<std::string> kept;
    return kept;
  }
};

/// A user whom file permissions stop, while it lives; they do not stop root.
class Unprivileged {
 public:
  Unprivileged() : before_(::geteuid()) {
    EXPECT_EQ(::seteuid(before_ == 0 ? kNobody : before_), 0);
  }
  ~Unprivileged() { EXPECT_EQ(::seteuid(before_), 0); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t before_;
};

/// Message of the ConnectException that `call` throws.
template <class Call>
std::string connect_exception(const Call& call) {
  try {
    call();
  } catch (const ConnectException& error) {
    return error.what();
  }
  return "no ConnectException";
}

}  // namespace millrace::file
