#include "runtime/cli/transform_setup.h"

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "runtime/cli/shipped_plugins.h"
#include "runtime/herder/connector_file.h"
#include "runtime/herder/connector_validation.h"
#include "runtime/pipeline/pipeline_factory.h"
#include "runtime/storage/config_transformer.h"
#include "runtime/worker/topic_list.h"
#include "runtime/worker/worker_config.h"

namespace millrace {
namespace {

// The converters of Kafka's own connect-standalone.properties; they have no other default.
Properties sample_worker() {
  constexpr const char* kJson = "org.apache.kafka.connect.json.JsonConverter";
  return {{"key.converter", kJson}, {"value.converter", kJson}};
}

std::string with_key(const std::string& key, const std::string& message) {
  return "\n  " + key + ": " + message;
}

std::string errors_of(const ConfigDefinition& definition, const Properties& properties) {
  std::string text;
  for (const ConfigKeyResult& result : definition.validate(properties)) {
    for (const std::string& message : result.errors) text += with_key(result.name, message);
  }
  return text;
}

std::string errors_of(const ConfigInfos& infos) {
  std::string text;
  for (const ConfigInfo& info : infos.configs) {
    if (!info.value) continue;
    for (const std::string& message : info.value->errors) text += with_key(info.value->name, message);
  }
  return text;
}

void throw_if(const std::string& errors, const std::string& file) {
  if (!errors.empty()) throw ConfigException(file + " cannot be used:" + errors);
}

}  // namespace

TransformSetup::TransformSetup(const TransformOptions& options) {
  load_worker(options.worker_file);
  load_connector(options.connector_file);
  choose_topic(options);
  const PipelineFactory factory(plugins_, worker_, connector_);
  errors_ = factory.make_error_handler({name_, 0}, is_sink_, {});
  pipeline_ = std::make_unique<Pipeline>(factory.make_pipeline(*errors_));
}

void TransformSetup::load_worker(const std::string& file) {
  raw_worker_ = file.empty() ? sample_worker() : read_properties_file(file);
  plugins_.load_path(shipped_plugins());
  // Read before variables are resolved, as by the worker.
  if (const std::string* path = find(raw_worker_, "plugin.path")) plugins_.load_path(*path);
  worker_ = resolve_worker_config(raw_worker_);
  const auto& def = WorkerOptions::def();
  throw_if(errors_of(def.definition(), worker_), file);
  override_policy_ = def.parse(worker_).connector_client_config_override_policy;
}

void TransformSetup::load_connector(const std::string& file) {
  const ConnectorFile connector = read_connector_file(file);
  name_ = connector.name;
  const ConfigTransformer variables = ConfigTransformer::of(raw_worker_);
  const ConnectorValidator validator{plugins_, variables, override_policy_, worker_};
  const NullableConfig config(connector.config.begin(), connector.config.end());
  throw_if(errors_of(validator.validate(config)), file);
  connector_ = variables.resolve(connector.config);
  const PluginClass& plugin = require_connector(plugins_, *find(connector_, "connector.class"));
  is_sink_ = plugin.kind == PluginKind::Sink;
  if (!is_sink_) return;
  const auto sink = plugin.connector();
  connector_ = dynamic_cast<const SinkConnector&>(*sink).resolved(connector_);
}

void TransformSetup::choose_topic(const TransformOptions& options) {
  topic_ = options.topic;
  if (topic_.empty() && is_sink_) {
    const TopicSelection topics = select_topics(connector_);
    if (!topics.names.empty()) topic_ = topics.names.front();
  } else if (const std::string* topic = find(connector_, "topic"); topic_.empty() && topic) {
    topic_ = *topic;
  }
  if (topic_.empty() && !options.records) {
    throw ConfigException("the configuration names no topic for the rows; add --topic NAME");
  }
}

}  // namespace millrace
