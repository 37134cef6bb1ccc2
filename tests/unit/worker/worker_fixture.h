#pragma once
// A worker on a fake log, with connectors that do what the test says.

#include <gtest/gtest.h>

#include "connectors/converters/codec_converter.h"
#include "connectors/converters/json_codec.h"
#include "connectors/converters/simple_codecs.h"
#include "runtime/plugins/registry.h"
#include "runtime/storage/memory_offset_store.h"
#include "runtime/worker/native_worker.h"
#include "tests/unit/worker/fake_broker.h"
#include "tests/unit/worker/loop_executor.h"
#include "tests/unit/worker/test_connectors.h"

namespace millrace {

using namespace std::chrono_literals;

class RecordingListener final : public WorkerListener {
 public:
  void on_connector_status(const std::string&, Status status) override {
    connector = std::move(status);
  }
  void on_task_status(const ConnectorTaskId&, Status status) override {
    task = std::move(status);
    states.push_back(task->state);
  }
  void on_reconfiguration_requested(const std::string&) override {}
  void on_active_topic(const ConnectorTaskId&, const std::string& topic) override {
    topics.push_back(topic);
  }
  std::optional<Status> connector;
  std::optional<Status> task;
  std::vector<State> states;
  std::vector<std::string> topics;
};

class NativeWorkerTest : public testing::Test {
 protected:
  NativeWorkerTest() {
    Script::slot() = &script_;
    PluginTable table;
    table.connector<ScriptedSource>({"test.SourceConnector", "1"});
    table.connector<ScriptedSink>({"test.SinkConnector", "1"});
    table.converter<converters::CodecConverter<converters::StringCodec>>(
        {"org.apache.kafka.connect.storage.StringConverter"});
    table.header_converter<converters::CodecHeaderConverter<converters::SimpleHeaderCodec>>(
        {"org.apache.kafka.connect.storage.SimpleHeaderConverter"});
    table.converter<converters::CodecConverter<converters::JsonCodec>>(
        {"org.apache.kafka.connect.json.JsonConverter"});
    table.header_converter<converters::CodecHeaderConverter<converters::JsonCodec>>(
        {"org.apache.kafka.connect.json.JsonConverter"});
    table.converter<PickyConverter>({"test.PickyConverter"});
    table.transformation<PickyTransformation>({"test.PickyTransformation"});
    plugins_.add(table, "test");
    WorkerLimits limits;
    limits.offset_flush_interval = 20ms;
    limits.offset_flush_timeout = 2000ms;
    limits.graceful_shutdown = 3000ms;
    make(limits);
  }
  ~NativeWorkerTest() override {
    script_.release = true;
    stop();
    // Threads of abandoned tasks still use what the fixture owns.
    EXPECT_TRUE(control_.run_until([this] { return worker_->running_tasks() == 0; }));
  }

  void make(WorkerLimits limits) {
    worker_ = std::make_unique<NativeWorker>(
        WorkerServices{control_, broker_, offsets_, plugins_, settings_, "host:1", limits, {}, lease_},
        control_);
    worker_->set_listener(listener_);
  }
  void start_task(const std::string& kind, Properties extra = {},
                  TargetState target = TargetState::Started) {
    Properties config{{"name", "c"}, {"connector.class", "test." + kind + "Connector"}};
    config.merge(extra);
    Properties task{{"task.class", "test.Task"}};
    if (kind == "Sink") task["topics"] = "topic";
    worker_->start_task(kId, config, task, target, "hash");
  }
  bool reaches(State state) {
    return control_.run_until(
        [&] { return listener_.task && listener_.task->state == state; });
  }
  void stop() {
    bool done = false;
    worker_->stop_tasks({kId}, [&done](const Outcome<Done>&) { done = true; });
    EXPECT_TRUE(control_.run_until([&done] { return done; }));
  }
  std::vector<std::string> put() {
    const std::lock_guard lock(script_.mutex);
    return script_.put;
  }

  inline static const ConnectorTaskId kId{"c", 0};
  Script script_;
  LoopExecutor control_;
  FakeLog log_;
  FakeBroker broker_{log_};
  MemoryOffsetStore offsets_;
  PluginRegistry plugins_;
  Properties settings_{
      {"key.converter", "org.apache.kafka.connect.storage.StringConverter"},
      {"value.converter", "org.apache.kafka.connect.storage.StringConverter"}};
  std::shared_ptr<WorkLease> lease_ = std::make_shared<WorkLease>();
  RecordingListener listener_;
  std::unique_ptr<NativeWorker> worker_;
};

}  // namespace millrace
