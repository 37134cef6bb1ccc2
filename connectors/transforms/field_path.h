#pragma once
// Where a field is: one name, or with `field.syntax.version=V2` names of nested structs or maps
// (org.apache.kafka.connect.transforms.field.SingleFieldPath).

#include <string>
#include <string_view>
#include <vector>

#include "connectors/transforms/data.h"

namespace millrace::transforms {

/// The row of `field.syntax.version`.
KeySpec field_syntax_spec();

/// Immutable after construction.
class FieldPath {
 public:
  FieldPath() = default;
  /// `version` is V1 or V2 in any case. Throws ConfigException for a backtick without its pair.
  FieldPath(std::string_view path, std::string_view version);

  const std::vector<std::string>& steps() const noexcept { return steps_; }

  /// The field's place in `schema`, in `out`: null when there is no such field.
  bool find_field(const Schema& schema, const Field*& out, Failure& failure) const;
  /// Value in a struct, null when some step is; structs on the way are read with defaults.
  bool value_of(const StructData& data, bool with_default, Value& out, Failure& failure) const;
  /// Value in a map of text keys, null when some step is.
  bool value_of_map(const Value& map, Value& out, Failure& failure) const;

 private:
  /// Kafka fails in this way on the empty path of V2, which has no steps.
  bool check_steps(Failure& failure) const;

  std::vector<std::string> steps_;
};

}  // namespace millrace::transforms
