#include "runtime/worker/task_factory.h"

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"
#include "runtime/pipeline/log_reporter.h"
#include "runtime/pipeline/polled_forms.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.Worker");
  return instance;
}

constexpr std::string_view kDefaultHeaderConverter =
    "org.apache.kafka.connect.storage.SimpleHeaderConverter";
constexpr std::string_view kJson = "org.apache.kafka.connect.json.JsonConverter";

/// Class and settings of one converter. A class in the connector switches the whole prefix to the
/// connector's settings (connect-data.md §3).
struct ConverterChoice {
  std::string class_name;
  Properties settings;
};

ConverterChoice choose(const Properties& worker, const Properties& connector,
                       const std::string& key) {
  const std::string* own = find(connector, key);
  const Properties& origin = own != nullptr ? connector : worker;
  const std::string* name = own != nullptr ? own : find(worker, key);
  ConverterChoice choice;
  if (name != nullptr) choice.class_name = *name;
  choice.settings = with_prefix(origin, key + ".");
  logger().info("Set up the {} {} using the {} config", key, choice.class_name,
                own != nullptr ? "connector" : "worker");
  return choice;
}

}  // namespace

std::unique_ptr<Connector> TaskFactory::make_connector() const {
  const std::string* name = find(spec_.connector_config, "connector.class");
  return require_connector(services_.plugins, name != nullptr ? *name : "").connector();
}

std::unique_ptr<ErrorHandler> TaskFactory::make_error_handler(std::stop_token stop) const {
  const auto config = ErrorHandlingConfig::parse(spec_.connector_config);
  auto handler = std::make_unique<ErrorHandler>(config, std::move(stop));
  const bool is_sink = find(spec_.task_config, "topics") != nullptr ||
                       find(spec_.task_config, "topics.regex") != nullptr;
  if (config.log_enable) {
    handler->add_reporter(
        std::make_unique<LogReporter>(spec_.id, is_sink, config.log_include_messages));
  }
  return handler;
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

NamedConverter<Converter> TaskFactory::make_converter(Side side) const {
  const std::string key = side == Side::Key ? "key.converter" : "value.converter";
  ConverterChoice choice = choose(services_.worker_config, spec_.connector_config, key);
  choice.settings["converter.type"] = side == Side::Key ? "key" : "value";
  const PluginClass& plugin =
      require_plugin(services_.plugins, PluginKind::Converter, choice.class_name);
  NamedConverter<Converter> named{plugin.class_name, plugin.converter()};
  named.converter->configure(choice.settings, side);
  return named;
}

NamedConverter<HeaderConverter> TaskFactory::make_header_converter() const {
  ConverterChoice choice =
      choose(services_.worker_config, spec_.connector_config, "header.converter");
  if (choice.class_name.empty()) choice.class_name = kDefaultHeaderConverter;
  choice.settings["converter.type"] = "header";
  const PluginClass& plugin =
      require_plugin(services_.plugins, PluginKind::HeaderConverter, choice.class_name);
  NamedConverter<HeaderConverter> named{plugin.class_name, plugin.header_converter()};
  named.converter->configure(choice.settings);
  return named;
}

Converters TaskFactory::make_converters() const {
  return {make_converter(Side::Key), make_converter(Side::Value), make_header_converter()};
}

std::unique_ptr<Predicate> TaskFactory::make_predicate(const std::string& alias) const {
  const std::string prefix = "predicates." + alias + ".";
  Properties settings = with_prefix(spec_.connector_config, prefix);
  const std::string* name = find(settings, "type");
  if (name == nullptr) {
    throw ConfigException("Predicate '" + alias + "' is used by a transformation, but " + prefix +
                          "type is not set; declare it under `predicates`");
  }
  auto predicate =
      require_plugin(services_.plugins, PluginKind::Predicate, *name).predicate();
  settings.erase("type");
  predicate->configure(settings);
  return predicate;
}

TransformationChain TaskFactory::make_chain() const {
  TransformationChain chain;
  for (const std::string& alias : split_list(find(spec_.connector_config, "transforms"))) {
    Properties settings = with_prefix(spec_.connector_config, "transforms." + alias + ".");
    const std::string* name = find(settings, "type");
    const PluginClass& plugin = require_plugin(services_.plugins, PluginKind::Transformation,
                                               name != nullptr ? *name : "");
    TransformationStage stage;
    stage.class_name = plugin.class_name;
    if (const std::string* predicate = find(settings, "predicate")) {
      stage.predicate = make_predicate(*predicate);
    }
    const std::string* negate = find(settings, "negate");
    stage.negate = negate != nullptr && *negate == "true";
    for (const char* own : {"type", "predicate", "negate"}) settings.erase(own);
    stage.transformation = plugin.transformation();
    stage.transformation->configure(settings);
    chain.add(std::move(stage));
  }
  return chain;
}

Pipeline TaskFactory::make_pipeline(ErrorHandler& errors) const {
  return Pipeline(make_converters(), make_chain(), errors);
}

}  // namespace millrace
