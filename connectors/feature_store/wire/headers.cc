#include "connectors/feature_store/wire/headers.h"

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

const char* read_one(std::string_view name, std::string_view text, RecordHeaders& out) noexcept {
  if (name == "featureGroupId") {
    return read_number(text, out.feature_group_id, "header featureGroupId is no number");
  }
  if (name == "subjectId") return read_number(text, out.subject_id, "header subjectId is no number");
  if (name == "projectId") return read_number(text, out.project_id, "header projectId is no number");
  if (name == "onlineIngestionId") {
    return read_number(text, out.ingestion_id, "header onlineIngestionId is no number");
  }
  if (name == "operation") {
    if (text != "delete") return "header operation is not delete";
    out.operation = Operation::Delete;
  } else if (name == "storage") {
    return read_storage(text, out.storage);
  } else if (name == "upsertIfNewer") {
    out.upsert_if_newer = text == "1";
  }
  return nullptr;
}

bool is_known(std::string_view name) noexcept {
  return name == "featureGroupId" || name == "subjectId" || name == "projectId" ||
         name == "onlineIngestionId" || name == "operation" || name == "storage" ||
         name == "upsertIfNewer";
}

/// Whether a later header has the same name.
bool is_repeated(const Record& record, uint32_t index) noexcept {
  for (uint32_t i = index + 1; i < record.header_count; ++i) {
    if (record.headers[i].key == record.headers[index].key) return true;
  }
  return false;
}

}  // namespace

RecordHeaders read_headers(const Record& record) noexcept {
  RecordHeaders out;
  for (uint32_t i = 0; i < record.header_count; ++i) {
    const Header& header = record.headers[i];
    if (header.wire.is_null() || !is_known(header.key) || is_repeated(record, i)) continue;
    const char* error = read_one(header.key, header.wire.text(), out);
    if (error != nullptr && out.error == nullptr) out.error = error;
  }
  return out;
}

}  // namespace millrace::feature_store
