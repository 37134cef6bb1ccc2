#include "connectors/feature_store/redis/redis_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "connectors/feature_store/redis/redis_groups.h"
#include "connectors/feature_store/redis/redis_ingestions.h"
#include "connectors/feature_store/redis/script.h"

namespace millrace::feature_store {
namespace {

constexpr size_t kMaxTables = 10'000;        // plans that are remembered
constexpr size_t kMaxArguments = 1'000'000;  // of one script: Redis refuses more than 1,048,576

class RedisStore : public OnlineStore {
 public:
  explicit RedisStore(RedisOptions options)
      : options_(std::move(options)),
        layout_(parse_redis_layout(options_.layout)),
        names_(options_),
        client_(checked(options_)),
        groups_(client_, names_),
        ingestions_(client_, names_) {}

  OffsetMap positions(std::span<const TopicPartition> partitions) override;
  void prepare(const RowPlan& plan) override { enter(plan); }
  bool apply(ApplyBatch& batch) override;
  void flush() override {}  // how durable Redis is, is its own configuration
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) override;
  avro::SchemaPtr schema(int64_t schema_id) override { return groups_.schema(schema_id); }
  void drop_group(int64_t /*project_id*/, int64_t group_id) override;

  Ingestion begin_ingestion(int64_t group_id, std::optional<int64_t> entries) override {
    return ingestions_.begin(group_id, entries);
  }
  std::vector<Ingestion> ingestions(int64_t group_id, size_t limit) override {
    return ingestions_.newest(group_id, limit);
  }
  std::optional<Ingestion> ingestion(int64_t group_id, int64_t id) override {
    return ingestions_.find(group_id, id);
  }

 private:
  static const RedisOptions& checked(const RedisOptions& options) {
    if (options.cluster && options.hidden_columns) {
      throw ConfigException(
          "markers of deletes are not possible on a Redis Cluster: a script cannot change the "
          "row's key and "
          "the marker's in one step; turn them off");
    }
    return options;
  }
  RedisTable& enter(const RowPlan& plan);
  RedisTable& table_of(const RowPlan& plan);
  bool apply_whole(ApplyBatch& batch);
  bool apply_on_cluster(ApplyBatch& batch);
  void write_rows(ApplyBatch& batch, std::vector<RedisClient::Routed> rows);
  void append_offsets(const ApplyBatch& batch, RedisArguments& keys,
                      RedisArguments& arguments) const;
  void append_counts(const ApplyBatch& batch, RedisArguments& keys, RedisArguments& arguments,
                     bool by_winner) const;
  RedisArguments script(const RedisArguments& keys, const RedisArguments& arguments);
  RedisReply run(const std::string& key, const RedisArguments& keys,
                 const RedisArguments& arguments);
  /// Loads it where it is not there, and asks again.
  void load_script(std::string_view key);
  static void check_applied(const RedisReply& reply);
  static bool take_verdict(RowChange& change, char verdict);

  RedisOptions options_;
  RedisLayout layout_;
  RedisNames names_;
  RedisClient client_;
  RedisGroups groups_;
  RedisIngestions ingestions_;
  std::string script_digest_;
  std::unordered_map<const RowPlan*, RedisTable>
      tables_;  // prepare() renews what an address stands for
};

RedisTable& RedisStore::enter(const RowPlan& plan) {
  RedisTable table(plan, options_, layout_);
  const std::set<std::string> known = groups_.enter(plan, table);
  if (tables_.size() >= kMaxTables) tables_.clear();
  tables_.insert_or_assign(&plan, std::move(table));
  for (auto& [other, has] : tables_) {
    if (has.group_id() == plan.group().id) has.set_known(known);
  }
  return tables_.at(&plan);
}

RedisTable& RedisStore::table_of(const RowPlan& plan) {
  const auto at = tables_.find(&plan);
  return at == tables_.end() ? enter(plan) : at->second;
}

void RedisStore::drop_group(int64_t /*project_id*/, int64_t group_id) {
  groups_.drop(group_id);
  std::erase_if(tables_, [group_id](const auto& one) { return one.second.group_id() == group_id; });
}

OffsetMap RedisStore::positions(std::span<const TopicPartition> partitions) {
  OffsetMap found;
  if (partitions.empty()) return found;
  RedisArguments get("MGET");
  for (const TopicPartition& partition : partitions) get.add(names_.offset(partition));
  const RedisReply reply = client_.call(names_.offset(partitions.front()), get);
  for (size_t i = 0; i < partitions.size() && i < reply.items.size(); ++i) {
    const std::string& text = reply.items[i].text;
    int64_t offset = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), offset).ec != std::errc()) continue;
    found[partitions[i]] = Offset{offset};
  }
  return found;
}

