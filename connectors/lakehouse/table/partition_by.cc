// `partition-by` of Apache's sink (iceberg-sink.md §2.1).

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/table/partition_spec.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr int32_t kFirstFieldId = 1000;

/// One part as written: `column`, or `function(column)`, or `function(column, number)`.
struct Part {
  std::string_view text;
  std::string_view function = {};
  std::string_view column = {};
  std::string_view number = {};
};

[[noreturn]] void refuse(const Part& part, std::string_view why) {
  throw ConfigException(fmt::format("partition-by: `{}` {}", part.text, why));
}

/// Commas in parentheses do not separate.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at == text.size() || (text[at] == ',' && depth == 0)) {
      parts.push_back(java_trim(text.substr(begin, at - begin)));
      begin = at + 1;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')') {
      --depth;
    }
  }
  return parts;
}

Part read(std::string_view text) {
  Part part{.text = text};
  const size_t open = text.find('(');
  if (open == std::string_view::npos) {
    part.column = text;
    if (text.empty()) refuse(part, "is empty: name a column");
    if (text.find(')') != std::string_view::npos) refuse(part, "has no opening parenthesis");
    return part;
  }
  if (text.back() != ')') refuse(part, "must end with a closing parenthesis");
  part.function = java_trim(text.substr(0, open));
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  const size_t comma = inside.find(',');
  part.column = java_trim(inside.substr(0, comma));
  if (comma != std::string_view::npos) part.number = java_trim(inside.substr(comma + 1));
  if (part.column.empty()) refuse(part, "names no column");
  return part;
}

Transform sized(const Part& part, TransformKind kind) {
  const int32_t number = whole_number<int32_t>(part.number).value_or(0);
  if (number <= 0) {
    refuse(part, "needs a number above 0, as in `bucket(id, 16)` or `truncate(name, 4)`");
  }
  Transform transform{kind, number};
  transform.text = transform_text(transform);
  return transform;
}

Transform transform_of(const Part& part) {
  if (part.function.empty() && part.text == part.column) return parse_transform("identity");
  if (part.function == "bucket") return sized(part, TransformKind::Bucket);
  if (part.function == "truncate") return sized(part, TransformKind::Truncate);
  if (!part.number.empty()) refuse(part, "takes no number");
  std::string_view name = part.function;
  if (name.ends_with('s')) name.remove_suffix(1);
  if (name == "year" || name == "month" || name == "day" || name == "hour") {
    return parse_transform(name);
  }
  refuse(part, "has a function that is not known: use year, month, day, hour, bucket or truncate");
}

/// A column, or by its path a member of structs: `a.b`.
const NestedField* find_source(std::string_view path, const std::vector<NestedField>& fields) {
  for (const NestedField& field : fields) {
    if (field.name == path) return &field;
    if (field.type->id != TypeId::Struct || !path.starts_with(field.name) ||
        path.size() <= field.name.size() || path[field.name.size()] != '.') {
      continue;
    }
    if (const auto* inner = find_source(path.substr(field.name.size() + 1), field.type->fields)) {
      return inner;
    }
  }
  return nullptr;
}

std::string default_name(std::string_view column, TransformKind kind) {
  switch (kind) {
    case TransformKind::Bucket:
      return fmt::format("{}_bucket", column);
    case TransformKind::Truncate:
      return fmt::format("{}_trunc", column);
    case TransformKind::Year:
      return fmt::format("{}_year", column);
    case TransformKind::Month:
      return fmt::format("{}_month", column);
    case TransformKind::Day:
      return fmt::format("{}_day", column);
    case TransformKind::Hour:
      return fmt::format("{}_hour", column);
    default:
      return std::string(column);
  }
}

bool is_time(TransformKind kind) noexcept {
  return kind >= TransformKind::Year && kind <= TransformKind::Hour;
}

/// Java refuses a second field that says no more than the first.
bool is_redundant(const PartitionField& a, const PartitionField& b) {
  return a.source_id == b.source_id &&
         (a.transform == b.transform || (is_time(a.transform.kind) && is_time(b.transform.kind)));
}

void check(const Part& part, const PartitionField& field, const PartitionSpec& spec,
           const TableSchema& schema) {
  for (const PartitionField& other : spec.fields) {
    if (is_redundant(field, other)) refuse(part, "partitions by what another part does already");
    if (field.name == other.name) {
      refuse(part, fmt::format("makes a second partition field `{}`", field.name));
    }
  }
  const NestedField* same = schema.column(field.name);
  if (same != nullptr &&
      (field.transform.kind != TransformKind::Identity || same->id != field.source_id)) {
    refuse(part,
           fmt::format("makes a partition field `{}`, but a column has that name", field.name));
  }
}

}  // namespace

std::vector<std::string> partition_sources(std::string_view text) {
  std::vector<std::string> columns;
  if (java_trim(text).empty()) return columns;
  for (std::string_view written : split(text)) {
    const Part part = read(written);
    transform_of(part);
    columns.emplace_back(part.column);
  }
  return columns;
}

PartitionSpec parse_partition_by(std::string_view text, const TableSchema& schema) {
  PartitionSpec spec;
  if (java_trim(text).empty()) return spec;
  for (std::string_view written : split(text)) {
    const Part part = read(written);
    Transform transform = transform_of(part);
    const NestedField* source = find_source(part.column, schema.fields);
    if (source == nullptr) refuse(part, "names a column that the table does not have");
    if (!accepts(transform, *source->type)) {
      refuse(part, fmt::format("does not fit: the column is of type {}", type_text(*source->type)));
    }
    PartitionField field{source->id, kFirstFieldId + static_cast<int32_t>(spec.fields.size()),
                         default_name(part.column, transform.kind), std::move(transform)};
    check(part, field, spec, schema);
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

}  // namespace millrace::lakehouse
