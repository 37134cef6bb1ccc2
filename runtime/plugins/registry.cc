#include "runtime/plugins/registry.h"

#include <algorithm>
#include <tuple>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "runtime/core/nearest.h"
#include "runtime/plugins/loader.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLogger = "org.apache.kafka.connect.runtime.isolation.PluginScanner";

/// Words an alias may drop from the end of a simple class name (PluginUtils.prunedName).
std::string_view suffix_of(PluginKind kind) noexcept {
  switch (kind) {
    case PluginKind::Sink:
    case PluginKind::Source: return "Connector";
    case PluginKind::Converter: return "Converter";
    case PluginKind::HeaderConverter: return "HeaderConverter";
    case PluginKind::Transformation: return "Transformation";
    case PluginKind::Predicate: return "Predicate";
  }
  return {};
}

std::string simple_name(std::string_view class_name) {
  return std::string(class_name.substr(class_name.find_last_of(".$") + 1));
}

bool without_suffix(std::string& name, std::string_view suffix) {
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

std::string pruned_name(PluginKind kind, std::string name) {
  if (without_suffix(name, suffix_of(kind))) return name;
  // Json, String, ... are header converters too, under the converter's alias.
  if (kind == PluginKind::HeaderConverter) without_suffix(name, "Converter");
  return name;
}

bool is_shared_object(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.path().extension() == ".so" && entry.is_regular_file(ignored);
}

}  // namespace

void PluginRegistry::load_path(const std::string& plugin_path) {
  for (const std::string& folder : split_list(&plugin_path)) {
    if (!folder.empty()) load_folder(folder);
  }
}

void PluginRegistry::load_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder, error) && folder.extension() == ".so") return load_file(folder);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_shared_object(entry)) files.push_back(entry.path());
    std::error_code inner;
    if (!entry.is_directory(inner)) continue;
    for (const auto& nested : fs::directory_iterator(entry.path(), inner)) {
      if (is_shared_object(nested)) files.push_back(nested.path());
    }
  }
  if (error) {
    log(LogLevel::Error, kLogger,
        "Could not get listing for plugin path: " + folder.string() + ". Ignoring. " +
            error.message());
    return;
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) load_file(file);
}

void PluginRegistry::load_file(const fs::path& file) {
  if (!exports_symbol(file, kPluginEntrySymbol)) {
    log(LogLevel::Debug, kLogger, "Not a plugin of this worker: " + file.string());
    return;
  }
  log(LogLevel::Info, kLogger, "Loading plugin from: " + file.string());
  try {
    add(load_plugin(file), file.string());
  } catch (const std::exception& error) {
    refused_.insert_or_assign(file.string(), error.what());
    log(LogLevel::Error, kLogger, error.what());
  }
}

void PluginRegistry::add(const PluginTable& table, const std::string& origin) {
  for (const PluginClass& plugin : table.classes()) add_class(plugin, origin);
}

void PluginRegistry::add_class(PluginClass plugin, const std::string& origin) {
  auto& names = by_name_[plugin.kind];
  if (names.contains(plugin.class_name)) {
    log(LogLevel::Warn, kLogger, "Ignoring a second " + plugin.class_name + " from " + origin);
    return;
  }
  const PluginClass* added =
      classes_.emplace_back(std::make_unique<PluginClass>(std::move(plugin))).get();
  names.emplace(added->class_name, added);
  log(LogLevel::Info, kLogger, "Added plugin '" + added->class_name + "'");
  const std::string simple = simple_name(added->class_name);
  // Nested classes such as HoistField$Value have no alias: their simple names collide.
  if (added->class_name.find('$') != std::string::npos) return;
  add_alias(added->kind, simple, added);
  const std::string pruned = pruned_name(added->kind, simple);
  if (pruned != simple) add_alias(added->kind, pruned, added);
}

void PluginRegistry::add_alias(PluginKind kind, const std::string& alias,
                               const PluginClass* plugin) {
  const auto [at, is_new] = by_alias_[kind].emplace(alias, plugin);
  if (is_new) {
    log(LogLevel::Info, kLogger, "Added alias '" + alias + "' to plugin '" + plugin->class_name + "'");
  } else {
    at->second = nullptr;
    log(LogLevel::Info, kLogger, "Ignoring ambiguous alias '" + alias + "'");
  }
}

const PluginClass* PluginRegistry::find(PluginKind kind, std::string_view name) const {
  for (const auto* index : {&by_name_, &by_alias_}) {
    const auto names = index->find(kind);
    if (names == index->end()) continue;
    const auto at = names->second.find(name);
    if (at != names->second.end()) return at->second;
  }
  return nullptr;
}

const PluginClass* PluginRegistry::find_connector(std::string_view name) const {
  const PluginClass* source = find(PluginKind::Source, name);
  const PluginClass* sink = find(PluginKind::Sink, name);
  if (source != nullptr && sink != nullptr) {
    throw ConnectException("More than one connector matches alias " + std::string(name) +
                           ". Please use full package and class name instead. Classes found: " +
                           source->class_name + ", " + sink->class_name);
  }
  return source != nullptr ? source : sink;
}

std::vector<const PluginClass*> PluginRegistry::all() const {
  std::vector<const PluginClass*> result;
  for (const auto& plugin : classes_) result.push_back(plugin.get());
  std::sort(result.begin(), result.end(), [](const PluginClass* a, const PluginClass* b) {
    return std::tie(a->kind, a->class_name, a->version) <
           std::tie(b->kind, b->class_name, b->version);
  });
  return result;
}

std::vector<std::string> PluginRegistry::nearest(PluginKind kind, std::string_view name,
                                                 size_t limit) const {
  // Compared by simple name, so that a wrong package does not hide the right class.
  std::map<std::string, std::string> by_simple;
  std::vector<std::string> simples;
  const auto names = by_name_.find(kind);
  if (names == by_name_.end()) return {};
  for (const auto& [class_name, plugin] : names->second) {
    for (std::string simple : {simple_name(class_name), pruned_name(kind, simple_name(class_name))}) {
      if (by_simple.emplace(simple, class_name).second) simples.push_back(std::move(simple));
    }
  }
  std::vector<std::string> result;
  for (const std::string& simple : nearest_names(simple_name(name), simples, limit)) {
    const std::string& class_name = by_simple.at(simple);
    if (std::find(result.begin(), result.end(), class_name) == result.end()) {
      result.push_back(class_name);
    }
  }
  return result;
}

}  // namespace millrace
