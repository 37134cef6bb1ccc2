#include "runtime/worker/config_provider.h"

#include <algorithm>
#include <filesystem>
#include <regex>

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "runtime/core/properties_file.h"
#include "runtime/metrics/log.h"

extern char** environ;

namespace millrace {
namespace {

namespace fs = std::filesystem;

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.common.config.provider");
  return instance;
}

/// `allowed.paths`: absolute, existing folders or files that requests must lie in.
class AllowedPaths {
 public:
  explicit AllowedPaths(const Properties& params) {
    const std::string* list = find(params, "allowed.paths");
    if (list == nullptr || list->empty()) return;
    size_t start = 0;
    while (start <= list->size()) {
      const size_t comma = std::min(list->find(',', start), list->size());
      add(list->substr(start, comma - start));
      start = comma + 1;
    }
  }

  bool allows(const std::string& path) const {
    if (paths_.empty()) return true;
    const fs::path wanted = fs::path(path).lexically_normal();
    const bool inside = std::any_of(paths_.begin(), paths_.end(), [&](const fs::path& allowed) {
      const auto [end, rest] =
          std::mismatch(allowed.begin(), allowed.end(), wanted.begin(), wanted.end());
      return end == allowed.end();
    });
    if (!inside) logger().warn("The path {} is not allowed to be accessed", path);
    return inside;
  }

 private:
  void add(const std::string& text) {
    const fs::path path(text);
    if (!path.is_absolute()) throw ConfigException("Path " + text + " is not absolute");
    std::error_code error;
    if (!fs::exists(path, error)) throw ConfigException("Path " + text + " does not exist");
    fs::path normal = path.lexically_normal();
    if (!normal.has_filename()) normal = normal.parent_path();  // a trailing slash
    paths_.push_back(std::move(normal));
  }

  std::vector<fs::path> paths_;
};

class FileProvider final : public ConfigProvider {
 public:
  explicit FileProvider(const Properties& params) : allowed_(params) {}
  Properties get(const std::string& path, const std::vector<std::string>& keys) override {
    Properties found;
    if (path.empty() || !allowed_.allows(path)) return found;
    Properties all;
    try {
      all = read_properties_file(path, PropertiesEncoding::Utf8);
    } catch (const ConfigException&) {
      std::throw_with_nested(ConfigException("Could not read properties from file " + path));
    }
    for (const std::string& key : keys) {
      if (const std::string* value = find(all, key)) found.emplace(key, *value);
    }
    return found;
  }

 private:
  AllowedPaths allowed_;
};

class DirectoryProvider final : public ConfigProvider {
 public:
  explicit DirectoryProvider(const Properties& params) : allowed_(params) {}
  Properties get(const std::string& path, const std::vector<std::string>& keys) override {
    Properties found;
    std::error_code error;
    if (path.empty() || !allowed_.allows(path)) return found;
    if (!fs::is_directory(path, error)) {
      logger().warn("The path {} is not a directory", path);
      return found;
    }
    for (const std::string& key : keys) {
      // A key is a file name in the folder, never a way out of it.
      const fs::path file = fs::path(path) / key;
      std::string content;
      if (key.find('/') != std::string::npos || !fs::is_regular_file(file, error)) continue;
      if (read_file(file, content)) found.emplace(key, std::move(content));
    }
    return found;
  }

 private:
  AllowedPaths allowed_;
};

class EnvironmentProvider final : public ConfigProvider {
 public:
  explicit EnvironmentProvider(const Properties& params) {
    const std::string* pattern = find(params, "allowlist.pattern");
    const std::regex allowed(pattern != nullptr ? *pattern : ".*", std::regex::ECMAScript);
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text(*entry);
      const size_t equals = text.find('=');
      if (equals == std::string::npos) continue;
      std::string name = text.substr(0, equals);
      if (std::regex_match(name, allowed)) variables_.emplace(name, text.substr(equals + 1));
    }
  }
  Properties get(const std::string& path, const std::vector<std::string>& keys) override {
    if (!path.empty()) {
      throw ConfigException("Path is not supported for EnvVarConfigProvider, invalid value '" +
                            path + "'");
    }
    Properties found;
    for (const std::string& key : keys) {
      if (const std::string* value = find(variables_, key)) found.emplace(key, *value);
    }
    return found;
  }

