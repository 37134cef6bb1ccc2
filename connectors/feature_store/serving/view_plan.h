#pragma once
// A feature view made ready for lookups: where each of its features comes from.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/serving/columns.h"
#include "connectors/feature_store/serving/row_source.h"

namespace millrace::feature_store {

/// One element of the answer.
struct ViewSlot {
  std::string name;  // prefix + feature
  std::string type;  // Hive text; empty: nobody knows yet
  FeatureKind kind = FeatureKind::String;
  int32_t key_index = -1;  // in the primary key of its group
};

/// Names a part of the primary key may have in `entries`, best first.
struct EntryNames {
  std::string serving_key;  // empty: none
  std::string prefixed;
  std::string bare;
};

/// Features of one group under one prefix: one row.
struct ViewPart {
  int64_t group_id = 0;
  std::string prefix = {};
  FeatureGroupPtr group = {};
  std::vector<EntryNames> key = {};
  std::vector<std::string_view> names = {};  // columns to read
  std::vector<uint32_t> slots = {};          // that they fill, in the same order
  StoredTablePtr table = {};                 // null: nothing stored yet
  std::vector<TableColumns> columns = {};    // one, when there is a table
};

/// Used by one thread: columns are found as schemas are met.
class ViewPlan {
 public:
  /// Throws RequestError when a group of the view is gone.
  ViewPlan(CatalogPtr catalog, const FeatureView& view, const RowSource& rows);

  /// Whether it may go on being used: the same catalog, the same tables.
  bool is_current(const Catalog& catalog, const RowSource& rows) const;

  const std::vector<ViewSlot>& slots() const noexcept { return slots_; }
  std::vector<ViewPart>& parts() noexcept { return parts_; }
  const std::vector<ViewPart>& parts() const noexcept { return parts_; }
  /// Whether an entry of this name can be part of a key.
  bool is_entry(std::string_view name) const;
  /// Null: the view has no such feature, or it is a label.
  const uint32_t* slot(std::string_view name) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class T>
  using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  uint32_t part_of(const FeatureView& view, const ViewFeature& feature);
  void add_slot(const ViewFeature& feature, uint32_t part);

  CatalogPtr catalog_;
  std::vector<ViewSlot> slots_;
  std::vector<ViewPart> parts_;
  ByName<uint32_t> by_name_;
  ByName<bool> entries_;
};

/// Plans of the views that a thread was asked for.
class ViewPlans {
 public:
  static constexpr size_t kMaxPlans = 1'024;  // forgotten all at once

  /// Valid until the next call. Throws RequestError: ViewAbsent, StoreAbsent, GroupAbsent.
  ViewPlan& find(const CatalogPtr& catalog, const RowSource& rows, std::string_view store,
                 std::string_view view, int32_t version);

 private:
  std::unordered_map<std::string, ViewPlan> plans_;
  std::string key_;
};

}  // namespace millrace::feature_store
