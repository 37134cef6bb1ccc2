// Broker and admin of the embedded log, and the entry point of its shared object.

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/broker/embedded/embedded_consumer.h"
#include "runtime/broker/embedded/embedded_producer.h"

namespace millrace::embedded {
namespace {

class EmbeddedAdmin final : public BrokerAdmin {
 public:
  EmbeddedAdmin(std::shared_ptr<LogStore> store, std::shared_ptr<Groups> groups)
      : store_(std::move(store)), groups_(std::move(groups)) {}

  std::map<std::string, int32_t> describe_topics(std::span<const std::string> topics,
                                                 Millis) override {
    std::map<std::string, int32_t> found;
    for (const std::string& name : topics) {
      if (const auto info = store_->topic(name)) found.emplace(name, info->partitions);
    }
    return found;
  }
  bool create_topic(const NewTopic& topic, Millis) override { return store_->create_topic(topic); }
  OffsetMap group_offsets(const std::string& group, Millis) override {
    return store_->group_offsets(group);
  }
  void alter_group_offsets(const std::string& group, const OffsetMap& offsets, Millis) override {
    check_empty(group);
    for (const auto& [partition, offset] : offsets) check_exists(group, partition);
    std::map<TopicPartition, std::optional<Offset>> entries(offsets.begin(), offsets.end());
    store_->put_group_offsets(group, entries);
  }
  void delete_group_offsets(const std::string& group, std::span<const TopicPartition> partitions,
                            Millis) override {
    check_empty(group);
    std::map<TopicPartition, std::optional<Offset>> entries;
    for (const TopicPartition& partition : partitions) entries.emplace(partition, std::nullopt);
    store_->put_group_offsets(group, entries);
  }
  void delete_group(const std::string& group, Millis timeout) override {
    std::vector<TopicPartition> partitions;
    for (const auto& [tp, offset] : store_->group_offsets(group)) partitions.push_back(tp);
    delete_group_offsets(group, partitions, timeout);
  }
  std::optional<Properties> topic_config(const std::string& topic, Millis) override {
    const auto info = store_->topic(topic);
    if (!info) return std::nullopt;
    // What keeps everything is as good as compacted, and there is nothing else that compact means
    // here.
    const bool keeps = info->retention_ms == -1 && info->retention_bytes == -1;
    return Properties{{"cleanup.policy", keeps ? "compact" : "delete"}};
  }
  OffsetMap end_offsets(const std::string& topic, Millis) override {
    return bounds(topic, [](const auto& first_and_next) { return first_and_next.second; });
  }
  OffsetMap begin_offsets(const std::string& topic, Millis) override {
    return bounds(topic, [](const auto& first_and_next) { return first_and_next.first; });
  }

 private:
  template <class Which>
  OffsetMap bounds(const std::string& topic, const Which& which) const {
    OffsetMap offsets;
    const auto info = store_->topic(topic);
    for (int32_t p = 0; info && p < info->partitions; ++p) {
      offsets.emplace(TopicPartition{topic, p}, Offset{which(store_->bounds({topic, p}))});
    }
    return offsets;
  }
  void check_exists(const std::string& group, const TopicPartition& partition) const {
    const auto info = store_->topic(partition.topic);
    if (info && partition.partition >= 0 && partition.partition < info->partitions) return;
    throw KafkaException("altering offsets of group " + group + ": there is no partition " +
                         partition.to_string() + " (UNKNOWN_TOPIC_OR_PARTITION)");
  }
  void check_empty(const std::string& group) const {
    if (groups_->has_members(group)) {
      throw KafkaException("group " + group +
                           " still has members: its tasks have not stopped completely "
                           "(GROUP_NOT_EMPTY)");
    }
  }
  std::shared_ptr<LogStore> store_;
  std::shared_ptr<Groups> groups_;
};

class EmbeddedBroker final : public Broker {
 public:
  explicit EmbeddedBroker(const EmbeddedOptions& options)
      : store_(std::make_shared<LogStore>(options)), groups_(std::make_shared<Groups>(store_)) {}

  std::string cluster_id() override { return store_->cluster_id(); }
  std::unique_ptr<RecordProducer> make_producer(const Properties& config,
                                                DeliveryListener& listener) override {
    return std::make_unique<EmbeddedProducer>(store_, config, listener);
  }
  std::unique_ptr<RecordConsumer> make_consumer(const Properties& config) override {
    return std::make_unique<EmbeddedConsumer>(store_, groups_, config);
  }
  std::unique_ptr<BrokerAdmin> make_admin(const Properties&) override {
    return std::make_unique<EmbeddedAdmin>(store_, groups_);
  }

 private:
  std::shared_ptr<LogStore> store_;
  std::shared_ptr<Groups> groups_;
};

}  // namespace
}  // namespace millrace::embedded

extern "C" __attribute__((visibility("default"))) millrace::Broker* millrace_open_embedded_log(
    const millrace::Properties& worker, millrace::ErrorKind& kind, std::string& error) {
  using namespace millrace::embedded;
  try {
    return new EmbeddedBroker(EmbeddedOptions::def().parse(worker));
  } catch (const millrace::Error& failure) {
    kind = failure.kind();
    error = failure.what();
    return nullptr;
  } catch (const std::exception& failure) {
    kind = millrace::ErrorKind::Connect;
    error = failure.what();
    return nullptr;
  }
}
