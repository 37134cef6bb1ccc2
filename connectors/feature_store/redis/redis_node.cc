#include "connectors/feature_store/redis/redis_node.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <sys/time.h>

namespace millrace::feature_store {
namespace {

struct Free {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

timeval to_timeval(std::chrono::milliseconds time) {
  timeval out{};
  out.tv_sec = static_cast<time_t>(time.count() / 1'000);
  out.tv_usec = static_cast<suseconds_t>(time.count() % 1'000 * 1'000);
  return out;
}

RedisReply copy(const redisReply& from) {
  RedisReply to;
  switch (from.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      to.kind = RedisReply::Kind::Text;
      to.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      to.kind = RedisReply::Kind::Error;
      to.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_INTEGER:
      to.kind = RedisReply::Kind::Number;
      to.number = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      to.kind = RedisReply::Kind::List;
      for (size_t i = 0; i < from.elements; ++i) to.items.push_back(copy(*from.element[i]));
      break;
    default:
      break;
  }
  return to;
}

}  // namespace

struct RedisNode::Connection {
  std::unique_ptr<redisContext, Free> context;
};

RedisNode::RedisNode(const RedisOptions& options, const std::string& host, int32_t port)
    : address_(fmt::format("{}:{}", host, port)), connection_(std::make_unique<Connection>()) {
  const timeval timeout = to_timeval(options.timeout);
  connection_->context.reset(redisConnectWithTimeout(host.c_str(), port, timeout));
  redisContext* const context = connection_->context.get();
  if (context == nullptr || context->err != 0) {
    throw RetriableException(fmt::format("connecting to Redis at {}: {}", address_,
                                         context == nullptr ? "no memory" : context->errstr));
  }
  redisSetTimeout(context, timeout);
  redisEnableKeepAlive(context);
  log_in(options);
}

RedisNode::~RedisNode() = default;

void RedisNode::log_in(const RedisOptions& options) {
  if (options.password) {
    RedisArguments auth("AUTH");
    if (!options.user.empty()) auth.add(options.user);
    auth.add(options.password->value());
    const RedisReply reply = call(auth);
    if (reply.kind == RedisReply::Kind::Error) {
      throw ConfigException(fmt::format("logging in to Redis at {}: {}", address_, reply.text));
    }
  }
  const RedisReply reply = options.database != 0
                               ? call(RedisArguments("SELECT", std::to_string(options.database)))
                               : call(RedisArguments("PING"));
  if (reply.kind != RedisReply::Kind::Error) return;
  if (reply.is_error("LOADING") || reply.is_error("MASTERDOWN") || reply.is_error("BUSY")) {
    throw RetriableException(fmt::format("connecting to Redis at {}: {}", address_, reply.text));
  }
  throw ConfigException(fmt::format("using Redis at {}: {}", address_, reply.text));
}

void RedisNode::send(const std::string& command) {
  redisAppendFormattedCommand(connection_->context.get(), command.data(), command.size());
}

RedisReply RedisNode::receive() {
  void* raw = nullptr;
  redisContext* const context = connection_->context.get();
  if (redisGetReply(context, &raw) != REDIS_OK || raw == nullptr) {
    throw RetriableException(fmt::format("talking to Redis at {}: {}", address_, context->errstr));
  }
  const std::unique_ptr<redisReply, Free> reply(static_cast<redisReply*>(raw));
  return copy(*reply);
}

}  // namespace millrace::feature_store
