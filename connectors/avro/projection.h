#pragma once
// Decoding: from the schema a value was written with to the one it is read as (specification 1.11,
// "Schema Resolution").

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "connectors/avro/value.h"

namespace millrace::avro {

enum class FieldMatch : uint8_t {
  Name,     // as the specification says: by name, or alias of the reader's field
  FieldId,  // by the property `field-id`; and a fixed can be read as bytes
};

/// How to decode values of one schema as another. Immutable; may be shared.
class Projection {
 public:
  /// Values of the schema itself.
  explicit Projection(SchemaPtr schema) : Projection(schema, schema, FieldMatch::Name) {}
  /// Throws DataException when a default of `reader` does not fit its type. What does not fit between
  /// the schemas is reported when a value has it.
  Projection(SchemaPtr writer, SchemaPtr reader, FieldMatch match);

  /// The next value of `in`, with the reader's fields in the reader's order. Throws DataException.
  Value decode(Reader& in) const;

  const Schema& reader() const noexcept { return *reader_; }

 private:
  friend class ProjectionBuilder;
  friend class Decoder;

  struct Step;
  struct FieldStep {
    const Step* step = nullptr;  // null: skip
    const Node* written = nullptr;
    size_t target = 0;
  };
  struct Step {
    const Node* written = nullptr;
    const Node* read = nullptr;  // never a union
    bool fits = true;
    std::string missing = {};  // the reader's field that has no default, when that is why
    std::vector<const Step*> members = {};
    std::vector<FieldStep> fields = {};
    std::vector<std::pair<size_t, Value>> defaults = {};
  };

  SchemaPtr writer_;
  SchemaPtr reader_;
  std::deque<Step> steps_;
  const Step* root_ = nullptr;
};

/// A default of a schema, as JSON, as a value of `type` (of a union: its first branch, or, as writers
/// do it in spite of the specification, any that fits). Throws DataException.
Value value_from_json(const Node& type, const Json& json);

}  // namespace millrace::avro
