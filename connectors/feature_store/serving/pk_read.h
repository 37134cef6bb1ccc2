#pragma once
// `pk-read`, `batch` and `scan` of RonDB's REST server (feature-store-sink.md §13.1).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/serving/columns.h"
#include "connectors/feature_store/serving/freshness.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

/// Used by one thread.
class PkReader {
 public:
  explicit PkReader(Workspace& work) : work_(work) {}

  /// All append a body and give its status, or nullopt: to wait. They throw RequestError.
  std::optional<int> read(const Call& call, std::string_view database, std::string_view table,
                          std::string& out, Waiting& waiting);
  std::optional<int> batch(const Call& call, std::string& out, Waiting& waiting);
  std::optional<int> scan(const Call& call, std::string_view database, std::string_view table,
                          std::string& out, Waiting& waiting);

 private:
  static constexpr size_t kNoLookup = SIZE_MAX;
  struct Operation {
    Value body = {};
    std::string_view id = {};
    StoredTablePtr table = {};
    size_t lookup = kNoLookup;
    int status = 200;  // of one that failed before rows were read
    std::string message = {};
  };

  const FeatureGroup& group_of(std::string_view database, std::string_view table);
  void prepare(std::string_view database, std::string_view table, Operation& operation);
  void prepare_batched(const Value& item, Operation& operation);
  void find_key(const FeatureGroup& group, const Value& body, Operation& operation);
  size_t key_prefix(const StoredTable& table, const Value& body, std::string& key);
  void read_names(const Value& body);
  bool append_row(const StoredTablePtr& table, const Lookup& row, std::string& out);
  int append_result(const Operation& operation, std::string& out);
  void append_batched(const Operation& operation, std::string& out);

  Workspace& work_;
  ColumnsCache columns_;
  std::vector<std::string_view> names_;  // readColumns; empty: all
  std::vector<Cell> row_;
  CatalogPtr catalog_;
};

}  // namespace millrace::feature_store
