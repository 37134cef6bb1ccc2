#pragma once
// The meaning of the config topic (KafkaConfigBackingStore, connect-cluster.md §1.3): records in, in
// order; a state and events out. No I/O, no clock; control thread only.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/value.h"
#include "runtime/storage/config_records.h"
#include "runtime/storage/config_snapshot.h"

namespace millrace {

/// A restart as its record has it.
struct RestartRecord {
  std::string connector;
  bool include_tasks = false;
  bool only_failed = false;
};

/// Hears of records read after the catch-up; called inside apply(), after the state has changed.
class ConfigListener {
 public:
  virtual ~ConfigListener() = default;
  virtual void on_connector_config(const std::string& connector) = 0;
  virtual void on_connector_removed(const std::string& connector) = 0;
  /// Ids whose configurations a commit brought.
  virtual void on_task_configs(const std::string& connector,
                               const std::vector<ConnectorTaskId>& ids) = 0;
  /// Only for known connectors, and only when it differs from before.
  virtual void on_target_state(const std::string& connector) = 0;
  virtual void on_session_key() = 0;
  virtual void on_restart(const RestartRecord& restart) = 0;
  virtual void on_logger_level(const std::string& name_space, const std::string& level) = 0;
};

class ConfigState {
 public:
  /// What apply() made of a record; the caller counts and logs what was not taken.
  enum class Taken : uint8_t { Yes, Ignored, Malformed };

  /// `value` nullopt is a tombstone. `offset` is the record's.
  Taken apply(int64_t offset, std::string_view key, std::optional<std::string_view> value);
  /// The topic has been read to its end once: from now on `listener` hears, which outlives this.
  void go_live(ConfigListener& listener) noexcept { listener_ = &listener; }

  /// Changes with apply().
  const ConfigSnapshot& state() const noexcept { return state_; }

 private:
  Taken on(const config_record::Unknown&, const Value* value);
  Taken on(const config_record::Target& key, const Value* value);
  Taken on(const config_record::ConnectorConfig& key, const Value* value);
  Taken on(const config_record::TaskConfig& key, const Value* value);
  Taken on(const config_record::Commit& key, const Value* value);
  Taken on(const config_record::Restart& key, const Value* value);
  Taken on(const config_record::TaskCount& key, const Value* value);
  Taken on(const config_record::Session&, const Value* value);
  Taken on(const config_record::LoggerLevel& key, const Value* value);

  void forget(const std::string& connector);

  ConfigSnapshot state_;
  /// Task records since the last commit of their connector.
  std::map<std::string, std::map<ConnectorTaskId, Properties>> deferred_;
  ConfigListener* listener_ = nullptr;
};

}  // namespace millrace
