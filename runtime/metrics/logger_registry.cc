#include "runtime/metrics/logger_registry.h"

#include <strings.h>

#include <mutex>
#include <utility>

namespace millrace::logging {
namespace {

constexpr std::string_view kRoot = "root";

bool is_root(std::string_view name) {
  return name.size() == kRoot.size() && strncasecmp(name.data(), kRoot.data(), kRoot.size()) == 0;
}

std::string_view canonical(std::string_view name) {
  return name.empty() || is_root(name) ? kRoot : name;
}

}  // namespace

LoggerRegistry::LoggerRegistry() : sink_(std::make_shared<LineSink>()) {
  configure(kRoot, Level::Info);
  // Kafka's shipped log configuration, so that GET /admin/loggers answers alike.
  configure("org.reflections", Level::Error);
}

LoggerRegistry& LoggerRegistry::instance() {
  // Never destroyed: threads and static destructors may log until the very end.
  static auto& registry = *new LoggerRegistry;
  return registry;
}

spdlog::logger& LoggerRegistry::get(std::string_view name) {
  name = canonical(name);
  {
    const std::shared_lock lock(mutex_);
    if (const auto it = entries_.find(name); it != entries_.end()) return *it->second.logger;
  }
  const std::unique_lock lock(mutex_);
  Entry* entry = find_or_create(name);
  return entry != nullptr ? *entry->logger : *entries_.find(kRoot)->second.logger;
}

LoggerRegistry::Entry& LoggerRegistry::create(std::string_view name) {
  const auto it = entries_.emplace(std::string(name), Entry{}).first;
  it->second.logger = std::make_shared<spdlog::logger>(std::string(name), sink_);
  if (name != kRoot) it->second.logger->set_level(to_spdlog(effective(name)));
  return it->second;
}

LoggerRegistry::Entry* LoggerRegistry::find_or_create(std::string_view name) {
  if (const auto it = entries_.find(name); it != entries_.end()) return &it->second;
  return entries_.size() < kMaxLoggers ? &create(name) : nullptr;
}

Level LoggerRegistry::effective(std::string_view name) const {
  while (true) {
    const auto it = entries_.find(name);
    if (it != entries_.end() && it->second.explicit_level) return *it->second.explicit_level;
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) break;
    name = name.substr(0, dot);
  }
  return entries_.find(kRoot)->second.explicit_level.value_or(Level::Info);
}

LevelInfo LoggerRegistry::info(std::string_view name, const Entry& entry) const {
  return {std::string(level_name(effective(name))), entry.last_modified};
}

std::map<std::string, LevelInfo> LoggerRegistry::levels() const {
  const std::shared_lock lock(mutex_);
  std::map<std::string, LevelInfo> result;
  for (const auto& [name, entry] : entries_) {
    if (entry.explicit_level) result.emplace(name, info(name, entry));
  }
  return result;
}

std::optional<LevelInfo> LoggerRegistry::level(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  name = canonical(name);
  const auto it = entries_.find(name);
  if (it == entries_.end()) return std::nullopt;
  return info(name, it->second);
}

std::vector<std::string> LoggerRegistry::set_level(std::string_view name_space, Level level,
                                                   int64_t now_ms) {
  const std::unique_lock lock(mutex_);
  name_space = canonical(name_space);
  find_or_create(name_space);
  const bool all = name_space == kRoot;
  std::vector<std::string> affected;
  std::vector<Entry*> changed;  // decided before any change: children may inherit
  for (auto& [name, entry] : entries_) {
    if (!all && !std::string_view(name).starts_with(name_space)) continue;
    affected.push_back(name);
    if (effective(name) != level) changed.push_back(&entry);
  }
  for (Entry* entry : changed) {
    entry->explicit_level = level;
    entry->last_modified = now_ms;
  }
  refresh_inherited();
  return affected;
}

void LoggerRegistry::configure(std::string_view name, Level level) {
  const std::unique_lock lock(mutex_);
  if (Entry* entry = find_or_create(canonical(name))) entry->explicit_level = level;
  refresh_inherited();
}

void LoggerRegistry::refresh_inherited() {
  for (auto& [name, entry] : entries_) entry.logger->set_level(to_spdlog(effective(name)));
}

}  // namespace millrace::logging
