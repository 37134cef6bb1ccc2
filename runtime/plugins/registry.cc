#include "runtime/plugins/registry.h"

#include <algorithm>
#include <tuple>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/nearest.h"
#include "runtime/plugins/loader.h"
#include "runtime/plugins/plugin_version.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLogger = "org.apache.kafka.connect.runtime.isolation.PluginScanner";

std::string version_text(const std::string& version) {
  return version.empty() ? "undefined" : version;
}

/// What is in a folder, sorted. Logs and gives nothing when it cannot be listed.
std::vector<fs::path> list(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error) {
    log(LogLevel::Error, kLogger,
        "Could not get listing for plugin path: " + folder.string() + ". Ignoring. " +
            error.message());
    return {};
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_named_like_a_plugin(const fs::path& path) {
  return path.extension() == ".so" && !is_folder(path);
}

}  // namespace

void PluginRegistry::load_path(const std::string& plugin_path) {
  for (const std::string& entry : split_list(&plugin_path)) {
    if (!entry.empty()) load_entry(entry);
  }
}

void PluginRegistry::load_entry(const fs::path& entry) {
  if (is_named_like_a_plugin(entry)) return load_file(entry);
  for (const fs::path& inner : list(entry)) {
    if (is_named_like_a_plugin(inner)) load_file(inner);
    if (!is_folder(inner)) continue;
    for (const fs::path& nested : list(inner)) {
      if (is_named_like_a_plugin(nested)) load_file(nested);
    }
  }
}

void PluginRegistry::load_file(const fs::path& file) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  // The same folder may be in the path twice, or be that of the shipped plugins.
  if (!error && !seen_.insert(real).second) return;
  const PluginFile kind = inspect_plugin(file);
  if (kind.kind == PluginFile::Kind::OtherLibrary) {
    log(LogLevel::Debug, kLogger, "Not a plugin of this worker: " + file.string());
    return;
  }
  if (kind.kind == PluginFile::Kind::Unusable) {
    return refuse(file, "Ignoring " + file.string() + " in the plugin path: " + kind.reason);
  }
  log(LogLevel::Info, kLogger, "Loading plugin from: " + file.string());
  try {
    add(load_plugin(file), file.string());
  } catch (const std::exception& failure) {
    refuse(file, failure.what());
  }
}

void PluginRegistry::refuse(const fs::path& file, const std::string& message) {
  refused_.insert_or_assign(file.string(), message);
  log(LogLevel::Error, kLogger, message);
}

void PluginRegistry::add(const PluginTable& table, const std::string& origin) {
  for (const PluginClass& plugin : table.classes()) add_class(plugin, origin);
}

void PluginRegistry::add_class(PluginClass plugin, const std::string& origin) {
  if (plugin.class_name.empty()) {
    log(LogLevel::Error, kLogger, "Ignoring a class without a name from " + origin);
    return;
  }
  auto& names = by_name_[plugin.kind];
  if (const auto known = names.find(plugin.class_name); known != names.end()) {
    PluginClass& other = *known->second;
    const bool is_newer = compare_versions(plugin.version, other.version) > 0;
    const PluginClass& loser = is_newer ? other : plugin;
    log(LogLevel::Warn, kLogger,
        "Class " + plugin.class_name + " was found twice, the second time in " + origin +
            "; ignoring version " + version_text(loser.version));
    if (is_newer) other = std::move(plugin);
    return;
  }
  PluginClass* added =
      classes_.emplace_back(std::make_unique<PluginClass>(std::move(plugin))).get();
  names.emplace(added->class_name, added);
  log(LogLevel::Info, kLogger, "Added plugin '" + added->class_name + "'");
  const std::string simple = simple_name(added->class_name);
  const std::string pruned = pruned_name(added->kind, added->class_name);
  add_alias(simple, added);
  if (pruned != simple) add_alias(pruned, added);
}

void PluginRegistry::add_alias(const std::string& alias, const PluginClass* plugin) {
  auto& owners = by_alias_[plugin->kind][alias];
  owners.push_back(plugin);
  if (owners.size() == 1) {
    log(LogLevel::Info, kLogger,
        "Added alias '" + alias + "' to plugin '" + plugin->class_name + "'");
  } else {
    log(LogLevel::Info, kLogger,
        "Ignoring ambiguous alias '" + alias + "': " + plugin->class_name + " has it too");
  }
}

const PluginClass* PluginRegistry::find(PluginKind kind, std::string_view name) const {
  if (const auto names = by_name_.find(kind); names != by_name_.end()) {
    const auto at = names->second.find(name);
    if (at != names->second.end()) return at->second;
  }
  const auto aliases = by_alias_.find(kind);
  if (aliases == by_alias_.end()) return nullptr;
  const auto at = aliases->second.find(name);
  return at == aliases->second.end() || at->second.size() > 1 ? nullptr : at->second.front();
}

const PluginClass* PluginRegistry::find_connector(std::string_view name) const {
  std::vector<const PluginClass*> matches;
  for (const PluginKind kind : {PluginKind::Sink, PluginKind::Source}) {
    if (const auto names = by_name_.find(kind); names != by_name_.end()) {
      const auto at = names->second.find(name);
      if (at != names->second.end()) return at->second;
    }
    const auto aliases = by_alias_.find(kind);
    if (aliases == by_alias_.end()) continue;
    const auto at = aliases->second.find(name);
    if (at == aliases->second.end()) continue;
    matches.insert(matches.end(), at->second.begin(), at->second.end());
  }
  if (matches.empty()) return nullptr;
  if (matches.size() == 1) return matches.front();
  std::string found;
  for (const PluginClass* match : matches) {
    found += (found.empty() ? "" : ", ") + plugin_desc_text(*match);
  }
  throw ConnectException(
      "More than one connector matches alias " + std::string(name) +
      ". Please use full package and class name instead. Classes found: " + found);
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
    for (std::string simple : {simple_name(class_name), pruned_name(kind, class_name)}) {
      if (by_simple.emplace(simple, class_name).second) simples.push_back(std::move(simple));
    }
  }
  std::vector<std::string> result;
  for (const std::string& simple : nearest_names(simple_name(name), simples, simples.size())) {
    const std::string& class_name = by_simple.at(simple);
    if (result.size() < limit &&
        std::find(result.begin(), result.end(), class_name) == result.end()) {
      result.push_back(class_name);
    }
  }
  return result;
}

}  // namespace millrace
