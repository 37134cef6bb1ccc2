#pragma once
// InsertField: facts about the record, or a fixed text, as fields of it (connect-data.md §4).

#include <optional>
#include <string>
#include <vector>

#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

class InsertField {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config);
  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& side, Failure& failure);

 private:
  enum class Source : uint8_t { Topic, Partition, Offset, Timestamp, Static };
  struct Insertion {
    Source source;
    std::string name;
    bool optional;
  };
  struct Plan {
    SchemaPtr schema;
    std::vector<uint32_t> slots;  // of each insertion
  };

  void add(Source source, const std::optional<std::string>& spec);
  Plan derive(const Schema& schema) const;
  /// Null when the record has no such fact.
  Value fact(Source source, const Record& record, bool logical, Arena& arena) const;
  bool apply_schemaless(const Record& record, SchemaAndValue& side, Arena& arena,
                        Failure& failure);
  bool apply_with_schema(const Record& record, SchemaAndValue& side, RecordBatch& batch,
                         Failure& failure);

  std::vector<Insertion> insertions_;  // in the order they are appended
  bool offset_ = false;                // one of them is the offset
  std::string static_value_;
  bool replace_null_ = true;
  PlanCache<Plan> schemas_;
  JavaMapOrder order_;
};

}  // namespace millrace::transforms
