#include "runtime/metrics/metric_page.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr std::string_view kWorkerGroup = "connect-worker-metrics";
constexpr std::string_view kGroupEnd = "-metrics";
// Ends of the task attributes that Strimzi's rules export.
constexpr std::array<std::string_view, 12> kStrimziEnds = {
    "-total",    "-count",     "-ms",     "-ratio",  "-avg",     "-failures",
    "-requests", "-timestamp", "-logged", "-errors", "-retries", "-skipped"};

std::string underscored(std::string_view text) {
  std::string name(text);
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
}

/// Empty: not exported.
std::string strimzi_name(std::string_view group, std::string_view attribute) {
  if (group == kWorkerGroup) return "kafka_connect_worker_" + underscored(attribute);
  if (group == "app-info") {
    return attribute == "start-time-ms" ? "kafka_connect_start_time_ms" : std::string();
  }
  const auto is_end = [attribute](std::string_view end) { return attribute.ends_with(end); };
  if (!group.ends_with(kGroupEnd)) return {};
  if (std::none_of(kStrimziEnds.begin(), kStrimziEnds.end(), is_end)) return {};
  group.remove_suffix(kGroupEnd.size());
  return "kafka_connect_" + underscored(group) + "_" + underscored(attribute);
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\') out += "\\\\";
    else if (c == '"') out += "\\\"";
    else if (c == '\n') out += "\\n";
    else out += c;
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) out += "NaN";
  else if (std::isinf(value)) out += value > 0 ? "+Inf" : "-Inf";
  else fmt::format_to(std::back_inserter(out), "{}", value);
}

}  // namespace

MetricNames parse_metric_names(std::string_view text) {
  if (text == "jmx") return MetricNames::Jmx;
  if (text == "strimzi") return MetricNames::Strimzi;
  throw ConfigException("millrace.metrics.names: `" + std::string(text) +
                        "` is neither jmx nor strimzi");
}

std::string metric_labels(
    std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped(text, value);
    text += '"';
  }
  return text;
}

void MetricPage::add_sample(Family& family, std::string_view name, std::string_view labels,
                            double value) {
  family.samples += name;
  if (!labels.empty()) {
    family.samples += '{';
    family.samples += labels;
    family.samples += '}';
  }
  family.samples += ' ';
  append_number(family.samples, value);
  family.samples += '\n';
}

void MetricPage::attribute(std::string_view group, std::string_view labels,
                           std::string_view attribute, double value) {
  const bool jmx = names_ == MetricNames::Jmx;
  const std::string name =
      jmx ? "kafka_connect_" + underscored(group) + "_" + underscored(attribute)
          : strimzi_name(group, attribute);
  if (name.empty()) return;
  Family& family = families_[name];
  if (family.type.empty()) {
    family.type = jmx ? "untyped" : "gauge";
    family.help = "Attribute " + std::string(attribute) + " of kafka.connect:type=" +
                  std::string(group) + ".";
  }
  add_sample(family, name, labels, value);
}

void MetricPage::add(std::string_view name, std::string_view type, std::string_view help,
                     std::string_view labels, double value, std::string_view suffix) {
  auto at = families_.find(name);
  if (at == families_.end()) {
    at = families_.emplace(name, Family{std::string(type), std::string(help), {}}).first;
  }
  add_sample(at->second, std::string(name) += suffix, labels, value);
}

std::string MetricPage::text() const {
  std::string text;
  for (const auto& [name, family] : families_) {
    text += "# HELP " + name + " " + family.help + "\n# TYPE " + name + " " + family.type + "\n";
    text += family.samples;
  }
  return text;
}

}  // namespace millrace
