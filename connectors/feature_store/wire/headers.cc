#include "connectors/feature_store/wire/headers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

const char* read_number(std::string_view text, int64_t& out, const char* error) noexcept {
  const auto number = whole_number<int64_t>(text);
  if (!number || *number < 0) return error;
  out = *number;
  return nullptr;
}

const char* read_storage(std::string_view text, StorageMark& out) noexcept {
  if (text == "online") {
    out = StorageMark::Online;
  } else if (text == "offline" || text == "0") {  // 0 and 1: older clients (§2)
    out = StorageMark::Offline;
  } else if (text == "1") {
    out = StorageMark::Both;
  } else {
    return "header storage is neither online nor offline";
  }
  return nullptr;
}

constexpr std::array<std::string_view, 7> kNames = {
    "featureGroupId", "subjectId", "projectId", "onlineIngestionId", "operation", "storage", "upsertIfNewer"};

/// `name` is an index of kNames.
const char* read_one(size_t name, std::string_view text, RecordHeaders& out) noexcept {
  switch (name) {
    case 0: return read_number(text, out.feature_group_id, "header featureGroupId is no number");
    case 1: return read_number(text, out.subject_id, "header subjectId is no number");
    case 2: return read_number(text, out.project_id, "header projectId is no number");
    case 3: return read_number(text, out.ingestion_id, "header onlineIngestionId is no number");
    case 4:
      if (text != "delete") return "header operation is not delete";
      out.operation = Operation::Delete;
      return nullptr;
    case 5: return read_storage(text, out.storage);
    default: out.upsert_if_newer = text == "1"; return nullptr;
  }
}

}  // namespace

RecordHeaders read_headers(const Record& record) noexcept {
  RecordHeaders out;
  std::array<bool, kNames.size()> seen = {};
  for (uint32_t i = record.header_count; i-- > 0;) {  // from the end: the last of a name counts
    const Header& header = record.headers[i];
    const auto at = std::find(kNames.begin(), kNames.end(), header.key);
    if (at == kNames.end()) continue;
    const auto name = static_cast<size_t>(at - kNames.begin());
    if (std::exchange(seen[name], true) || header.wire.is_null()) continue;
    const char* error = read_one(name, header.wire.text(), out);
    if (error != nullptr) out.error = error;
  }
  return out;
}

}  // namespace millrace::feature_store
