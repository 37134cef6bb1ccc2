#include "connectors/feature_store/redis/redis_groups.h"

#include <fmt/format.h>

#include <charconv>

#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.redis";

std::string key_text(const KeySchema& key) {
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", key.names()[i], key.types()[i].text);
  }
  return out;
}

std::string member(const RedisReply& hash, std::string_view name) {
  for (size_t i = 0; i + 1 < hash.items.size(); i += 2) {
    if (hash.items[i].text == name) return hash.items[i + 1].text;
  }
  return {};
}

}  // namespace

std::set<std::string> RedisGroups::enter(const RowPlan& plan, const RedisTable& table) {
  const std::string id = std::to_string(table.group_id());
  const std::string owner = names_.owner(table.owner_name());
  const RedisReply before = client_.call(owner, RedisArguments("GET", owner));
  if (before.kind == RedisReply::Kind::Text && before.text != id) {
    int64_t old = 0;
    std::from_chars(before.text.data(), before.text.data() + before.text.size(), old);
    log(LogLevel::Info, kLogger,
        fmt::format("feature group {} takes the name of group {}, whose rows are dropped", id,
                    old));
    drop(old);
  }
  check_key(plan);
  const std::string entry = names_.table(table.group_id());
  client_.call(
      entry, RedisArguments("HSET", entry, std::string_view("key"), key_text(plan.key()),
                            std::string_view("pattern"), table.pattern(), std::string_view("view"),
                            table.view(), std::string_view("owner"), table.owner_name()));
  client_.call(owner, RedisArguments("SET", owner, id));
  const std::string schema = names_.schema(plan.schema_id());
  client_.call(schema, RedisArguments("SET", schema, plan.schema()->to_text()));
  const std::string fields = names_.fields(table.group_id());
  RedisArguments add("SADD", fields);
  for (const std::string& name : table.features()) add.add(name);
  if (add.count() > 2) client_.call(fields, add);
  std::set<std::string> known;
  for (const RedisReply& name : client_.call(fields, RedisArguments("SMEMBERS", fields)).items) {
    known.insert(name.text);
  }
  return known;
}

void RedisGroups::check_key(const RowPlan& plan) {
  const std::string entry = names_.table(plan.group().id);
  const RedisReply stored =
      client_.call(entry, RedisArguments("HGET", entry, std::string_view("key")));
  const std::string wanted = key_text(plan.key());
  if (stored.kind != RedisReply::Kind::Text || stored.text == wanted) return;
  throw DataException(fmt::format(
      "writing feature group {} ({}) to Redis: its primary key is {}, that of its rows {}; "
      "drop the group's rows first",
      plan.group().id, plan.group().table(), wanted, stored.text));
}

avro::SchemaPtr RedisGroups::schema(int64_t id) {
  const std::string key = names_.schema(id);
  const RedisReply text = client_.call(key, RedisArguments("GET", key));
  return text.kind == RedisReply::Kind::Text ? avro::Schema::parse(text.text) : nullptr;
}

void RedisGroups::for_each_key(const std::string& pattern,
                               const std::function<RedisArguments(const std::string&)>& make) {
  client_.each_node([&](RedisNode& node) {
    std::string cursor = "0";
    do {
      const RedisReply page =
          node.call(RedisArguments("SCAN", cursor, std::string_view("MATCH"), pattern,
                                   std::string_view("COUNT"), std::to_string(kScanned)));
      RedisClient::check(page, "looking for rows to drop");
      if (page.items.size() != 2) return;
      cursor = page.items[0].text;
      for (const RedisReply& key : page.items[1].items) node.send(make(key.text).command());
      for (size_t i = 0; i < page.items[1].items.size(); ++i) node.receive();
    } while (cursor != "0");
  });
}

void RedisGroups::drop_rows(const std::string& pattern, bool is_shared, const RedisReply& fields) {
  for_each_key(pattern, [&](const std::string& key) {
    if (!is_shared) return RedisArguments("UNLINK", key);
    RedisArguments remove("HDEL", key);
    for (const RedisReply& field : fields.items) remove.add(field.text);
    return remove;
  });
}

void RedisGroups::drop(int64_t group_id) {
  const std::string entry = names_.table(group_id);
  const RedisReply table = client_.call(entry, RedisArguments("HGETALL", entry));
  const std::string fields_key = names_.fields(group_id);
  RedisReply fields = client_.call(fields_key, RedisArguments("SMEMBERS", fields_key));
  const std::string view = member(table, "view");
  for (const char* extra : {"_ts:", "_src:"}) {
    fields.items.push_back({RedisReply::Kind::Text, extra + view});
  }
  if (const std::string pattern = member(table, "pattern"); !pattern.empty()) {
    drop_rows(pattern, !view.empty(), fields);
  }
  for_each_key(names_.markers(group_id) + "*",
               [](const std::string& key) { return RedisArguments("UNLINK", key); });
  const std::string owner = names_.owner(member(table, "owner"));
  const RedisReply has = client_.call(owner, RedisArguments("GET", owner));
  if (has.text == std::to_string(group_id)) client_.call(owner, RedisArguments("DEL", owner));
  const std::string ids = names_.ingestions(group_id);
  for (const RedisReply& id :
       client_
           .call(ids, RedisArguments("ZRANGE", ids, std::string_view("0"), std::string_view("-1")))
           .items) {
    int64_t number = 0;
    std::from_chars(id.text.data(), id.text.data() + id.text.size(), number);
    const std::string key = names_.ingestion(group_id, number);
    client_.call(key, RedisArguments("DEL", key));
  }
  client_.call(ids, RedisArguments("DEL", ids, names_.last_ingestion(group_id), fields_key, entry));
}

}  // namespace millrace::feature_store