void RedisStore::set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) {
  for (const auto& [partition, offset] : positions) {
    const std::string key = names_.offset(partition);
    client_.call(key, offset ? RedisArguments("SET", key, std::to_string(raw(*offset)))
                             : RedisArguments("DEL", key));
  }
}

void RedisStore::append_offsets(const ApplyBatch& batch, RedisArguments& keys,
                                RedisArguments& arguments) const {
  arguments.add(static_cast<int64_t>(batch.next.size()));
  for (const auto& [partition, next] : batch.next) {
    keys.add(names_.offset(partition));
    const auto expected = batch.expected.find(partition);
    arguments.add(expected == batch.expected.end() ? "" : std::to_string(raw(expected->second)));
    arguments.add(raw(next));
  }
}

/// Many records count for one winner, so that steps are added up here as far as their status is
/// known.
void RedisStore::append_counts(const ApplyBatch& batch, RedisArguments& keys,
                               RedisArguments& arguments, bool by_winner) const {
  std::map<std::tuple<int64_t, int64_t, int32_t, RowStatus>, int64_t> steps;
  for (const CountedRecord& record : batch.counted) {
    const bool waits = by_winner && record.winner >= 0;
    const RowStatus status = record.winner >= 0 && !by_winner
                                 ? batch.changes[static_cast<size_t>(record.winner)].status
                                 : record.status;
    ++steps[{record.group_id, record.ingestion_id, waits ? record.winner + 1 : 0, status}];
  }
  RedisArguments counts;
  int64_t counters = 0;
  std::pair<int64_t, int64_t> counter;
  for (const auto& [step, count] : steps) {
    const auto& [group, ingestion, winner, status] = step;
    if (counters == 0 || counter != std::pair(group, ingestion)) {
      counter = {group, ingestion};
      keys.add(names_.ingestion(group, ingestion));
      ++counters;
    }
    counts.add(int64_t{winner});
    counts.add(counters);
    counts.add(row_status_name(status));
    counts.add(count);
  }
  arguments.add(static_cast<int64_t>(steps.size()));
  arguments.add(counts);
}

RedisArguments RedisStore::script(const RedisArguments& keys, const RedisArguments& arguments) {
  RedisArguments command("EVALSHA", script_digest_);
  command.add(static_cast<int64_t>(keys.count()));
  command.add(keys);
  command.add(arguments);
  return command;
}

void RedisStore::load_script(std::string_view key) {
  script_digest_ =
      client_.call(key, RedisArguments("SCRIPT", std::string_view("LOAD"), kApplyScript)).text;
}

void RedisStore::check_applied(const RedisReply& reply) {
  if (reply.is_error("FENCED")) {
    throw FencedException(
        fmt::format("writing to Redis: another task has moved an offset ({}); positions "
                    "are read again",
                    reply.text));
  }
  RedisClient::check(reply, "writing a batch to Redis");
}

RedisReply RedisStore::run(const std::string& key, const RedisArguments& keys,
                           const RedisArguments& arguments) {
  if (script_digest_.empty()) load_script(key);
  RedisReply reply = client_.ask(key, script(keys, arguments));
  if (reply.is_error("NOSCRIPT")) {
    load_script(key);
    reply = client_.ask(key, script(keys, arguments));
  }
  check_applied(reply);
  return reply;
}

/// False: it failed.
bool RedisStore::take_verdict(RowChange& change, char verdict) {
  if (verdict == 'x') {
    change.status = RowStatus::Failed;
    change.failure = {FailureType::UserData, "its key in Redis holds something that is no hash"};
    return false;
  }
  change.status = verdict == '0'     ? RowStatus::Ignored
                  : change.is_delete ? RowStatus::Deleted
                                     : RowStatus::Upserted;
  return true;
}

bool RedisStore::apply(ApplyBatch& batch) {
  return options_.cluster ? apply_on_cluster(batch) : apply_whole(batch);
}

