#pragma once
// All plugin classes of a worker: loaded from `plugin.path` and looked up by class name or alias.

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/plugins/plugin_catalog.h"

namespace millrace {

/// Filled at start-up by one thread, then read by any.
class PluginRegistry final : public PluginCatalog {
 public:
  /// Loads every plugin below the folders of a plugin.path: shared objects directly in a folder or
  /// in one of its subfolders, recognised by file name and by an ELF symbol, never by running them.
  /// Missing folders, damaged files and wrong ABI stamps are logged and passed over; the rest
  /// loads.
  void load_path(const std::string& plugin_path);
  /// Adds the classes of a table, e.g. one built into a test. `origin` appears in the log. Of
  /// several classes with one name the newest stays, the first of equals.
  void add(const PluginTable& table, const std::string& origin);
  /// Why files were refused, by path.
  const std::map<std::string, std::string>& refused() const noexcept { return refused_; }

  const PluginClass* find(PluginKind kind, std::string_view name) const override;
  const PluginClass* find_connector(std::string_view name) const override;
  std::vector<const PluginClass*> all() const override;
  std::vector<std::string> nearest(PluginKind kind, std::string_view name,
                                   size_t limit) const override;

 private:
  void load_entry(const std::filesystem::path& entry);
  void load_file(const std::filesystem::path& file);
  void refuse(const std::filesystem::path& file, const std::string& message);
  void add_class(PluginClass plugin, const std::string& origin);
  void add_alias(const std::string& alias, const PluginClass* plugin);

  using ByName = std::map<std::string, PluginClass*, std::less<>>;
  using ByAlias = std::map<std::string, std::vector<const PluginClass*>, std::less<>>;
  std::vector<std::unique_ptr<PluginClass>> classes_;
  std::map<PluginKind, ByName> by_name_;
  std::map<PluginKind, ByAlias> by_alias_;
  std::set<std::filesystem::path> seen_;  // files looked at, under their real paths
  std::map<std::string, std::string> refused_;
};

}  // namespace millrace
