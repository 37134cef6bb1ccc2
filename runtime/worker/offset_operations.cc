#include "runtime/worker/offset_operations.h"

#include <charconv>
#include <future>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/broker/client_layers.h"
#include "runtime/worker/offset_reader.h"
#include "runtime/worker/request_exception.h"

namespace millrace {
namespace {

constexpr Millis kAdminTimeout{30'000};
constexpr Millis kRefreshLimit{30'000};
constexpr int kBadRequest = 400;

using SinkOffsets = std::map<TopicPartition, std::optional<Offset>>;

[[noreturn]] void bad(const std::string& message) { throw RequestException(kBadRequest, message); }

Value parse(const std::string& json, Arena& arena) {
  Value value;
  const std::string_view copy = arena.copy(json);
  if (const std::string error = parse_json(copy, arena, value); !error.empty()) {
    throw ConnectException(error);
  }
  return value;
}

const Value* member(const Value& object, std::string_view key) {
  if (object.type() != Type::Map) return nullptr;
  for (const MapEntry& entry : object.as_map()) {
    if (entry.key.as_string() == key) return &entry.value;
  }
  return nullptr;
}

/// A number or a numeric string; `what` starts the message, `rule` ends it.
int64_t integer(const Value& value, const std::string& what, const std::string& rule) {
  if (value.type() == Type::Int64) return value.as_int();
  std::string text;
  append_json(text, value);
  if (value.type() == Type::String) {
    const std::string_view digits = value.as_string();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) return number;
    text = digits;
  }
  bad("Failed to parse the following " + what + " from the request: " + text + ". " + rule);
}

TopicPartition sink_partition(const Value& partition) {
  if (partition.is_null()) {
    bad("The partition for a sink connector offset cannot be null or missing");
  }
  const Value* topic = member(partition, "kafka_topic");
  const Value* number = member(partition, "kafka_partition");
  if (topic == nullptr || number == nullptr) {
    std::string shown;
    append_json(shown, partition);
    bad("The partition for a sink connector offset must contain the keys 'kafka_topic' and "
        "'kafka_partition'");
  }
  if (topic->type() != Type::String) {
    bad("Kafka topic names must be valid strings and may not be null");
  }
  if (number->is_null()) bad("Kafka partitions must be valid numbers and may not be null");
  const int64_t value =
      integer(*number, "Kafka partition value",
              "Partition values for sink connectors need to be integers.");
  return {std::string(topic->as_string()), static_cast<int32_t>(value)};
}

std::optional<Offset> sink_offset(const Value& offset) {
  if (offset.is_null()) return std::nullopt;
  const Value* value = member(offset, "kafka_offset");
  if (value == nullptr) {
    bad("The offset for a sink connector should either be null or contain the key 'kafka_offset'");
  }
  return Offset{integer(*value, "Kafka offset value",
                        "Offset values for sink connectors need to be integers.")};
}

/// Offsets may hold primitives only (OffsetUtils.validateFormat).
void check_primitive(const Value& map) {
  if (map.is_null()) return;
  if (map.type() != Type::Map) throw Error(ErrorKind::Data, "Offsets must be specified as a Map");
  for (const MapEntry& entry : map.as_map()) {
    const Type type = entry.value.type();
    if (type == Type::Map || type == Type::Array) {
      throw Error(ErrorKind::Data,
                  "Offsets may only contain primitive types as values, but field " +
                      std::string(entry.key.as_string()) + " contains " +
                      (type == Type::Map ? "MAP" : "ARRAY"));
    }
  }
}

std::string message(bool reset, bool confirmed) {
  const std::string done = reset ? "reset" : "altered";
  if (confirmed) return "The offsets for this connector have been " + done + " successfully";
  return "The Connect framework-managed offsets for this connector have been " + done +
         " successfully. However, if this connector manages offsets externally, they will need to "
         "be manually " + done + " in the system that the connector uses.";
}

}  // namespace

std::unique_ptr<BrokerAdmin> OffsetOperations::make_admin() {
  return services_.broker.make_admin(
      connector_admin_config(services_.worker_config, name_, clients_));
}

std::string OffsetOperations::group() const {
  return sink_group_id(services_.worker_config, name_, clients_);
}

std::vector<JsonPartitionOffset> OffsetOperations::list() {
  const std::string* class_name = find(config_, "connector.class");
  const PluginClass& plugin =
      require_connector(services_.plugins, class_name != nullptr ? *class_name : "");
  if (plugin.kind == PluginKind::Source) return list_source();
  const auto connector = plugin.connector();
  auto& sink = dynamic_cast<SinkConnector&>(*connector);
  clients_ = sink.resolved(config_);
  return list_sink(sink);
}

BrokerRecordLog OffsetOperations::record_log() {
  return {services_.broker, connector_admin_config(services_.worker_config, name_, clients_)};
}

std::vector<JsonPartitionOffset> OffsetOperations::list_source() {
  return list_source(ConnectorOffsets(services_, {name_, 0}, config_));
}

// Other workers may have written: what is durable by now counts.
std::vector<JsonPartitionOffset> OffsetOperations::list_source(const ConnectorOffsets& offsets) {
  wait_for_offsets(offsets.store(), name_, kRefreshLimit);
  std::vector<JsonPartitionOffset> result;
  for (const auto& [key, value] : offsets.store().connector_offsets(name_)) {
    result.push_back({parse_offset_key(key)->second, value});
  }
  return result;
}

OffsetMap OffsetOperations::sink_offsets(SinkConnector& connector) {
  BrokerRecordLog log = record_log();
  if (auto own = connector.offsets(config_, log)) return std::move(*own);
  try {
    return make_admin()->group_offsets(group(), kAdminTimeout);
  } catch (const std::exception&) {
    std::throw_with_nested(ConnectException(
        "Failed to retrieve consumer group offsets for sink connector " + name_));
  }
}

std::vector<JsonPartitionOffset> OffsetOperations::list_sink(SinkConnector& connector) {
  std::vector<JsonPartitionOffset> result;
  for (const auto& [tp, offset] : sink_offsets(connector)) {
    JsonPartitionOffset entry;
    entry.partition = "{\"kafka_topic\":";
    append_json_string(entry.partition, tp.topic);
    entry.partition += ",\"kafka_partition\":" + std::to_string(tp.partition) + "}";
    entry.offset = "{\"kafka_offset\":" + std::to_string(raw(offset)) + "}";
    result.push_back(std::move(entry));
  }
  return result;
}

std::string OffsetOperations::alter(
    const std::optional<std::vector<JsonPartitionOffset>>& offsets) {
  const std::string* class_name = find(config_, "connector.class");
  const PluginClass& plugin =
      require_connector(services_.plugins, class_name != nullptr ? *class_name : "");
  const auto connector = plugin.connector();
  try {
    if (auto* sink = dynamic_cast<SinkConnector*>(connector.get())) {
      clients_ = sink->resolved(config_);
      return message(!offsets, offsets ? alter_sink(*sink, *offsets) : reset_sink(*sink));
    }
    auto& source = dynamic_cast<SourceConnector&>(*connector);
    return message(!offsets, alter_source(source, offsets));
  } catch (const UnsupportedException&) {
    std::throw_with_nested(ConnectException("Failed to modify offsets for connector " + name_ +
                                            " because it doesn't support external modification of "
                                            "offsets"));
  }
}

bool OffsetOperations::alter_source(
    SourceConnector& connector, const std::optional<std::vector<JsonPartitionOffset>>& offsets) {
  const ConnectorOffsets store(services_, {name_, 0}, config_);
  std::vector<JsonPartitionOffset> wanted = offsets ? *offsets : list_source(store);
  if (!offsets) {
    for (JsonPartitionOffset& known : wanted) known.offset.reset();
  }
  Arena arena;
  std::vector<PartitionOffset> parsed;
  OffsetEntries entries;
  for (const JsonPartitionOffset& entry : wanted) {
    const Value partition = parse(entry.partition, arena);
    const Value offset = entry.offset ? parse(*entry.offset, arena) : Value();
    check_primitive(partition);
    check_primitive(offset);
    parsed.push_back({partition, offset});
    std::optional<std::string> text;
    if (!offset.is_null()) append_json(text.emplace(), offset);
    entries.insert_or_assign(offset_key(name_, partition), std::move(text));
  }
  const bool confirmed = connector.alter_offsets(config_, parsed);
  write_source_offsets(store, std::move(entries));
  return confirmed;
}

void OffsetOperations::write_source_offsets(const ConnectorOffsets& offsets,
                                            OffsetEntries entries) {
  if (entries.empty()) return;
  auto written = std::make_shared<std::promise<void>>();
  auto result = written->get_future();
  const auto keep = offsets.keep();  // the answer may come after the limit
  offsets.store().set(std::move(entries), [written, keep](std::exception_ptr error) {
    if (error) {
      written->set_exception(std::move(error));
    } else {
      written->set_value();
    }
  });
  if (result.wait_for(services_.limits.offset_flush_timeout) != std::future_status::ready) {
    throw TimeoutException("writing the offsets of connector " + name_ + " took too long");
  }
  result.get();
}

void OffsetOperations::in_empty_group(const std::string& verb,
                                      const std::function<void()>& change) const {
  try {
    change();
  } catch (const KafkaException& error) {
    if (std::string_view(error.what()).find("GROUP_NOT_EMPTY") == std::string_view::npos) throw;
    std::throw_with_nested(ConnectException(
        "Failed to " + verb + " consumer group offsets for connector " + name_ +
        " either because its tasks haven't stopped completely yet or the connector was resumed "
        "before the request to " + verb + " its offsets could be successfully completed. If the "
        "connector is in a stopped state, this operation can be safely retried. If it doesn't "
        "eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie "
        "sink tasks."));
  }
}

bool OffsetOperations::alter_sink(SinkConnector& connector,
                                  const std::vector<JsonPartitionOffset>& offsets) {
  Arena arena;
  SinkOffsets wanted;
  for (const JsonPartitionOffset& entry : offsets) {
    const TopicPartition tp = sink_partition(parse(entry.partition, arena));
    wanted[tp] = sink_offset(entry.offset ? parse(*entry.offset, arena) : Value());
  }
  BrokerRecordLog log = record_log();
  const bool confirmed = connector.alter_offsets(config_, wanted, log);
  OffsetMap to_set;
  std::vector<TopicPartition> to_delete;
  for (const auto& [tp, offset] : wanted) {
    if (offset) {
      to_set.emplace(tp, *offset);
    } else {
      to_delete.push_back(tp);
    }
  }
  const auto admin = make_admin();
  in_empty_group("alter", [&] {
    if (!to_set.empty()) admin->alter_group_offsets(group(), to_set, kAdminTimeout);
    if (!to_delete.empty()) admin->delete_group_offsets(group(), to_delete, kAdminTimeout);
  });
  return confirmed;
}

bool OffsetOperations::reset_sink(SinkConnector& connector) {
  const auto admin = make_admin();
  SinkOffsets wanted;
  for (const auto& [tp, offset] : sink_offsets(connector)) wanted.emplace(tp, std::nullopt);
  BrokerRecordLog log = record_log();
  const bool confirmed = connector.alter_offsets(config_, wanted, log);
  in_empty_group("reset", [&] { admin->delete_group(group(), kAdminTimeout); });
  return confirmed;
}

}  // namespace millrace
