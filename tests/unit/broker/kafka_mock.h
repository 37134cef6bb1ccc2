#pragma once
// The client library's mock cluster, one per test.

#include <librdkafka/rdkafka_mock.h>

#include <string>

#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka::testing {

class MockCluster {
 public:
  MockCluster() {
    Conf conf(rd_kafka_conf_new());
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    host_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
    cluster_ = rd_kafka_mock_cluster_new(host_, 1);
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  rd_kafka_mock_cluster_t* get() const noexcept { return cluster_; }
  void create(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
  }
  void set_down(bool down) {
    down ? rd_kafka_mock_broker_set_down(cluster_, 1) : rd_kafka_mock_broker_set_up(cluster_, 1);
  }

  Properties producer(Properties more = {}) const {
    more.merge(Properties{{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
                          {"delivery.timeout.ms", "2147483647"},
                          {"enable.idempotence", "false"},
                          {"max.in.flight.requests.per.connection", "1"}});
    return more;
  }
  Properties consumer(const std::string& group, Properties more = {}) const {
    more.merge(Properties{{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
                          {"group.id", group},
                          {"auto.offset.reset", "earliest"},
                          // A group that has members rebalances after about this time here.
                          {"session.timeout.ms", "1200"},
                          {"heartbeat.interval.ms", "100"},
                          {"fetch.max.wait.ms", "20"}});
    return more;
  }

 private:
  rd_kafka_t* host_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace millrace::kafka::testing
