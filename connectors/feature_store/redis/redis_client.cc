#include "connectors/feature_store/redis/redis_client.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace millrace::feature_store {
namespace {

constexpr uint16_t kSlots = 16'384;

/// CRC-16/XMODEM.
uint16_t crc16(std::string_view bytes) noexcept {
  uint32_t crc = 0;
  for (const char byte : bytes) {
    crc ^= uint32_t{static_cast<uint8_t>(byte)} << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc << 1U) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U)) & 0xFFFFU;
    }
  }
  return static_cast<uint16_t>(crc);
}

bool may_pass(const RedisReply& reply) noexcept {
  constexpr std::array kCodes = {"LOADING", "BUSY ",      "READONLY",   "MASTERDOWN",
                                 "OOM",     "TRYAGAIN",   "MOVED",      "CLUSTERDOWN",
                                 "MISCONF", "NOREPLICAS", "UNKILLABLE", "ASK"};
  for (const std::string_view code : kCodes) {
    if (reply.is_error(code)) return true;
  }
  return false;
}

/// Of `MOVED 3999 127.0.0.1:6381`.
std::pair<std::string, int32_t> target_of(const std::string& text) {
  const size_t space = text.rfind(' ');
  const size_t colon = text.rfind(':');
  if (space == std::string::npos || colon == std::string::npos || colon < space) return {};
  int32_t port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  return {text.substr(space + 1, colon - space - 1), port};
}

}  // namespace

uint16_t redis_slot(std::string_view key) noexcept {
  const size_t open = key.find('{');
  const size_t close = open == std::string_view::npos ? open : key.find('}', open + 1);
  if (close != std::string_view::npos && close > open + 1) {
    key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kSlots;
}

RedisClient::RedisClient(RedisOptions options) : options_(std::move(options)) {
  node_at(options_.host, options_.port);
  if (options_.cluster) read_slots();
}

RedisClient::~RedisClient() = default;

/// A connection that broke is no longer in step with its answers.
template <typename Work>
auto RedisClient::guarded(Work&& work) {
  try {
    return work();
  } catch (...) {
    nodes_.clear();
    slots_.clear();
    throw;
  }
}

RedisNode& RedisClient::node_at(const std::string& host, int32_t port) {
  std::unique_ptr<RedisNode>& node = nodes_[fmt::format("{}:{}", host, port)];
  if (node == nullptr) node = std::make_unique<RedisNode>(options_, host, port);
  return *node;
}

RedisNode& RedisClient::node_of(std::string_view key) {
  if (!options_.cluster) return node_at(options_.host, options_.port);
  if (slots_.empty()) read_slots();
  const auto& [host, port] = slots_[redis_slot(key)];
  if (host.empty()) {
    throw RetriableException(
        fmt::format("writing to the Redis cluster of {}:{}: slot {} has no server", options_.host,
                    options_.port, redis_slot(key)));
  }
  return node_at(host, port);
}

void RedisClient::read_slots() {
  RedisNode& seed = node_at(options_.host, options_.port);
  const RedisReply reply = seed.call(RedisArguments("CLUSTER", std::string_view("SLOTS")));
  if (reply.kind == RedisReply::Kind::Error && !may_pass(reply)) {
    throw ConfigException(
        fmt::format("reading the slots of {}: {}; is it a cluster?", seed.address(), reply.text));
  }
  check(reply, "reading the slots of a cluster");
  slots_.assign(kSlots, {});
  for (const RedisReply& range : reply.items) {
    if (range.items.size() < 3 || range.items[2].items.size() < 2) continue;
    const RedisReply& owner = range.items[2];
    const std::string& host = owner.items[0].text.empty() ? options_.host : owner.items[0].text;
    for (int64_t slot = range.items[0].number; slot <= range.items[1].number && slot < kSlots;
         ++slot) {
      slots_[static_cast<size_t>(slot)] = {host, static_cast<int32_t>(owner.items[1].number)};
    }
  }
}

RedisReply RedisClient::follow(RedisReply reply, const std::string& command) {
  for (int turn = 0; options_.cluster && turn < kMaxRedirects; ++turn) {
    const bool is_moved = reply.is_error("MOVED ");
    const bool is_asked = reply.is_error("ASK ");
    if (!is_moved && !is_asked) break;
    const auto [host, port] = target_of(reply.text);
    RedisNode& node = node_at(host.empty() ? options_.host : host, port);
    if (is_moved) read_slots();
    if (is_asked) node.call(RedisArguments("ASKING"));
    node.send(command);
    reply = node.receive();
  }
  return reply;
}

RedisReply RedisClient::ask(std::string_view key, const RedisArguments& arguments) {
  return guarded([&] {
    const std::string command = arguments.command();
    RedisNode& node = node_of(key);
    node.send(command);
    return follow(node.receive(), command);
  });
}

std::vector<RedisReply> RedisClient::ask_all(std::span<const Routed> commands) {
  return guarded([&] {
    std::vector<RedisNode*> asked;
    for (const Routed& one : commands) {
      asked.push_back(&node_of(one.key));
      asked.back()->send(one.arguments.command());
    }
    std::vector<RedisReply> replies;
    for (RedisNode* const node : asked) replies.push_back(node->receive());
    for (size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].kind != RedisReply::Kind::Error) continue;
      replies[i] = follow(std::move(replies[i]), commands[i].arguments.command());
    }
    return replies;
  });
}

RedisReply RedisClient::call(std::string_view key, const RedisArguments& arguments) {
  RedisReply reply = ask(key, arguments);
  check(reply, "asking Redis");
  return reply;
}

void RedisClient::each_node(const std::function<void(RedisNode&)>& visit) {
  guarded([&] {
    if (!options_.cluster) return visit(node_at(options_.host, options_.port));
    read_slots();
    std::map<std::pair<std::string, int32_t>, bool> seen;
    for (const auto& slot : slots_) {
      if (slot.first.empty() || !seen.emplace(slot, true).second) continue;
      visit(node_at(slot.first, slot.second));
    }
  });
}

void RedisClient::check(const RedisReply& reply, std::string_view doing) {
  if (reply.kind != RedisReply::Kind::Error) return;
  const std::string message = fmt::format("{}: {}", doing, reply.text);
  if (may_pass(reply)) throw RetriableException(message);
  throw ConnectException(message);
}

}  // namespace millrace::feature_store
