// Writes and reads any bytes on either log, for tests of whole workers.
//
//   log_tool write TOPIC KEY=VALUE...   makes the topic; records from standard input
//   log_tool read TOPIC KEY=VALUE...    all records to standard output
//
// Settings are those of a worker file (`embedded.log.dir` or `bootstrap.servers`) and `partitions`
// (1), over which records go in turn; those of the topic begin with `topic.`, those of the client
// with `producer.` or `consumer.`. A text is its length as int32 and its bytes, null is length -1. A
// record to write is key, value; one read is partition as int32, offset as int64, key, value, count
// of headers as int32, and name and value of each.

#include <iostream>
#include <stdexcept>

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/broker/kafka/kafka_broker.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr Millis kTimeout{60'000};
constexpr uint32_t kRows = 1000;
constexpr size_t kBatchBytes = size_t{16} << 20U;

template <class Int>
bool read_int(Int& out) {
  return static_cast<bool>(std::cin.read(reinterpret_cast<char*>(&out), sizeof out));
}
template <class Int>
void write_int(Int value) {
  std::cout.write(reinterpret_cast<const char*>(&value), sizeof value);
}
bool read_text(Arena& arena, WireBytes& out) {
  int32_t size = 0;
  if (!read_int(size)) return false;
  if (size < 0) return true;
  std::string text(static_cast<size_t>(size), '\0');
  std::cin.read(text.data(), size);
  out = WireBytes::of(arena.copy(text));
  return true;
}
void write_text(const WireBytes& text) {
  write_int(text.is_null() ? int32_t{-1} : static_cast<int32_t>(text.size));
  std::cout.write(reinterpret_cast<const char*>(text.data), static_cast<int64_t>(text.size));
}

struct FailOnError final : DeliveryListener {
  void on_delivery(std::span<const Delivery> deliveries) override {
    for (const Delivery& delivery : deliveries) {
      if (delivery.error != nullptr) error = delivery.error->message;
    }
  }
  void check() const {
    if (!error.empty()) throw KafkaException(error);
  }
  std::string error;
};

struct NoListener final : RebalanceListener {
  void on_assigned(const OffsetMap&) override {}
  void on_revoked(std::span<const TopicPartition>) override {}
  void on_lost(std::span<const TopicPartition>) override {}
};

int32_t partitions_of(const Properties& settings) {
  const auto at = settings.find("partitions");
  return at == settings.end() ? 1 : std::stoi(at->second);
}

bool fill(RecordBatch& batch, const std::string& topic, int32_t partitions) {
  batch.reset();
  while (batch.size() < kRows && batch.arena().used() < kBatchBytes) {
    WireBytes key;
    if (!read_text(batch.arena(), key)) break;
    Record& record = batch.add();
    record.topic = topic;
    record.partition = static_cast<int32_t>(batch.size() - 1) % partitions;
    record.key_wire = key;
    if (!read_text(batch.arena(), record.value_wire)) throw std::runtime_error("a key alone");
  }
  return !batch.empty();
}

void send(RecordProducer& producer, RecordBatch& batch, const FailOnError& listener) {
  RowSet rows;
  batch.live_rows(rows);
  std::span<const uint32_t> rest(rows.begin(), rows.size());
  while (!rest.empty() || producer.in_flight() > 0) {
    const SendResult result = producer.send(batch, rest);
    if (result.error) throw KafkaException(result.error->message);
    rest = rest.subspan(result.accepted);
    producer.poll(Millis{10});
    listener.check();
  }
}

void write(Broker& broker, const std::string& topic, const Properties& settings) {
  const int32_t partitions = partitions_of(settings);
  broker.make_admin(settings)->create_topic(
      {topic, partitions, 1, with_prefix(settings, "topic.")}, kTimeout);
  Properties config = with_prefix(settings, "producer.");
  config.insert(settings.begin(), settings.end());
  FailOnError listener;
  const auto producer = broker.make_producer(config, listener);
  RecordBatch batch(kRows);
  while (fill(batch, topic, partitions)) send(*producer, batch, listener);
  producer->close(kTimeout);
}

void print(const Record& record) {
  write_int(record.partition);
  write_int(record.offset);
  write_text(record.key_wire);
  write_text(record.value_wire);
  write_int(static_cast<int32_t>(record.header_count));
  for (const Header& header : record.header_span()) {
    write_text(WireBytes::of(header.key));
    write_text(header.wire);
  }
}

void read(Broker& broker, const std::string& topic, const Properties& settings) {
  OffsetMap left = broker.make_admin(settings)->end_offsets(topic, kTimeout);
  std::erase_if(left, [](const auto& entry) { return raw(entry.second) == 0; });
  Properties config = with_prefix(settings, "consumer.");
  config.insert(settings.begin(), settings.end());
  config["group.id"] = "log-tool-" + topic;
  config["auto.offset.reset"] = "earliest";
  config["enable.auto.commit"] = "false";
  NoListener listener;
  const auto consumer = broker.make_consumer(config);
  consumer->subscribe({topic}, listener);
  const auto deadline = std::chrono::steady_clock::now() + kTimeout;
  RecordBatch batch(kRows);
  while (!left.empty()) {
    if (std::chrono::steady_clock::now() > deadline) throw TimeoutException("reading " + topic);
    consumer->poll(batch, Millis{100});
    for (const Record& record : batch.records()) print(record);
    for (const Record& record : batch.records()) {
      const auto at = left.find({topic, record.partition});
      if (at != left.end() && record.offset + 1 >= raw(at->second)) left.erase(at);
    }
    batch.reset();
  }
  consumer->close(kTimeout);
}

Properties settings_of(int argc, char** argv) {
  Properties settings;
  for (int i = 3; i < argc; ++i) {
    const std::string_view pair(argv[i]);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) throw ConfigException(std::string("no KEY=VALUE: ") + argv[i]);
    settings[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  return settings;
}

int run(int argc, char** argv) {
  if (argc < 3) throw ConfigException("log_tool write|read TOPIC KEY=VALUE...");
  std::ios::sync_with_stdio(false);
  logging::set_line_writer([](std::string_view line) { std::cerr << line; });
  const std::string action = argv[1];
  const Properties settings = settings_of(argc, argv);
  const auto broker = settings.contains("embedded.log.dir")
                          ? embedded::open_embedded_broker(settings)
                          : kafka::make_kafka_broker(settings);
  if (action == "write") {
    write(*broker, argv[2], settings);
  } else {
    read(*broker, argv[2], settings);
  }
  std::cout.flush();
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  try {
    return millrace::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << millrace::describe(error) << '\n';
    return 1;
  }
}
