#include "connectors/feature_store/serving/request_error.h"

#include <array>

#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

struct Row {
  int status;
  std::string_view reason;
};

/// By code. Reasons are what RonDB's server says: clients show them.
constexpr std::array<Row, 20> kErrors{{{500, ""},
                                       {400, "Feature view does not exist."},
                                       {400, "Feature store does not exist."},
                                       {400, "Feature group does not exist."},
                                       {500, "Reading feature group failed."},
                                       {500, "Reading feature store failed."},
                                       {500, "Reading feature view failed."},
                                       {500, "Reading training dataset join failed."},
                                       {500, "Reading training dataset feature failed."},
                                       {500, "Fetching metadata from cache failed."},
                                       {415, "Wrong data type."},
                                       {404, "Feature does not exist."},
                                       {400, "Incorrect primary key."},
                                       {400, "Incorrect passed feature."},
                                       {500, "Reading from db failed."},
                                       {400, "No primary key is given."},
                                       {400, "Incorrect feature value."},
                                       {401, "Accessing unshared feature store failed"},
                                       {400, "Reading from db failed."},
                                       {500, "Deserialise complex feature failed."}}};

}  // namespace

std::string_view reason_of(ErrorCode code) noexcept {
  return kErrors[static_cast<size_t>(code)].reason;
}
int status_of(ErrorCode code) noexcept {
  return kErrors[static_cast<size_t>(code)].status;
}

void append_error(std::string& out, ErrorCode code, std::string_view message) {
  out += "{\"code\":";
  out += std::to_string(static_cast<int>(code));
  out += ",\"reason\":";
  append_json_string(out, reason_of(code), false);
  out += ",\"message\":";
  append_json_string(out, message, false);
  out += '}';
}

}  // namespace millrace::feature_store
