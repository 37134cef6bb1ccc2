#pragma once
// How rows of one schema of one feature group are read (feature-store-sink.md §4, §6).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/model/feature_group.h"
#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/key_schema.h"

namespace millrace::avro {
class Reader;
}

namespace millrace::feature_store {

/// Why a record is not applied: `failure_type` of §14.
enum class FailureType : uint8_t {
  None,
  RowCreation,
  Metadata,
  FeatureGroupDeleted,
  Deserialization,
  UserData,
  Commit,
};
std::string_view failure_type_name(FailureType type) noexcept;  // ROW_CREATION, ...

struct Failure {
  FailureType type = FailureType::None;
  const char* reason = nullptr;  // static storage
  int32_t field = -1;            // of the plan; -1: no single one

  explicit operator bool() const noexcept { return type != FailureType::None; }
};

/// What one pass over a row found out.
struct ScannedRow {
  bool has_event_time = false;
  int64_t event_time_us = 0;
};

struct PlannedField {
  std::string name;
  FeatureType type;
  ColumnType column;
  const avro::Node* nested = nullptr;  // of Complex: the field's own schema, union included
  int32_t key_index = -1;              // in the primary key
  bool is_event_time = false;
  bool is_declared = false;  // the column's type is the user's word, not a default
  bool online = true;        // false: offlineOnly

  // How the wire has it.
  avro::Kind wire = avro::Kind::Null;  // without the union
  bool is_union = false;
  uint8_t null_branch = 0;  // of a union; the other branch is the value
  bool has_null = false;    // a union of one type has none
  bool millis = false;      // timestamp-millis
};

inline constexpr size_t kMaxKeyParts = 32;

struct PlanLimits {
  size_t max_nested_bytes = size_t{16} << 20;  // of one complex value
  bool check_lengths = true;                   // declared lengths, precisions, ranges
};

/// Immutable; any thread. Keeps its group and schema alive.
class RowPlan {
 public:
  /// `registered` is the schema of `schema_id` as the registry has it (complex types not yet bytes). The
  /// primary key's types are those of `key`, when the table has been made already. Throws DataException
  /// when the two do not fit: a primary key or event time that is no field, a root that is no record.
  RowPlan(FeatureGroupPtr group, int64_t schema_id, avro::SchemaPtr registered, PlanLimits limits = {},
          const KeySchema* key = nullptr);

  const FeatureGroup& group() const noexcept { return *group_; }
  const FeatureGroupPtr& group_ptr() const noexcept { return group_; }
  int64_t schema_id() const noexcept { return schema_id_; }
  const avro::SchemaPtr& schema() const noexcept { return schema_; }
  const std::vector<PlannedField>& fields() const noexcept { return fields_; }
  const KeySchema& key() const noexcept { return key_; }
  std::optional<size_t> field(std::string_view name) const;

  /// Checks the whole of `row`, byte for byte to its end, and appends its primary key to `key`, which is left
  /// as it was on failure. `is_delete`: nothing but the key is validated. Never throws; allocates only in
  /// `key`.
  Failure scan(std::string_view row, bool is_delete, std::string& key, ScannedRow& out) const;

  /// The cells of all fields, in order; `cells` has as many. For rows that scan() has accepted: false only for
  /// bytes that are no such row. Both encodings of a null complex value are Null.
  bool read(std::string_view row, std::span<Cell> cells) const noexcept;
  /// Only the fields `wanted` (ascending), and nothing behind the last of them is looked at.
  bool read(std::string_view row, std::span<const uint32_t> wanted, std::span<Cell> cells) const noexcept;

 private:
  /// What a pass over a row needs of a field, close together.
  struct Step {
    Cell::Kind kind;
    avro::Kind wire;
    bool is_union;
    bool has_null;
    uint8_t null_branch;
    bool millis;
    bool passing;  // nothing looks at the value when the row comes in
  };

  PlannedField plan_field(const avro::Field& written);
  Step step_of(const PlannedField& field) const noexcept;
  static void read_cell(const Step& step, avro::Reader& in, Cell& out) noexcept;
  Failure check(size_t i, const Cell& cell, bool is_delete) const noexcept;
  void plan_key(const KeySchema* key);
  Failure append_key(std::span<const Cell> parts, std::string& key) const;

  FeatureGroupPtr group_;
  int64_t schema_id_;
  avro::SchemaPtr schema_;
  std::vector<avro::SchemaPtr> nested_;  // of fields whose type only the group knows
  PlanLimits limits_;
  std::vector<PlannedField> fields_;
  std::vector<Step> steps_;  // of each field
  KeySchema key_;
  std::vector<uint32_t> key_fields_;  // by index in the key
};
using RowPlanPtr = std::shared_ptr<const RowPlan>;

}  // namespace millrace::feature_store
