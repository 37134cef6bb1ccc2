#include "runtime/metrics/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include "millrace/log.h"
#include "runtime/metrics/log_levels.h"

namespace millrace::logging {
namespace {

thread_local std::string context;

/// `[2024-10-25 10:00:00,123] INFO [ctx] message (logger)`, Kafka's connect-log4j layout.
class KafkaFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_epoch = message.time.time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    const std::time_t seconds = spdlog::log_clock::to_time_t(message.time);
    if (seconds != cached_second_) {
      std::tm local{};
      localtime_r(&seconds, &local);
      cached_second_ = seconds;
      cached_length_ = std::strftime(cached_, sizeof cached_, "%Y-%m-%d %H:%M:%S", &local);
    }
    fmt::format_to(fmt::appender(out), "[{},{:03}] {} {}",
                   std::string_view(cached_, cached_length_), ms % 1000,
                   level_text(message.level), context);
    out.append(message.payload.begin(), message.payload.end());
    fmt::format_to(fmt::appender(out), " ({})\n",
                   std::string_view(message.logger_name.data(), message.logger_name.size()));
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<KafkaFormatter>();
  }

 private:
  char cached_[32] = {};
  size_t cached_length_ = 0;
  std::time_t cached_second_ = 0;
};

struct Entry {
  std::shared_ptr<spdlog::logger> logger;
  bool explicit_level = false;
  std::optional<int64_t> last_modified;
};

/// All loggers by name; `root` is the empty ancestor of all.
class Registry {
 public:
  Registry() : sink_(std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
    sink_->set_formatter(std::make_unique<KafkaFormatter>());
    const char* wanted = std::getenv("MILLRACE_LOG_LEVEL");
    const auto level = parse_level(wanted != nullptr ? wanted : "INFO");
    make(std::string(kRoot), level.value_or(spdlog::level::info)).explicit_level = true;
    make("org.reflections", spdlog::level::err).explicit_level = true;  // as Kafka's log config
  }

  Entry& get(std::string_view name) {
    const auto at = entries_.find(name);
    if (at != entries_.end()) return at->second;
    return make(std::string(name), inherited(name));
  }
  Entry* find(std::string_view name) {
    const auto at = entries_.find(name);
    return at == entries_.end() ? nullptr : &at->second;
  }
  std::map<std::string, Entry, std::less<>>& entries() noexcept { return entries_; }

  spdlog::level::level_enum inherited(std::string_view name) {
    while (true) {
      const size_t dot = name.rfind('.');
      if (dot == std::string_view::npos) return entries_.find(kRoot)->second.logger->level();
      name = name.substr(0, dot);
      const Entry* entry = find(name);
      if (entry != nullptr && entry->explicit_level) return entry->logger->level();
    }
  }

  std::mutex mutex;

 private:
  Entry& make(std::string name, spdlog::level::level_enum level) {
    auto logger = std::make_shared<spdlog::logger>(name, sink_);
    logger->set_level(level);
    logger->flush_on(spdlog::level::info);
    return entries_.emplace(std::move(name), Entry{std::move(logger), false, {}}).first->second;
  }

  spdlog::sink_ptr sink_;
  std::map<std::string, Entry, std::less<>> entries_;
};

Registry& registry() {
  static auto* instance = new Registry();  // never destroyed: threads may log until the end
  return *instance;
}

std::string canonical(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower == kRoot ? lower : std::string(name);
}

void plugin_sink(LogLevel level, std::string_view logger, std::string_view message) {
  static constexpr spdlog::level::level_enum kLevels[] = {
      spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
      spdlog::level::err};
  get(logger).log(kLevels[static_cast<size_t>(level)], spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace

spdlog::logger& get(std::string_view name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  return *all.get(name).logger;
}

Context::Context(std::string text) : previous_(std::exchange(context, std::move(text))) {}
Context::~Context() { context = std::move(previous_); }
const std::string& Context::current() noexcept { return context; }

void initialise() {
  registry();
  set_log_sink(plugin_sink);
}

std::map<std::string, LevelInfo> levels() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::map<std::string, LevelInfo> result;
  for (const auto& [name, entry] : all.entries()) {
    if (!entry.explicit_level) continue;
    result.emplace(name, LevelInfo{std::string(level_text(entry.logger->level())),
                                   entry.last_modified});
  }
  return result;
}

std::optional<LevelInfo> level(std::string_view name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const Entry* entry = all.find(canonical(name));
  if (entry == nullptr) return std::nullopt;
  return LevelInfo{std::string(level_text(entry->logger->level())), entry->last_modified};
}

std::vector<std::string> set_level(std::string_view name_space, std::string_view level_name,
                                   int64_t now_ms) {
  const auto level = parse_level(level_name);
  if (!level) return {};
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const std::string prefix = canonical(name_space);
  all.get(prefix);
  std::vector<std::string> changed;
  for (auto& [name, entry] : all.entries()) {
    if (prefix != kRoot && !std::string_view(name).starts_with(prefix)) continue;
    entry.logger->set_level(*level);
    entry.explicit_level = true;
    entry.last_modified = now_ms;
    changed.push_back(name);
  }
  return changed;
}

}  // namespace millrace::logging