bool RedisStore::apply_whole(ApplyBatch& batch) {
  RedisArguments keys;
  RedisArguments arguments;
  append_offsets(batch, keys, arguments);
  std::unordered_map<const RowPlan*, int64_t> shapes;
  RedisArguments shape_arguments;
  RedisArguments rows;
  bool all_right = true;
  for (RowChange& change : batch.changes) {
    RedisTable& table = table_of(*change.plan);
    const auto [shape, is_new] =
        shapes.emplace(change.plan, static_cast<int64_t>(shapes.size()) + 1);
    if (is_new) table.append_shape(shape_arguments);
    rows.add(shape->second);
    std::string key;
    RedisTable::Place place;
    if (options_.hidden_columns && change.if_newer) {
      place.marker = names_.marker(table.group_id(), change.key);
    }
    change.failure = table.append_row(change, place, key, rows);
    if (change.failure) change.status = RowStatus::Failed;
    all_right = all_right && !change.failure;
    keys.add(key);
    if (!place.marker.empty()) keys.add(place.marker);
  }
  if (!all_right) return false;
  arguments.add(static_cast<int64_t>(shapes.size()));
  arguments.add(shape_arguments);
  arguments.add(static_cast<int64_t>(batch.changes.size()));
  arguments.add(rows);
  arguments.add(std::max<int64_t>(options_.marker_retention.count(), 1));
  append_counts(batch, keys, arguments, true);
  if (keys.count() + arguments.count() > kMaxArguments) {
    throw ConnectException(
        "writing a batch to Redis: it has more than 1,000,000 values; lower batch.size");
  }
  const std::string first =
      batch.next.empty() ? std::string() : names_.offset(batch.next.begin()->first);
  const RedisReply reply = run(first, keys, arguments);
  for (size_t i = 0; i < batch.changes.size() && i < reply.text.size(); ++i) {
    all_right = take_verdict(batch.changes[i], reply.text[i]) && all_right;
  }
  return all_right;
}

bool RedisStore::apply_on_cluster(ApplyBatch& batch) {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, next] : batch.next) partitions.push_back(partition);
  const OffsetMap stored = positions(partitions);
  for (const TopicPartition& partition :
       partitions) {  // before rows are written by one who may not
    const auto is = stored.find(partition);
    const auto expected = batch.expected.find(partition);
    const bool same = is == stored.end()
                          ? expected == batch.expected.end()
                          : expected != batch.expected.end() && expected->second == is->second;
    if (!same)
      throw FencedException(
          fmt::format("writing to Redis: another task has moved {}", partition.to_string()));
  }
  if (script_digest_.empty()) load_script(names_.ingestions(0));
  std::vector<RedisClient::Routed> rows;
  bool all_right = true;
  for (RowChange& change : batch.changes) {
    RedisTable& table = table_of(*change.plan);
    RedisArguments arguments("0", std::string_view("1"));
    table.append_shape(arguments);
    arguments.add("1");
    arguments.add("1");
    std::string key;
    change.failure = table.append_row(change, {.guarded = true}, key, arguments);
    if (change.failure) change.status = RowStatus::Failed;
    all_right = all_right && !change.failure;
    arguments.add("1");  // retention, of nothing
    arguments.add("0");
    rows.push_back({key, script(RedisArguments(key), arguments)});
  }
  if (!all_right) return false;
  write_rows(batch, std::move(rows));
  if (std::ranges::any_of(batch.changes,
                          [](const RowChange& one) { return one.status == RowStatus::Failed; })) {
    return false;
  }
  RedisArguments keys;
  RedisArguments arguments;
  append_offsets(batch, keys, arguments);
  for (const char* none : {"0", "0", "1"}) arguments.add(none);  // shapes, rows, retention
  append_counts(batch, keys, arguments, false);
  if (keys.count() != 0) run(names_.ingestions(0), keys, arguments);
  return true;
}

void RedisStore::write_rows(ApplyBatch& batch, std::vector<RedisClient::Routed> rows) {
  std::vector<RedisReply> replies = client_.ask_all(rows);
  for (size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].is_error("NOSCRIPT")) {
      load_script(rows[i].key);
      replies[i] = client_.ask(rows[i].key, rows[i].arguments);
    }
    check_applied(replies[i]);
    take_verdict(batch.changes[i], replies[i].text.empty() ? 'x' : replies[i].text[0]);
  }
}

}  // namespace

std::unique_ptr<OnlineStore> open_redis(RedisOptions options) {
  return std::make_unique<RedisStore>(std::move(options));
}

}  // namespace millrace::feature_store
