// Predicates: HasHeaderKey, RecordIsTombstone, TopicNameMatches.

#include <algorithm>
#include <optional>

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"
#include "connectors/transforms/topic_cache.h"
#include "millrace/java_regex.h"

namespace millrace::transforms {
namespace {

class HasHeaderKey final : public Predicate {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }
  void configure(const Properties& config) override { options_ = rows().parse(config); }
  bool test(const Record& record) const override {
    const auto headers = record.header_span();
    return std::any_of(headers.begin(), headers.end(),
                       [this](const Header& header) { return header.key == options_.name; });
  }

 private:
  struct Options {
    std::string name;
  };
  static const ConfigDef<Options>& rows() {
    static const ConfigDef<Options> def = ConfigDef<Options>().required(
        &Options::name, {.name = "name",
                         .importance = Importance::Medium,
                         .doc = "Name of the header a record must have at least once.",
                         .validator = non_empty_string()});
    return def;
  }
  Options options_;
};

class RecordIsTombstone final : public Predicate {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition none;
    return none;
  }
  void configure(const Properties&) override {}
  bool test(const Record& record) const override { return record.value.value.is_null(); }
};

ConfigValidator non_empty_regex() {
  return {[](const ConfigValue& value) {
            const std::string why = non_empty_string().check(value);
            return why.empty() ? valid_regex().check(value) : why;
          },
          "non-empty string,valid regex"};
}

class TopicNameMatches final : public Predicate {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }
  void configure(const Properties& config) override {
    pattern_.emplace(rows().parse(config).pattern);
  }
  bool test(const Record& record) const override {
    if (record.topic.data() == nullptr) return false;
    return answers_.get(record.topic,
                        [this](std::string_view topic) { return pattern_->matches(topic); });
  }

 private:
  struct Options {
    std::string pattern;
  };
  static const ConfigDef<Options>& rows() {
    static const ConfigDef<Options> def = ConfigDef<Options>().required(
        &Options::pattern, {.name = "pattern",
                            .importance = Importance::Medium,
                            .doc = "Java regular expression the whole topic name must match.",
                            .validator = non_empty_regex()});
    return def;
  }
  std::optional<JavaRegex> pattern_;
  mutable TopicCache<bool> answers_;  // one task thread tests
};

template <class P>
void add(PluginTable& table, const std::string& name) {
  table.predicate<P>({kPackage + ("predicates." + name), kVersion});
}

}  // namespace

void register_predicates(PluginTable& table) {
  add<HasHeaderKey>(table, "HasHeaderKey");
  add<RecordIsTombstone>(table, "RecordIsTombstone");
  add<TopicNameMatches>(table, "TopicNameMatches");
}

}  // namespace millrace::transforms
