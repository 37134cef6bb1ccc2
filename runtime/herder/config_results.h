#pragma once
// Values and messages of a validation while it is under way.

#include <optional>
#include <string>
#include <vector>

#include "runtime/herder/connector_config.h"
#include "runtime/herder/herder.h"

namespace millrace {

/// Text of the error for a JSON null.
inline constexpr std::string_view kNullValue =
    "Null value can not be supplied as the configuration value.";

/// Results by key, in definition order.
class ConfigResults {
 public:
  /// Validates `config` against `definition`; nulls count as set, as in Kafka.
  ConfigResults(const ConfigDefinition& definition, const NullableConfig& config);

  ConfigKeyResult* find(std::string_view name);
  /// Adds a message to a key, which need not be defined.
  void add_error(const std::string& name, const std::optional<std::string>& value,
                 std::string message);
  const std::vector<ConfigKeyResult>& all() const noexcept { return results_; }
  std::vector<ConfigKeyResult>& all() noexcept { return results_; }

 private:
  std::vector<ConfigKeyResult> results_;
};

/// Set values of `config`.
Properties without_nulls(const NullableConfig& config);

/// Definitions in order, the later one of a name in the place of the earlier one.
class MergedKeys {
 public:
  void put(const ConfigKey& key);
  const std::vector<ConfigKey>& keys() const noexcept { return keys_; }
  bool contains(std::string_view name) const noexcept;

 private:
  std::vector<ConfigKey> keys_;
};

/// The answer for framework and connector keys: values without definition first, then definitions;
/// the last value of a name wins.
ConfigInfos to_config_infos(std::string name, const MergedKeys& keys,
                            const std::vector<ConfigKeyResult>& values,
                            std::vector<std::string> groups);
/// The answer for keys behind a prefix: one error per failing key, however many messages it has.
ConfigInfos to_prefixed_infos(const ConfigDefinition& definition,
                              const std::vector<ConfigKeyResult>& values,
                              const std::string& prefix);
/// Appends configs, error count and new groups of `part`.
void append(ConfigInfos& infos, ConfigInfos part);

}  // namespace millrace
