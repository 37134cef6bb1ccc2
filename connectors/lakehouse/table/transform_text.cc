// Transforms as text, in the JSON of specs.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "millrace/text.h"

#include "connectors/lakehouse/table/partition_spec.h"

namespace millrace::lakehouse {
namespace {

constexpr std::array<std::pair<std::string_view, TransformKind>, 6> kPlain = {
    {{"identity", TransformKind::Identity},
     {"year", TransformKind::Year},
     {"month", TransformKind::Month},
     {"day", TransformKind::Day},
     {"hour", TransformKind::Hour},
     {"void", TransformKind::Void}}};

/// N of `name[N]`; 0 when the text is not that.
int32_t bracketed(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return 0;
  text.remove_prefix(name.size());
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return 0;
  return std::max(0, whole_number<int32_t>(text.substr(1, text.size() - 2)).value_or(0));
}

}  // namespace

Transform parse_transform(std::string_view text) {
  for (const auto& [name, kind] : kPlain) {
    if (text == name) return {kind, 0, std::string(text)};
  }
  if (const int32_t buckets = bracketed(text, "bucket")) {
    return {TransformKind::Bucket, buckets, std::string(text)};
  }
  if (const int32_t width = bracketed(text, "truncate")) {
    return {TransformKind::Truncate, width, std::string(text)};
  }
  return {TransformKind::Unknown, 0, std::string(text)};
}

std::string transform_text(const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::Bucket:
      return fmt::format("bucket[{}]", transform.parameter);
    case TransformKind::Truncate:
      return fmt::format("truncate[{}]", transform.parameter);
    case TransformKind::Unknown:
      return transform.text;
    default:
      break;
  }
  for (const auto& [name, kind] : kPlain) {
    if (transform.kind == kind) return std::string(name);
  }
  return transform.text;
}

}  // namespace millrace::lakehouse
