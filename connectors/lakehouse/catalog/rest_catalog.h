#pragma once
// Tables of a catalog server that speaks Iceberg's REST protocol (iceberg-sink.md §6.3).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/rest_client.h"

namespace millrace::lakehouse {

/// The server decides by a change's requirements alone: one without them replaces whatever is
/// there, but never another table of the same name.
class RestCatalog : public Catalog {
 public:
  static constexpr size_t kMaxKept = 256;  // tables whose metadata and connections are kept

  explicit RestCatalog(const Properties& settings);

  /// With all snapshots: positions may be in the summary of any ancestor.
  std::optional<LoadedTable> load(const TableName& table) override;
  LoadedTable create(const TableName& table, const NewTable& what) override;
  LoadedTable commit(const TableName& table, const LoadedTable& base,
                     const TableChange& change) override;

 private:
  struct Kept {
    std::string etag;
    std::optional<LoadedTable> table;  // what the server calls by that tag
    Properties storage;                // without credentials
    std::string location;
    std::shared_ptr<FileIO> files;
  };

  std::string namespace_path(const TableName& table, size_t levels);
  std::string table_path(const TableName& table);
  http::HttpResponse send(const std::string& action, const RestRequest& request);
  void make_namespaces(const TableName& table);
  /// Of an answer that has `metadata`, `metadata-location` and perhaps `config`.
  LoadedTable loaded(const TableName& table, const std::string& action,
                     const http::HttpResponse& response);
  std::shared_ptr<FileIO> files_for(const TableName& table, const std::string& location,
                                    const Json& answer);
  /// None: the server gave no tag.
  std::pair<std::string, std::optional<LoadedTable>> newest_kept(const TableName& table);

  const std::shared_ptr<RestClient> client_;  // outlives this in what renews credentials
  std::mutex mutex_;
  std::map<TableName, Kept> kept_;
};

/// The catalog's settings with those of an answer for one table: `config`, and of
/// `storage-credentials` the ones with the longest prefix of `location`.
Properties table_settings(const Properties& catalog, const Json& answer,
                          const std::string& location);

}  // namespace millrace::lakehouse
