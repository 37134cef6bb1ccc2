#include "runtime/pipeline/pipeline_factory.h"

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/pipeline/log_reporter.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.Worker");
  return instance;
}

constexpr std::string_view kDefaultHeaderConverter =
    "org.apache.kafka.connect.storage.SimpleHeaderConverter";

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

std::unique_ptr<ErrorHandler> PipelineFactory::make_error_handler(const ConnectorTaskId& id,
                                                                  bool is_sink,
                                                                  std::stop_token stop) const {
  const auto config = ErrorHandlingConfig::parse(connector_);
  auto handler = std::make_unique<ErrorHandler>(config, std::move(stop));
  if (config.log_enable) {
    handler->add_reporter(
        std::make_unique<LogReporter>(id, is_sink, config.log_include_messages));
  }
  return handler;
}

NamedConverter<Converter> PipelineFactory::make_converter(Side side) const {
  const std::string key = side == Side::Key ? "key.converter" : "value.converter";
  ConverterChoice choice = choose(worker_, connector_, key);
  choice.settings["converter.type"] = side == Side::Key ? "key" : "value";
  const PluginClass& plugin =
      require_plugin(plugins_, PluginKind::Converter, choice.class_name);
  NamedConverter<Converter> named{plugin.class_name, plugin.converter()};
  named.converter->configure(choice.settings, side);
  return named;
}

NamedConverter<HeaderConverter> PipelineFactory::make_header_converter() const {
  ConverterChoice choice =
      choose(worker_, connector_, "header.converter");
  if (choice.class_name.empty()) choice.class_name = kDefaultHeaderConverter;
  choice.settings["converter.type"] = "header";
  const PluginClass& plugin =
      require_plugin(plugins_, PluginKind::HeaderConverter, choice.class_name);
  NamedConverter<HeaderConverter> named{plugin.class_name, plugin.header_converter()};
  named.converter->configure(choice.settings);
  return named;
}

Converters PipelineFactory::make_converters() const {
  return {make_converter(Side::Key), make_converter(Side::Value), make_header_converter()};
}

std::unique_ptr<Predicate> PipelineFactory::make_predicate(const std::string& alias) const {
  const std::string prefix = "predicates." + alias + ".";
  Properties settings = with_prefix(connector_, prefix);
  const std::string* name = find(settings, "type");
  if (name == nullptr) {
    throw ConfigException("Predicate '" + alias + "' is used by a transformation, but " + prefix +
                          "type is not set; declare it under `predicates`");
  }
  auto predicate =
      require_plugin(plugins_, PluginKind::Predicate, *name).predicate();
  settings.erase("type");
  predicate->configure(settings);
  return predicate;
}

TransformationChain PipelineFactory::make_chain() const {
  TransformationChain chain;
  for (const std::string& alias : split_list(find(connector_, "transforms"))) {
    Properties settings = with_prefix(connector_, "transforms." + alias + ".");
    const std::string* name = find(settings, "type");
    const PluginClass& plugin = require_plugin(plugins_, PluginKind::Transformation,
                                               name != nullptr ? *name : "");
    TransformationStage stage;
    stage.alias = alias;
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

Pipeline PipelineFactory::make_pipeline(ErrorHandler& errors) const {
  return Pipeline(make_converters(), make_chain(), errors);
}

}  // namespace millrace
