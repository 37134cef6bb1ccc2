#pragma once
// A connection to one Redis server; the only includer of hiredis.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/redis/command.h"
#include "connectors/feature_store/redis/redis_store.h"

namespace millrace::feature_store {

/// An answer, copied out.
struct RedisReply {
  enum class Kind : uint8_t { Nothing, Text, Number, Error, List };
  Kind kind = Kind::Nothing;
  std::string text = {};  // of Error, too
  int64_t number = 0;
  std::vector<RedisReply> items = {};

  bool is_error(std::string_view code) const noexcept {
    return kind == Kind::Error && text.starts_with(code);
  }
};

/// Used by one thread. Needs SIGPIPE to be ignored, as the worker does.
class RedisNode {
 public:
  /// Connects, logs in and selects the database. Throws RetriableException, or ConfigException for
  /// a login that is refused.
  RedisNode(const RedisOptions& options, const std::string& host, int32_t port);
  ~RedisNode();
  RedisNode(const RedisNode&) = delete;
  RedisNode& operator=(const RedisNode&) = delete;

  /// Queues a command; receive() sends what is queued and gives the answers in turn. Throws
  /// RetriableException when the connection breaks; what was sent may be done then, and the node is
  /// of no further use.
  void send(const std::string& command);
  RedisReply receive();
  RedisReply call(const RedisArguments& arguments) {
    send(arguments.command());
    return receive();
  }
  const std::string& address() const noexcept { return address_; }

 private:
  struct Connection;
  void log_in(const RedisOptions& options);

  std::string address_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace millrace::feature_store
