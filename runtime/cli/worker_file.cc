#include "runtime/cli/worker_file.h"

#include <algorithm>
#include <array>

#include "millrace/nearest.h"
#include "millrace/text.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

/// Keys behind these prefixes belong to clients, converters, providers and other parts.
constexpr std::array<std::string_view, 17> kPrefixes = {"producer.",
                                                        "consumer.",
                                                        "admin.",
                                                        "key.converter.",
                                                        "value.converter.",
                                                        "header.converter.",
                                                        "config.providers.",
                                                        "metrics.context.",
                                                        "listeners.",
                                                        "admin.listeners.",
                                                        "embedded.log.",
                                                        "millrace.",
                                                        "sasl.",
                                                        "ssl.",
                                                        "config.storage.",
                                                        "offset.storage.",
                                                        "status.storage."};

/// Keys without prefix that the worker's own clients or a worker of the other kind read.
constexpr std::array<std::string_view, 32> kForeignKeys = {
    "offset.storage.file.filename",
    "embedded.log.dir",
    "group.id",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "rebalance.timeout.ms",
    "exactly.once.source.support",
    "connect.protocol",
    "scheduled.rebalance.max.delay.ms",
    "worker.sync.timeout.ms",
    "worker.unsync.backoff.ms",
    "inter.worker.key.generation.algorithm",
    "inter.worker.key.size",
    "inter.worker.key.ttl.ms",
    "inter.worker.signature.algorithm",
    "inter.worker.verification.algorithms",
    "client.id",
    "metadata.max.age.ms",
    "metadata.recovery.strategy",
    "metadata.recovery.rebootstrap.trigger.ms",
    "send.buffer.bytes",
    "receive.buffer.bytes",
    "reconnect.backoff.ms",
    "reconnect.backoff.max.ms",
    "retry.backoff.ms",
    "retry.backoff.max.ms",
    "socket.connection.setup.timeout.ms",
    "socket.connection.setup.timeout.max.ms",
    "request.timeout.ms",
    "connections.max.idle.ms",
    "security.protocol",
    "security.providers"};

/// Java prints a list as `[a, b]` and a class with the word before it.
std::string java_text(const ConfigKey& key, const ConfigValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    return java_list_text(*list);
  }
  const auto text = config_value_text(value);
  if (!text) return "null";
  return key.type == ConfigType::Class ? "class " + *text : *text;
}

void log_unknown_keys(spdlog::logger& logger, const ConfigDefinition& definition,
                      const Properties& properties) {
  for (const auto& [key, value] : properties) {
    if (key.starts_with("internal.key.converter") || key.starts_with("internal.value.converter")) {
      logger.warn("The worker configuration {} is ignored; it has had no effect since Kafka 3.0",
                    key);
    } else if (const auto known = suggest_worker_key(definition, key)) {
      logger.info("The worker configuration {} is not known; did you mean {}?", key, *known);
    }
  }
}

}  // namespace

void log_worker_file(const char* name, const ConfigDefinition& definition,
                     const Properties& properties) {
  spdlog::logger& logger = logging::get(name);
  const std::string_view full(name);
  logger.info("{}", config_values_text(full.substr(full.rfind('.') + 1), definition, properties));
  log_unknown_keys(logger, definition, properties);
}

std::string config_values_text(std::string_view name, const ConfigDefinition& definition,
                               const Properties& properties) {
  std::vector<std::string> lines;
  for (const ConfigKey& key : definition.keys()) {
    ConfigValue value;
    parse_config_value(key, find(properties, key.name), value);
    lines.push_back("\n\t" + key.name + " = " + java_text(key, value));
  }
  std::sort(lines.begin(), lines.end());
  std::string text = std::string(name) + " values: ";
  for (const std::string& line : lines) text += line;
  return text;
}

std::optional<std::string> suggest_worker_key(const ConfigDefinition& definition,
                                              std::string_view key) {
  if (definition.find(key) != nullptr) return std::nullopt;
  if (std::find(kForeignKeys.begin(), kForeignKeys.end(), key) != kForeignKeys.end()) {
    return std::nullopt;
  }
  const auto known = definition.suggest(key);
  if (!known) return std::nullopt;
  const size_t distance = edit_distance(key, *known);
  // Behind a prefix only a slip of a letter counts: `offset.storage.file.filname`.
  const bool is_prefixed = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                                       [key](std::string_view p) { return key.starts_with(p); });
  constexpr size_t kFewLetters = 2;
  constexpr size_t kSomeLetters = 4;
  if (distance > (is_prefixed ? kFewLetters : kSomeLetters)) return std::nullopt;
  return known;
}

}  // namespace millrace
