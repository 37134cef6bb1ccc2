#pragma once
// The configuration behind `millrace transform`.

#include <memory>
#include <string>

#include "millrace/properties.h"
#include "runtime/cli/transform_options.h"
#include "runtime/pipeline/error_handling.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/plugins/registry.h"

namespace millrace {

/// Everything a connector's pipeline needs. Throws ConfigException, whose message lists all errors
/// of the connector's configuration or the worker's, and what files and plugins throw.
class TransformSetup {
 public:
  explicit TransformSetup(const TransformOptions& options);

  bool is_sink() const noexcept { return is_sink_; }
  /// Of rows that do not name one; empty: each must.
  const std::string& topic() const noexcept { return topic_; }
  const PluginCatalog& plugins() const noexcept { return plugins_; }
  Pipeline& pipeline() noexcept { return *pipeline_; }
  const ErrorHandler& errors() const noexcept { return *errors_; }

 private:
  void load_worker(const std::string& file);
  void load_connector(const std::string& file);
  void choose_topic(const TransformOptions& options);

  PluginRegistry plugins_;
  Properties worker_;
  std::string override_policy_;
  Properties raw_worker_;
  std::string name_;
  Properties connector_;
  bool is_sink_ = false;
  std::string topic_;
  std::unique_ptr<ErrorHandler> errors_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace millrace