 private:
  Properties variables_;
};

/// One `${provider:path:key}` in a text.
struct Variable {
  size_t begin;
  size_t end;
  std::string provider;
  std::string path;
  std::string key;
};

std::vector<Variable> find_variables(const std::string& text) {
  std::vector<Variable> found;
  size_t at = 0;
  while ((at = text.find("${", at)) != std::string::npos) {
    const size_t close = text.find('}', at);
    if (close == std::string::npos) break;
    const std::string inner = text.substr(at + 2, close - at - 2);
    const size_t first = inner.find(':');
    if (first == std::string::npos) {
      at += 2;
      continue;
    }
    const size_t second = inner.find(':', first + 1);
    Variable variable{at, close + 1, inner.substr(0, first), {}, inner.substr(first + 1)};
    if (second != std::string::npos) {
      variable.path = inner.substr(first + 1, second - first - 1);
      variable.key = inner.substr(second + 1);
    }
    found.push_back(std::move(variable));
    at = close + 1;
  }
  return found;
}

}  // namespace

std::unique_ptr<ConfigProvider> make_config_provider(const std::string& class_name,
                                                     const Properties& params) {
  std::string name = class_name.substr(class_name.rfind('.') + 1);
  const std::string suffix = "ConfigProvider";
  if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  if (name == "File") return std::make_unique<FileProvider>(params);
  if (name == "Directory") return std::make_unique<DirectoryProvider>(params);
  if (name == "EnvVar") return std::make_unique<EnvironmentProvider>(params);
  throw ConfigException("Invalid config provider class " + class_name +
                        "; available are FileConfigProvider, DirectoryConfigProvider and "
                        "EnvVarConfigProvider");
}

ConfigTransformer::ConfigTransformer(const Properties& worker) {
  const std::string* names = find(worker, "config.providers");
  if (names == nullptr || names->empty()) return;
  // Split without trimming, as Kafka does for the worker file.
  size_t start = 0;
  while (start <= names->size()) {
    const size_t comma = std::min(names->find(',', start), names->size());
    const std::string name = names->substr(start, comma - start);
    start = comma + 1;
    const std::string prefix = "config.providers." + name + ".";
    const std::string* class_name = find(worker, prefix + "class");
    if (class_name == nullptr) continue;
    providers_[name] = make_config_provider(*class_name, with_prefix(worker, prefix + "param."));
  }
}

Properties ConfigTransformer::resolve(const Properties& config) const {
  if (providers_.empty()) return config;
  // One look-up per provider and path, however many keys are wanted.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> wanted;
  for (const auto& [key, value] : config) {
    for (const Variable& variable : find_variables(value)) {
      if (providers_.contains(variable.provider)) {
        wanted[{variable.provider, variable.path}].push_back(variable.key);
      }
    }
  }
  std::map<std::pair<std::string, std::string>, Properties> found;
  for (const auto& [place, keys] : wanted) {
    found[place] = providers_.at(place.first)->get(place.second, keys);
  }
  Properties result = config;
  for (auto& [key, value] : result) {
    const std::vector<Variable> variables = find_variables(value);
    for (auto variable = variables.rbegin(); variable != variables.rend(); ++variable) {
      const auto place = found.find({variable->provider, variable->path});
      if (place == found.end()) continue;
      if (const std::string* text = find(place->second, variable->key)) {
        value.replace(variable->begin, variable->end - variable->begin, *text);
      }
    }
  }
  return result;
}

}  // namespace millrace
