#include <algorithm>

#include "millrace/errors.h"
#include "runtime/broker/kafka/client_translator.h"

namespace millrace::kafka {
namespace {

constexpr int64_t kMaxInt = 2'147'483'647;

// Java turns idempotence off in silence when another setting contradicts its default, and refuses
// when the user asked for it; librdkafka always refuses.
void idempotence(Translator& t) {
  const bool asked = t.get("enable.idempotence") != nullptr;
  bool enabled = t.is_true("enable.idempotence", true);
  const bool transactional = !t.text_or("transactional.id", "").empty();
  if (transactional && !enabled) {
    throw ConfigException(
        "Cannot set a transactional.id without also enabling idempotence: set "
        "enable.idempotence=true");
  }
  constexpr int64_t kMostInFlight = 5;
  const int64_t in_flight =
      t.number_in("max.in.flight.requests.per.connection", 1, 1'000'000).value_or(kMostInFlight);
  const std::string acks = t.text_or("acks", "all");
  std::string conflict;
  if (acks != "all" && acks != "-1") conflict = "acks to all";
  if (t.number("retries").value_or(kMaxInt) == 0) conflict = "retries to non-zero";
  if (in_flight > kMostInFlight) {
    conflict = "max.in.flight.requests.per.connection to at most 5";
  }
  if (enabled && !conflict.empty()) {
    if (asked || transactional) {
      throw ConfigException("Must set " + conflict + " in order to use the idempotent producer.");
    }
    enabled = false;
  }
  t.set("enable.idempotence", std::string(enabled ? "true" : "false"));
  t.set("max.in.flight.requests.per.connection", in_flight);
}

void buffers(Translator& t) {
  // One request carries one partition's batch here, so Java's small batches would cost
  // throughput; the batch is only a ceiling (kafka-clients.md §5.3).
  constexpr int64_t kSmallestBatch = 1'000'000;
  t.set("batch.size",
        std::max(t.number_in("batch.size", 0, kMaxInt).value_or(0), kSmallestBatch));
  constexpr int64_t kBufferMemory = 33'554'432;
  const int64_t memory = t.number("buffer.memory").value_or(kBufferMemory);
  t.set("queue.buffering.max.kbytes", std::clamp<int64_t>(memory / 1024, 1, kMaxInt));
  t.set("queue.buffering.max.messages", int64_t{0});
}

void delivery_timeout(Translator& t) {
  const auto wanted = t.number_in("delivery.timeout.ms", 1, kMaxInt);
  const int64_t least = t.number_in("linger.ms", 0, 900'000).value_or(0) +
                        t.number_in("request.timeout.ms", 10, 900'000).value_or(30'000);
  if (wanted && *wanted < least) {
    throw ConfigException(
        "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms");
  }
  const int64_t timeout = wanted.value_or(std::max<int64_t>(120'000, least));
  // A transaction bounds its messages itself; Connect's endless timeout would be refused.
  if (!t.text_or("transactional.id", "").empty()) return;
  t.out().retries_without_limit = timeout == kMaxInt;
  t.set_topic("message.timeout.ms", t.out().retries_without_limit ? "0" : std::to_string(timeout));
  // Java waits for a missing topic as long as max.block.ms allows.
  if (t.out().retries_without_limit) {
    t.set("topic.metadata.propagation.max.ms", int64_t{3'600'000});
  }
}

void compression_level(Translator& t) {
  const std::string codec = to_lower(t.text_or("compression.type", "none"));
  for (const char* name : {"gzip", "lz4", "zstd"}) {
    const auto level = t.number_in("compression." + std::string(name) + ".level", -1, 12);
    if (level && codec == name) t.set("compression.level", *level);
  }
}

void partitioner(Translator& t) {
  const std::string name = t.text_or("partitioner.class", "");
  // Same partition as Java for every key that is not null (murmur2).
  std::string chosen = t.is_true("partitioner.ignore.keys", false) ? "random" : "murmur2_random";
  if (name.ends_with("UniformStickyPartitioner")) {
    chosen = "random";
  } else if (!name.empty() && !name.ends_with(".DefaultPartitioner")) {
    throw ConfigException("partitioner.class " + name +
                          " is not available; leave it unset for Kafka's default partitioner");
  }
  t.set_topic("partitioner", chosen);
}

}  // namespace

void translate_producer(Translator& t) {
  idempotence(t);
  buffers(t);
  delivery_timeout(t);
  compression_level(t);
  partitioner(t);
  t.out().max_block_ms = t.number("max.block.ms").value_or(t.out().max_block_ms);
  for (const char* key : {"key.serializer", "value.serializer"}) {
    const std::string name = t.text_or(key, "");
    if (!name.empty() && !name.ends_with("ByteArraySerializer")) {
      t.warn(std::string(key) + " has no effect: converters make the bytes");
    }
  }
}

}  // namespace millrace::kafka
