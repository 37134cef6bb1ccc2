#include "connectors/feature_store/redis/redis_ingestions.h"

#include <charconv>

namespace millrace::feature_store {
namespace {

int64_t number_of(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Ingestion RedisIngestions::begin(int64_t group_id, std::optional<int64_t> entries) {
  const std::string last = names_.last_ingestion(group_id);
  Ingestion made;
  made.id = client_.call(last, RedisArguments("INCR", last)).number;
  made.entries = entries;
  const std::string key = names_.ingestion(group_id, made.id);
  RedisArguments set("HSET", key, std::string_view("id"), std::to_string(made.id));
  if (entries) {
    set.add("entries");
    set.add(*entries);
  }
  client_.call(key, set);
  const std::string ids = names_.ingestions(group_id);
  const std::string id = std::to_string(made.id);
  client_.call(ids, RedisArguments("ZADD", ids, id, id));
  const std::string bound = std::to_string(made.id - kMaxKept);
  const RedisReply old =
      client_.call(ids, RedisArguments("ZRANGEBYSCORE", ids, std::string_view("-inf"), bound));
  for (const RedisReply& one : old.items) {
    const std::string gone = names_.ingestion(group_id, number_of(one.text));
    client_.call(gone, RedisArguments("DEL", gone));
  }
  if (!old.items.empty()) {
    client_.call(ids, RedisArguments("ZREMRANGEBYSCORE", ids, std::string_view("-inf"), bound));
  }
  return made;
}

std::vector<Ingestion> RedisIngestions::newest(int64_t group_id, size_t limit) {
  std::vector<Ingestion> found;
  if (limit == 0) return found;
  const std::string ids = names_.ingestions(group_id);
  const RedisReply reply = client_.call(
      ids, RedisArguments("ZREVRANGE", ids, std::string_view("0"), std::to_string(limit - 1)));
  for (const RedisReply& id : reply.items) {
    if (auto one = find(group_id, number_of(id.text))) found.push_back(*one);
  }
  return found;
}

std::optional<Ingestion> RedisIngestions::find(int64_t group_id, int64_t id) {
  const std::string key = names_.ingestion(group_id, id);
  const RedisReply hash = client_.call(key, RedisArguments("HGETALL", key));
  if (hash.items.empty()) return std::nullopt;
  Ingestion found;
  found.id = id;
  for (size_t i = 0; i + 1 < hash.items.size(); i += 2) {
    const int64_t number = number_of(hash.items[i + 1].text);
    if (hash.items[i].text == "entries") found.entries = number;
    for (size_t status = 0; status < kRowStatuses; ++status) {
      if (hash.items[i].text == row_status_name(static_cast<RowStatus>(status)))
        found.rows[status] = number;
    }
  }
  return found;
}

}  // namespace millrace::feature_store
