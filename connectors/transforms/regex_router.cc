// RegexRouter: renames the topics that match a pattern.

#include <optional>

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"
#include "connectors/transforms/topic_cache.h"
#include "millrace/java_regex.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::string regex;
  std::string replacement;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>()
          .required(&Options::regex, {.name = "regex",
                                      .importance = Importance::High,
                                      .doc = "Java regular expression the whole topic must match.",
                                      .validator = valid_regex()})
          .required(&Options::replacement,
                    {.name = "replacement",
                     .importance = Importance::High,
                     .doc = "New topic; `$1` or `${name}` stand for groups of the expression."});
  return def;
}

class RegexRouter {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }

  void configure(const Properties& config) {
    options_ = rows().parse(config);
    regex_.emplace(options_.regex);
  }

  bool apply(RecordBatch& batch, Record& record, Failure&) {
    const auto& renamed =
        topics_.get(record.topic, [this](std::string_view topic) { return rename(topic); });
    if (renamed) record.topic = batch.arena().copy(*renamed);
    return true;
  }

 private:
  /// Nothing when the topic does not match.
  std::optional<std::string> rename(std::string_view topic) const {
    if (!regex_->matches(topic)) return std::nullopt;
    return regex_->replace_first(topic, options_.replacement);
  }

  Options options_;
  std::optional<JavaRegex> regex_;
  TopicCache<std::optional<std::string>> topics_;
};

}  // namespace

void register_regex_router(PluginTable& table) {
  add_transformation<RegexRouter>(table, "RegexRouter");
}

}  // namespace millrace::transforms
