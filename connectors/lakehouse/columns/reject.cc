#include "connectors/lakehouse/columns/reject.h"

namespace millrace::lakehouse {

std::string_view reject_code(RejectReason reason) noexcept {
  static constexpr std::string_view kCodes[] = {
      "NOT_JSON",     "NOT_OBJECT",   "NULL_VALUE",    "NESTED_FIELD",  "TYPE_MISMATCH", "MISSING_REQUIRED",
      "NUMBER_RANGE", "INVALID_UTF8", "DUPLICATE_KEY", "UNKNOWN_FIELD", "TOO_LARGE"};
  return kCodes[static_cast<size_t>(reason)];
}

std::string Reject::message() const {
  std::string text(reject_code(reason));
  if (!field.empty()) text += "(" + field + ")";
  if (!detail.empty()) text += ": " + detail;
  return text;
}

}  // namespace millrace::lakehouse
