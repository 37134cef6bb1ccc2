#pragma once
// One scrape in Prometheus' text format 0.0.4.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// What Kafka's attributes are called (millrace.metrics.names).
enum class MetricNames {
  Jmx,     // default rule of the JMX exporter: kafka_connect_<type>_<attribute>
  Strimzi  // the rules of Strimzi's examples: shorter, and only some attributes
};
/// `jmx` or `strimzi`; throws ConfigException otherwise.
MetricNames parse_metric_names(std::string_view text);

/// `a="x",b="y"` with escaped values; ready to be used for many samples.
std::string metric_labels(
    std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

/// Collects samples in any order and writes them by name. Control thread, one per scrape.
class MetricPage {
 public:
  explicit MetricPage(MetricNames names) : names_(names) {}

  /// An attribute of the bean `kafka.connect:type=<group>` whose tags are `labels`
  /// (metric_labels()). Left out if the chosen names have no place for it.
  void attribute(std::string_view group, std::string_view labels, std::string_view attribute,
                 double value);
  /// A metric with a name of its own. `type`: gauge, counter, histogram. A sample of a histogram
  /// has its `suffix` (_bucket, _sum, _count).
  void add(std::string_view name, std::string_view type, std::string_view help,
           std::string_view labels, double value, std::string_view suffix = {});
  MetricNames names() const noexcept { return names_; }
  std::string text() const;

 private:
  struct Family {
    std::string type;
    std::string help;
    std::string samples;
  };
  static void add_sample(Family& family, std::string_view name, std::string_view labels,
                         double value);

  MetricNames names_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace millrace
