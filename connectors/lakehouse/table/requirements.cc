// Requirements of a change (iceberg-sink.md §6.3).

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "connectors/lakehouse/table/json_members.h"
#include "connectors/lakehouse/table/metadata.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kRequirement = "requirement";

bool same_uuid(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string place(std::optional<int64_t> snapshot_id) {
  return snapshot_id ? fmt::format("is at snapshot {}", *snapshot_id) : "does not exist";
}

std::string unmet_uuid(const TableMetadata& table, const Json& requirement) {
  const std::string wanted = members::text(requirement, "uuid", kRequirement);
  if (same_uuid(wanted, table.uuid())) return {};
  return fmt::format("the table is another one: its UUID is {}, not {}", table.uuid(), wanted);
}

std::string unmet_ref(const TableMetadata& table, const Json& requirement) {
  const std::string name = members::text(requirement, "ref", kRequirement);
  const auto wanted = members::optional_int64(requirement, "snapshot-id", kRequirement);
  const auto found = table.ref(name);
  if (found == wanted) return {};
  return fmt::format("reference {} {}, but the change wants that it {}", name, place(found),
                     place(wanted));
}

/// A number of the document that the requirement gives under another name.
std::string unmet_number(const TableMetadata& table, const Json& requirement,
                         std::string_view member, std::string_view name) {
  const int32_t wanted = members::int32(requirement, name, kRequirement);
  const int32_t found = members::int32(table.document(), member, kDocument);
  if (wanted == found) return {};
  return fmt::format("`{}` is {}, but the change was made for {}", member, found, wanted);
}

}  // namespace

std::string TableMetadata::unmet(const Json& requirement) const {
  const std::string type = members::text(requirement, "type", kRequirement);
  if (type == "assert-create") return "the table exists already";
  if (type == "assert-table-uuid") return unmet_uuid(*this, requirement);
  if (type == "assert-ref-snapshot-id") return unmet_ref(*this, requirement);
  struct Number {
    const char* type;
    const char* member;
    const char* name;
  };
  static constexpr Number kNumbers[] = {
      {"assert-last-assigned-field-id", "last-column-id", "last-assigned-field-id"},
      {"assert-current-schema-id", "current-schema-id", "current-schema-id"},
      {"assert-last-assigned-partition-id", "last-partition-id", "last-assigned-partition-id"},
      {"assert-default-spec-id", "default-spec-id", "default-spec-id"},
      {"assert-default-sort-order-id", "default-sort-order-id", "default-sort-order-id"}};
  for (const Number& number : kNumbers) {
    if (type == number.type) return unmet_number(*this, requirement, number.member, number.name);
  }
  throw UnsupportedException("requirement `" + type + "` is not known");
}

}  // namespace millrace::lakehouse
