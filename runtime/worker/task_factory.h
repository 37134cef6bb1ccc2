#pragma once
// Makes what a task needs from its configuration: the connector that creates the task, converters,
// transformations, error handling. Runs on the task thread; failures fail the task.

#include <memory>
#include <stop_token>

#include "runtime/pipeline/pipeline_factory.h"
#include "runtime/worker/dead_letter_queue.h"
#include "runtime/worker/services.h"
#include "runtime/worker/topic_creation.h"

namespace millrace {

class TaskFactory {
 public:
  TaskFactory(const WorkerServices& services, const TaskSpec& spec)
      : services_(services), spec_(spec) {}

  std::unique_ptr<Connector> make_connector() const;
  /// With the log reporter when errors.log.enable is set.
  std::unique_ptr<ErrorHandler> make_error_handler(bool is_sink, std::stop_token stop) const;
  /// Of a sink, with its topic; null when errors.deadletterqueue.topic.name is not set.
  std::unique_ptr<DeadLetterQueue> make_dead_letter_queue(std::stop_token stop) const;
  /// The same of a source, by millrace.errors.deadletterqueue.topic.name.
  std::unique_ptr<DeadLetterQueue> make_source_dead_letter_queue(std::stop_token stop) const;
  /// Of a source; null when topics are left to the log.
  std::unique_ptr<TopicCreator> make_topic_creator() const;
  Pipeline make_pipeline(ErrorHandler& errors) const;

 private:
  PipelineFactory pipelines() const;

  const WorkerServices& services_;
  const TaskSpec& spec_;
};

}  // namespace millrace
