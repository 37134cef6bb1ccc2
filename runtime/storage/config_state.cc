#include "runtime/storage/config_state.h"

#include "millrace/base64.h"
#include "runtime/storage/json_members.h"

namespace millrace {
namespace {

std::optional<int32_t> count_of(const Value* value) {
  const auto count = json_int32(value);
  return count && *count >= 0 ? count : std::nullopt;
}

bool is_true(const Value* value) {
  return value != nullptr && value->type() == Type::Boolean && value->as_bool();
}

/// The `properties` of a record. Null settings are left out; other values than text make it
/// malformed.
std::optional<Properties> properties_of(const Value* value) {
  const Value* map = json_member(value, "properties");
  if (map == nullptr || map->type() != Type::Map) return std::nullopt;
  Properties properties;
  for (const MapEntry& entry : map->as_map()) {
    if (entry.value.is_null()) continue;
    if (entry.value.type() != Type::String) return std::nullopt;
    properties.emplace(entry.key.as_string(), entry.value.as_string());
  }
  return properties;
}

std::optional<TargetState> target_of(const Value* value) {
  std::optional<std::string> name = json_text(json_member(value, "state.v2"));
  if (!name) name = json_text(json_member(value, "state"));
  if (!name) return std::nullopt;
  for (const TargetState state :
       {TargetState::Started, TargetState::Paused, TargetState::Stopped}) {
    if (*name == target_state_name(state)) return state;
  }
  return std::nullopt;
}

}  // namespace

ConfigState::Taken ConfigState::apply(int64_t offset, std::string_view key,
                                      std::optional<std::string_view> value) {
  Arena arena;
  Value parsed;
  if (value && !parse_json(*value, arena, parsed).empty()) return Taken::Malformed;
  state_.offset = offset + 1;
  const Value* content = value && !parsed.is_null() ? &parsed : nullptr;
  return std::visit([&](const auto& kind) { return on(kind, content); },
                    config_record::parse_key(key));
}

ConfigState::Taken ConfigState::on(const config_record::Unknown&, const Value*) {
  return Taken::Ignored;
}

ConfigState::Taken ConfigState::on(const config_record::Target& key, const Value* value) {
  const std::string& connector = key.connector;
  if (value == nullptr) {
    state_.targets.erase(connector);
    if (state_.contains(connector)) state_.targets[connector] = TargetState::Started;
    return Taken::Yes;
  }
  const auto target = target_of(value);
  if (!target) return Taken::Malformed;
  const auto before = state_.targets.find(connector);
  const bool changed = before == state_.targets.end() || before->second != *target;
  state_.targets[connector] = *target;
  if (listener_ != nullptr && changed && state_.contains(connector)) {
    listener_->on_target_state(connector);
  }
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::ConnectorConfig& key, const Value* value) {
  const std::string& connector = key.connector;
  if (value == nullptr) {
    forget(connector);
    if (listener_ != nullptr) listener_->on_connector_removed(connector);
    return Taken::Yes;
  }
  auto config = properties_of(value);
  if (!config) return Taken::Malformed;
  state_.connectors[connector] = *std::move(config);
  state_.targets.try_emplace(connector, TargetState::Started);
  if (listener_ != nullptr) listener_->on_connector_config(connector);
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::TaskConfig& key, const Value* value) {
  if (value == nullptr) return Taken::Ignored;
  auto config = properties_of(value);
  if (!config) return Taken::Malformed;
  deferred_[key.id.connector][key.id] = *std::move(config);
  state_.uncommitted.insert(key.id.connector);
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::Commit& key, const Value* value) {
  const std::string& connector = key.connector;
  if (!state_.contains(connector)) {
    // What compaction left of a deleted connector.
    forget(connector);
    return Taken::Ignored;
  }
  const auto count = count_of(json_member(value, "tasks"));
  if (!count) return Taken::Malformed;
  auto& deferred = deferred_[connector];
  bool complete = true;
  for (int32_t task = 0; task < *count && complete; ++task) {
    complete = deferred.contains({connector, task});
  }
  std::vector<ConnectorTaskId> ids;
  if (!complete) {
    state_.inconsistent.insert(connector);
  } else {
    if (!deferred.empty()) {
      const auto [generation, first] = state_.task_generations.try_emplace(connector, 0);
      if (!first) ++generation->second;
    }
    for (auto& [id, config] : deferred) {
      ids.push_back(id);
      state_.tasks[id] = std::move(config);
    }
    state_.inconsistent.erase(connector);
    state_.applied[connector] = state_.connectors.at(connector);
  }
  deferred_.erase(connector);
  state_.uncommitted.erase(connector);
  state_.task_counts[connector] = *count;
  state_.pending_fencing.insert(connector);
  if (listener_ != nullptr) listener_->on_task_configs(connector, ids);
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::Restart& key, const Value* value) {
  if (value == nullptr || value->type() != Type::Map) return Taken::Ignored;
  if (listener_ != nullptr) {
    listener_->on_restart({key.connector, is_true(json_member(value, "include-tasks")),
                           is_true(json_member(value, "only-failed"))});
  }
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::TaskCount& key, const Value* value) {
  const auto count = count_of(json_member(value, "task-count"));
  if (!count) return value == nullptr ? Taken::Ignored : Taken::Malformed;
  state_.task_count_records[key.connector] = *count;
  state_.pending_fencing.erase(key.connector);
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::Session&, const Value* value) {
  if (value == nullptr) return Taken::Ignored;
  const auto encoded = json_text(json_member(value, "key"));
  const auto algorithm = json_text(json_member(value, "algorithm"));
  const Value* created = json_member(value, "creation-timestamp");
  SessionKey key;
  if (!encoded || !algorithm || created == nullptr || created->type() != Type::Int64 ||
      !decode_base64(*encoded, key.key)) {
    return Taken::Malformed;
  }
  key.algorithm = *algorithm;
  key.created_ms = created->as_int();
  state_.session_key = std::move(key);
  if (listener_ != nullptr) listener_->on_session_key();
  return Taken::Yes;
}

ConfigState::Taken ConfigState::on(const config_record::LoggerLevel& key, const Value* value) {
  if (value == nullptr) return Taken::Ignored;
  const auto level = json_text(json_member(value, "level"));
  if (!level) return Taken::Malformed;
  if (listener_ != nullptr) listener_->on_logger_level(key.name_space, *level);
  return Taken::Yes;
}

// Not the target state, the fencing records nor the mark of an inconsistent commit: a connector made
// again under this name inherits them, in Kafka too.
void ConfigState::forget(const std::string& connector) {
  state_.connectors.erase(connector);
  state_.task_counts.erase(connector);
  state_.applied.erase(connector);
  std::erase_if(state_.tasks,
                [&](const auto& entry) { return entry.first.connector == connector; });
  deferred_.erase(connector);
  state_.uncommitted.erase(connector);
}

}  // namespace millrace
