#include "runtime/worker/task_factory.h"

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/pipeline/polled_forms.h"

namespace millrace {
namespace {

constexpr std::string_view kJson = "org.apache.kafka.connect.json.JsonConverter";

}  // namespace

std::unique_ptr<Connector> TaskFactory::make_connector() const {
  const std::string* name = find(spec_.connector_config, "connector.class");
  return require_connector(services_.plugins, name != nullptr ? *name : "").connector();
}

std::unique_ptr<ErrorHandler> TaskFactory::make_error_handler(bool is_sink,
                                                              std::stop_token stop) const {
  return pipelines().make_error_handler(spec_.id, is_sink, std::move(stop));
}

std::unique_ptr<DeadLetterQueue> TaskFactory::make_dead_letter_queue(std::stop_token stop) const {
  auto config = DeadLetterConfig::parse(spec_.connector_config);
  if (config.topic_name.empty()) return nullptr;
  return std::make_unique<DeadLetterQueue>(services_, spec_, std::move(config),
                                           std::make_unique<ConsumedForms>(), std::move(stop));
}

std::unique_ptr<DeadLetterQueue> TaskFactory::make_source_dead_letter_queue(
    std::stop_token stop) const {
  auto config = DeadLetterConfig::parse_source(spec_.connector_config);
  if (config.topic_name.empty()) return nullptr;
  const Properties settings{{"schemas.enable", "true"}};
  auto json = require_plugin(services_.plugins, PluginKind::Converter, kJson).converter();
  json->configure(settings, Side::Value);
  auto headers =
      require_plugin(services_.plugins, PluginKind::HeaderConverter, kJson).header_converter();
  headers->configure(settings);
  return std::make_unique<DeadLetterQueue>(
      services_, spec_, std::move(config),
      std::make_unique<PolledForms>(std::move(json), std::move(headers)), std::move(stop));
}

std::unique_ptr<TopicCreator> TaskFactory::make_topic_creator() const {
  auto groups = parse_topic_creation(services_.worker_config, spec_.connector_config);
  if (!groups) return nullptr;
  return std::make_unique<TopicCreator>(
      std::move(*groups), services_.broker.make_admin(task_admin_config(
                              services_.worker_config, spec_.id, spec_.connector_config)));
}

PipelineFactory TaskFactory::pipelines() const {
  return PipelineFactory(services_.plugins, services_.worker_config, spec_.connector_config);
}

Pipeline TaskFactory::make_pipeline(ErrorHandler& errors) const {
  return pipelines().make_pipeline(errors);
}

}  // namespace millrace
