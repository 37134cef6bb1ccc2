#pragma once
// `feature_store` and `batch_feature_store` (feature-store-sink.md §13.1).

#include <optional>
#include <string>
#include <vector>

#include "connectors/feature_store/serving/freshness.h"
#include "connectors/feature_store/serving/request_error.h"
#include "connectors/feature_store/serving/view_plan.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

/// Used by one thread.
class VectorReader {
 public:
  explicit VectorReader(Workspace& work) : work_(work) {}

  /// Both append a body and give its status, or nullopt: to wait. They throw RequestError.
  std::optional<int> one(const Call& call, std::string& out, Waiting& waiting);
  std::optional<int> batch(const Call& call, std::string& out, Waiting& waiting);

 private:
  static constexpr uint32_t kNoLookup = UINT32_MAX;
  enum class Status : uint8_t { Complete, Missing, Error };
  struct Options {
    bool validate_passed = true;
    bool detailed = false;
    bool names = false;
    bool types = false;
  };
  struct Fault {
    ErrorCode code = ErrorCode::BadInput;
    std::string_view name = {};
    const char* reason = nullptr;  // null: there is none
    explicit operator bool() const noexcept { return reason != nullptr; }
  };
  /// One vector: its entry, and what was passed with it.
  struct Item {
    const Value* entry = nullptr;
    const Value* passed = nullptr;  // null: nothing
    uint32_t first = 0;             // of its places, one for each part
    Fault fault = {};
  };
  struct Shown {
    const PlannedField* field = nullptr;  // null: JSON as it came, or null
    Cell cell = {};
    const Value* json = nullptr;
  };

  ViewPlan& open(const Value& body);
  Options options_of(const Value& body) const;
  static const Value* entry_value(const EntryNames& names, const Value& entry) noexcept;
  static bool has_key(const ViewPart& part, const Value& entry) noexcept;
  Fault check_entry(const ViewPlan& plan, const Value& entry) const;
  Fault check_passed(const ViewPlan& plan, const Value* passed, bool validate) const;
  Fault add_keys(ViewPlan& plan, Item& item);
  void prepare(ViewPlan& plan, const Options& options, Item& item);
  bool is_found(uint32_t place);
  void read_items(ViewPlan& plan, const Options& options, const Value& body);
  Fault collect_part(ViewPart& part, const ViewPlan& plan, const Item& item, uint32_t place);
  Fault collect(ViewPlan& plan, const Item& item, Status& status);
  Status append_item(ViewPlan& plan, Item& item, std::string& out);
  void append_features(const ViewPlan& plan, std::string& out);
  void append_metadata(const ViewPlan& plan, const Options& options, std::string& out) const;
  void append_details(const ViewPlan& plan, const Item& item, std::string& out);
  void append_all_details(const ViewPlan& plan, std::string& out);
  static std::string_view status_text(Status status) noexcept;
  [[noreturn]] static void refuse(const Fault& fault);

  Workspace& work_;
  ViewPlans plans_;
  std::vector<Item> items_;
  std::vector<Status> statuses_;
  std::vector<uint32_t> places_;  // lookups of items, part by part
  std::vector<Shown> shown_;      // of one item, by slot
  std::vector<Cell> row_;
};

}  // namespace millrace::feature_store
