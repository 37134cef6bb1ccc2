#pragma once
// Partition transforms and specs (iceberg-sink.md §5.2, §5.9, §5.10).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/table/literal.h"
#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

enum class TransformKind : uint8_t { Identity, Bucket, Truncate, Year, Month, Day, Hour, Void, Unknown };

struct Transform {
  TransformKind kind = TransformKind::Identity;
  int32_t parameter = 0;  // buckets, or width
  std::string text = {};  // as written; what an Unknown one is kept as

  bool operator==(const Transform&) const = default;
};

/// `bucket[16]`, `day`, ...; never throws: what is not known is Unknown.
Transform parse_transform(std::string_view text);
std::string transform_text(const Transform& transform);
/// False when the transform does not take values of that type.
bool accepts(const Transform& transform, const Type& source);
TypePtr result_type(const Transform& transform, const TypePtr& source);
/// Null gives null. The transform accepts the type; a row's value, so nothing is allocated but for
/// text results.
Literal apply(const Transform& transform, const Literal& value, const Type& source);
/// As in the paths of data files: `2017-11-16`, `null`, ... not yet URL-encoded.
std::string human_text(const Transform& transform, const Literal& value, const Type& source);

/// murmur3_x86_32 with seed 0.
uint32_t murmur3(std::string_view bytes) noexcept;
/// Iceberg's hash of a value: what `bucket` takes modulo, before the sign bit is cleared.
uint32_t bucket_hash(const Literal& value, const Type& source);

struct PartitionField {
  int32_t source_id = 0;
  int32_t field_id = 0;  // 1000 and above
  std::string name;
  Transform transform;
};

struct PartitionSpec {
  int32_t id = 0;
  std::vector<PartitionField> fields;

  bool is_unpartitioned() const noexcept { return fields.empty(); }
  bool has_unknown_transform() const noexcept;
};
using PartitionSpecPtr = std::shared_ptr<const PartitionSpec>;

/// Partition values of a file, in the order of the spec's fields.
using PartitionValues = std::vector<Literal>;
/// `dt=2017-11-16/kind=a%2Fb`; empty for an unpartitioned spec.
std::string partition_path(const PartitionSpec& spec, const TableSchema& schema,
                           const PartitionValues& values);
/// `col`, `day(ts)`, `bucket(id, 16)`, ... separated by commas, as in Apache's `partition-by`, for a new
/// table: field ids from 1000 on, the default names. Throws ConfigException that names the part.
PartitionSpec parse_partition_by(std::string_view text, const TableSchema& schema);
/// The columns that it names, before there is a schema. Throws ConfigException for what cannot be read.
std::vector<std::string> partition_sources(std::string_view text);

}  // namespace millrace::lakehouse
