#include <algorithm>

#include "millrace/errors.h"
#include "runtime/broker/kafka/client_translator.h"

namespace millrace::kafka {
namespace {

// Prefetch per partition, so that many tasks stay small: about a fetch response of small records
// is queued ahead, and the next one is asked for soon after it was drained.
constexpr int64_t kQueuedMessages = 20'000;
constexpr int64_t kQueuedKbytes = 16'384;
constexpr int64_t kQueueBackoffMs = 5;

void offset_reset(Translator& t) {
  const std::string reset = to_lower(t.text_or("auto.offset.reset", "latest"));
  if (reset != "latest" && reset != "earliest" && reset != "none") {
    throw ConfigException("Invalid value " + reset +
                          " for configuration auto.offset.reset: supported are earliest, latest "
                          "and none");
  }
  t.set_topic("auto.offset.reset", reset == "none" ? "error" : reset);
}

std::string native_assignor(Translator& t, const std::string& name) {
  if (name.ends_with("RangeAssignor") || name == "range") return "range";
  if (name.ends_with("RoundRobinAssignor") || name == "roundrobin") return "roundrobin";
  if (name.ends_with("CooperativeStickyAssignor") || name == "cooperative-sticky") {
    return "cooperative-sticky";
  }
  if (name.ends_with(".StickyAssignor")) {
    t.warn("partition.assignment.strategy " + name + " is not available; using range");
    return "range";
  }
  throw ConfigException("partition.assignment.strategy " + name + " is not available");
}

std::string assignment_strategy(Translator& t) {
  const std::string* list = t.get("partition.assignment.strategy");
  const std::vector<std::string> names = split_list(list);
  if (names.empty()) return "range";
  std::vector<std::string> eager;
  bool cooperative = false;
  for (const std::string& name : names) {
    const std::string one = native_assignor(t, name);
    if (one == "cooperative-sticky") cooperative = true;
    else if (std::find(eager.begin(), eager.end(), one) == eager.end()) eager.push_back(one);
  }
  // Eager and cooperative cannot be mixed here; a mixed list such as Java's default elects an
  // eager one while any member offers only those.
  if (eager.empty()) return "cooperative-sticky";
  if (cooperative) {
    t.warn("partition.assignment.strategy mixes eager and cooperative assignors; using " +
           eager.front());
    return eager.front();
  }
  std::string joined;
  for (const std::string& one : eager) joined += (joined.empty() ? "" : ",") + one;
  return joined;
}

void group(Translator& t) {
  constexpr int64_t kHour = 3'600'000;
  constexpr int64_t kDay = 86'400'000;
  const bool new_protocol = to_lower(t.text_or("group.protocol", "classic")) == "consumer";
  const int64_t session = t.number_in("session.timeout.ms", 1, kHour).value_or(45'000);
  const int64_t heartbeat = t.number_in("heartbeat.interval.ms", 1, kHour).value_or(3'000);
  const std::string strategy = assignment_strategy(t);
  if (!new_protocol) {  // refused together with group.protocol=consumer
    t.set("session.timeout.ms", session);
    t.set("heartbeat.interval.ms", heartbeat);
    t.set("partition.assignment.strategy", strategy);
  }
  const int64_t poll = t.number_in("max.poll.interval.ms", 1, kDay).value_or(300'000);
  if (poll < session && !new_protocol) {
    t.warn("max.poll.interval.ms is below session.timeout.ms; using " + std::to_string(session));
  }
  t.set("max.poll.interval.ms", new_protocol ? poll : std::max(poll, session));
}

void fetch_sizes(Translator& t) {
  constexpr int64_t kMessageMax = 1'000'000;
  const int64_t fetch =
      t.number_in("fetch.max.bytes", 1000, 2'147'483'135).value_or(52'428'800);
  t.set("fetch.max.bytes", fetch);
  t.set("message.max.bytes", std::min(fetch, kMessageMax));
  t.set("queued.min.messages", kQueuedMessages);
  t.set("queued.max.messages.kbytes", kQueuedKbytes);
  t.set("fetch.queue.backoff.ms", kQueueBackoffMs);
}

}  // namespace

void translate_consumer(Translator& t) {
  offset_reset(t);
  group(t);
  fetch_sizes(t);
  t.set("enable.auto.offset.store", std::string("false"));
  t.set("topic.blacklist", std::string("^__consumer_offsets$,^__transaction_state$"));
  constexpr int64_t kMaxInt = 2'147'483'647;
  t.out().max_poll_records =
      static_cast<int32_t>(t.number_in("max.poll.records", 1, kMaxInt).value_or(500));
  for (const char* key : {"key.deserializer", "value.deserializer"}) {
    const std::string name = t.text_or(key, "");
    if (!name.empty() && !name.ends_with("ByteArrayDeserializer")) {
      t.warn(std::string(key) + " has no effect: converters read the bytes");
    }
  }
}

}  // namespace millrace::kafka
