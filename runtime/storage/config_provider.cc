#include "runtime/storage/config_provider.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "millrace/errors.h"
#include "millrace/java_regex.h"
#include "millrace/properties_file.h"
#include "runtime/core/atomic_file.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPackage = "org.apache.kafka.common.config.provider.";

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.common.config.provider");
  return instance;
}

/// `allowed.paths`: which paths a provider may read. Compared lexically, component by component.
class AllowedPaths {
 public:
  explicit AllowedPaths(const Properties& params) {
    const std::string* text = find(params, "allowed.paths");
    if (text == nullptr || text->empty()) return;
    paths_.emplace();
    size_t start = 0;
    while (start <= text->size()) {
      // Elements are not trimmed, as in Kafka.
      const size_t comma = std::min(text->find(',', start), text->size());
      add(text->substr(start, comma - start));
      start = comma + 1;
    }
  }

  /// Normalised path, or nullopt when it is not allowed.
  std::optional<fs::path> check(const std::string& path) const {
    const fs::path wanted = fs::path(path).lexically_normal();
    if (!paths_) return wanted;
    for (const fs::path& allowed : *paths_) {
      const auto [end, ignored] =
          std::mismatch(allowed.begin(), allowed.end(), wanted.begin(), wanted.end());
      if (end == allowed.end()) return wanted;
    }
    return std::nullopt;
  }

 private:
  void add(const std::string& text) {
    const fs::path path(text);
    if (!path.is_absolute()) throw ConfigException("Path " + text + " is not absolute");
    std::error_code error;
    if (!fs::exists(path, error)) throw ConfigException("Path " + text + " does not exist");
    std::string normal = path.lexically_normal().string();
    while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    paths_->emplace_back(normal);
  }

  std::optional<std::vector<fs::path>> paths_;
};

class FileProvider final : public ConfigProvider {
 public:
  explicit FileProvider(const Properties& params) : allowed_(params) {}

  Properties get(const std::string& path, const std::set<std::string>& keys) const override {
    if (path.empty()) return {};
    const auto file = allowed_.check(path);
    if (!file) {
      logger().warn("The path {} is not allowed to be accessed; see allowed.paths", path);
      return {};
    }
    Properties found;
    try {
      found = read_properties_file(*file, PropertiesEncoding::Utf8);
    } catch (const Error&) {
      std::throw_with_nested(ConfigException("Could not read properties from file " + path));
    }
    std::erase_if(found, [&keys](const auto& entry) { return !keys.contains(entry.first); });
    return found;
  }

 private:
  AllowedPaths allowed_;
};

class DirectoryProvider final : public ConfigProvider {
 public:
  explicit DirectoryProvider(const Properties& params) : allowed_(params) {}

  Properties get(const std::string& path, const std::set<std::string>& keys) const override {
    if (path.empty()) return {};
    const auto folder = allowed_.check(path);
    std::error_code error;
    if (!folder) {
      logger().warn("The path {} is not allowed to be accessed; see allowed.paths", path);
      return {};
    }
    if (!fs::is_directory(*folder, error)) {
      logger().warn("The path {} is not a directory", path);
      return {};
    }
    Properties found;
    for (const std::string& key : keys) {
      // A key is a file name in this folder, never a way out of it.
      if (key.empty() || key.find('/') != std::string::npos) continue;
      if (!fs::is_regular_file(*folder / key, error)) continue;
      read(*folder / key, found[key]);
    }
    return found;
  }

 private:
  static void read(const fs::path& file, std::string& out) {
    try {
      if (!read_file(file, out)) throw ConnectException("it has vanished");
    } catch (const Error&) {
      std::throw_with_nested(
          ConfigException("Could not read file " + file.string() + " for a config provider"));
    }
  }

  AllowedPaths allowed_;
};

class EnvVarProvider final : public ConfigProvider {
 public:
  EnvVarProvider(const Properties& params, Properties environment)
      : environment_(std::move(environment)) {
    const std::string* pattern = find(params, "allowlist.pattern");
    if (pattern == nullptr) return;
    try {
      const JavaRegex allowed(*pattern);
      std::erase_if(environment_, [&allowed](const auto& entry) {
        return !allowed.matches(entry.first);
      });
    } catch (const Error& error) {
      throw ConfigException("Invalid value " + *pattern +
                            " for configuration allowlist.pattern: Invalid regex: " + error.what());
    }
  }

  Properties get(const std::string& path, const std::set<std::string>& keys) const override {
    if (!path.empty()) {
      throw ConfigException("Path is not supported for EnvVarConfigProvider, invalid value '" +
                            path + "'");
    }
    Properties found;
    for (const std::string& key : keys) {
      if (const std::string* value = find(environment_, key)) found.emplace(key, *value);
    }
    return found;
  }

 private:
  Properties environment_;
};

Properties process_environment() {
  Properties variables;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

/// `File` for every spelling of FileConfigProvider: class name, simple name, alias.
std::string_view short_name(std::string_view class_name) {
  constexpr std::string_view kSuffix = "ConfigProvider";
  if (class_name.starts_with(kPackage)) class_name.remove_prefix(kPackage.size());
  if (class_name.ends_with(kSuffix)) class_name.remove_suffix(kSuffix.size());
  return class_name;
}

}  // namespace

std::unique_ptr<ConfigProvider> make_config_provider(std::string_view class_name,
                                                     const Properties& params) {
  const std::string_view name = short_name(class_name);
  if (name == "File") return std::make_unique<FileProvider>(params);
  if (name == "Directory") return std::make_unique<DirectoryProvider>(params);
  if (name == "EnvVar") return make_env_var_provider(params, process_environment());
  return nullptr;
}

std::unique_ptr<ConfigProvider> make_env_var_provider(const Properties& params,
                                                      Properties environment) {
  return std::make_unique<EnvVarProvider>(params, std::move(environment));
}

}  // namespace millrace
