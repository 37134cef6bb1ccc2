#pragma once
// Redis, be it one server or a cluster.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/redis/redis_node.h"

namespace millrace::feature_store {

/// Slot of a key, 0 to 16383: of what is in its first braces, if they are not empty.
uint16_t redis_slot(std::string_view key) noexcept;

/// Connects when it has to, and again after a connection broke. Used by one thread.
class RedisClient {
 public:
  static constexpr int kMaxRedirects = 5;  // of one command, when a cluster moves slots

  /// Connects at once.
  explicit RedisClient(RedisOptions options);
  ~RedisClient();

  struct Routed {
    std::string key;
    RedisArguments arguments;
  };
  /// The answer that is no error. Throws RetriableException for what may pass (loading, a failover,
  /// a full memory, a broken connection), ConnectException for other errors.
  RedisReply call(std::string_view key, const RedisArguments& arguments);
  /// Each answer as it came, errors of the server among them, redirections followed.
  RedisReply ask(std::string_view key, const RedisArguments& arguments);
  /// As ask(), many at once; all are sent before the first answer is read.
  std::vector<RedisReply> ask_all(std::span<const Routed> commands);
  /// Every server that has slots.
  void each_node(const std::function<void(RedisNode&)>& visit);
  /// Throws for an answer that is an error.
  static void check(const RedisReply& reply, std::string_view doing);

 private:
  template <typename Work>
  auto guarded(Work&& work);
  RedisNode& node_of(std::string_view key);
  RedisNode& node_at(const std::string& host, int32_t port);
  RedisReply follow(RedisReply reply, const std::string& command);
  void read_slots();

  RedisOptions options_;
  std::map<std::string, std::unique_ptr<RedisNode>> nodes_;  // by address
  std::vector<std::pair<std::string, int32_t>> slots_;  // of a cluster: host and port of each slot
};

}  // namespace millrace::feature_store
