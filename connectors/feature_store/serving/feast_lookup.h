#pragma once
// `/get-online-features` of Feast (feature-store-sink.md §13.2): answers are columns.

#include <optional>
#include <string>
#include <vector>

#include "connectors/feature_store/serving/columns.h"
#include "connectors/feature_store/serving/freshness.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

/// Columns of a request that are entities: join key and values, all of one length.
struct EntityColumns {
  struct Column {
    std::string_view name;
    std::span<const Value> values;
  };
  std::vector<Column> columns = {};
  size_t rows = 0;

  /// Throws RequestError for what is no object of lists of one length, and above `max_rows`. `what`
  /// names it.
  void read(const Value* object, std::string_view what, size_t max_rows);
  const Column* find(std::string_view name) const noexcept;
};

/// The column with the values of a primary key feature: under a join key of the view, or its own
/// name.
const EntityColumns::Column* key_column(const FeastView& view, std::string_view feature,
                                        const EntityColumns& columns);

/// Used by one thread.
class FeastReader {
 public:
  explicit FeastReader(Workspace& work) : work_(work) {}

  /// Appends a body and gives its status, or nullopt: to wait. Throws RequestError.
  std::optional<int> read(const Call& call, std::string& out, Waiting& waiting);

 private:
  static constexpr uint32_t kNoLookup = UINT32_MAX;
  static constexpr uint32_t kBadKey = UINT32_MAX - 1;
  static constexpr size_t kKeptBytes = size_t{1}
                                       << 20;  // of all columns, over the end of a request

  /// Rows of one view.
  struct Source {
    const FeastView* view = nullptr;
    const FeatureGroup* group = nullptr;
    StoredTablePtr table = {};
    std::vector<std::string_view> names = {};  // features, as asked for
    std::vector<uint32_t> results = {};        // their columns in the answer
    std::vector<uint32_t> places = {};         // lookups, row by row
  };
  /// What of an answer's column has been written.
  struct Result {
    std::string name = {};
    std::string values = {};
    std::string statuses = {};
    uint32_t source = 0;
  };

  void read_features(const Value& body);
  void add_feature(std::string_view text, bool full_names);
  void check_names() const;
  void add_keys(Source& source);
  uint32_t add_key(const Source& source, std::span<const EntityColumns::Column* const> key,
                   size_t row);
  void write_row(Source& source, uint32_t place, std::string& timestamps);
  void append_entity(const EntityColumns::Column& column, std::string& out) const;
  void append_answer(std::string& out);
  void trim();

  Workspace& work_;
  ColumnsCache columns_;
  CatalogPtr catalog_;
  EntityColumns entities_;
  std::vector<Source> sources_;
  std::vector<Result> results_;  // the first result_count_ ones are in use
  size_t result_count_ = 0;
  std::vector<std::string> timestamps_;  // by source
  std::vector<Cell> row_;
};

}  // namespace millrace::feature_store
