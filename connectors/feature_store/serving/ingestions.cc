#include "connectors/feature_store/serving/ingestions.h"

#include <fmt/format.h>

#include <array>

#include "connectors/feature_store/serving/freshness.h"
#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/request_error.h"
#include "millrace/json.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kHopsworksPrefix = "/hopsworks-api/api";
constexpr std::string_view kResource = "online_ingestion";
constexpr size_t kSegments = 7;  // project P featurestores S featuregroups G online_ingestion

std::string_view without_prefix(std::string_view path) noexcept {
  if (path.substr(0, kHopsworksPrefix.size()) == kHopsworksPrefix)
    path.remove_prefix(kHopsworksPrefix.size());
  return path;
}

bool split(std::string_view path, std::array<std::string_view, kSegments>& out) noexcept {
  path = without_prefix(path);
  for (std::string_view& segment : out) {
    if (path.empty() || path.front() != '/') return false;
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    segment = path.substr(0, end);
    path.remove_prefix(end);
  }
  return path.empty() && out[0] == "project" && out[2] == "featurestores" &&
         out[4] == "featuregroups" && out[6] == kResource;
}

void append(std::string& out, const Ingestion& ingestion) {
  fmt::format_to(std::back_inserter(out), "{{\"id\":{},\"numEntries\":", ingestion.id);
  out += ingestion.entries ? std::to_string(*ingestion.entries) : "null";
  out += ",\"results\":[";
  bool first = true;
  for (size_t i = 0; i < kRowStatuses; ++i) {
    if (ingestion.rows[i] == 0) continue;
    if (!first) out += ',';
    first = false;
    fmt::format_to(std::back_inserter(out),
                   "{{\"onlineIngestionId\":{},\"status\":\"{}\",\"rows\":{}}}", ingestion.id,
                   row_status_name(static_cast<RowStatus>(i)), ingestion.rows[i]);
  }
  out += "]}";
}

}  // namespace

bool Ingestions::is_path(std::string_view path) noexcept {
  std::array<std::string_view, kSegments> segments;
  return split(path, segments);
}

void Ingestions::append_error(std::string& out, int status, std::string_view message) {
  // Hopsworks numbers errors of feature groups from 270000 on; the HTTP status tells them apart
  // here.
  fmt::format_to(std::back_inserter(out), "{{\"errorCode\":{},\"errorMsg\":", 270'000 + status);
  append_json_string(out, message, false);
  out += '}';
}

int64_t Ingestions::group_of(std::string_view path) const {
  std::array<std::string_view, kSegments> segments;
  split(path, segments);
  const auto project = whole_number<int64_t>(segments[1]);
  const auto store = whole_number<int64_t>(segments[3]);
  const auto id = whole_number<int64_t>(segments[5]);
  const CatalogPtr catalog = work_.parts.catalog();
  const FeatureGroup* group = id ? catalog->group(*id) : nullptr;
  const bool known = group != nullptr && !group->deleted && project && store &&
                     group->project_id == *project &&
                     group->feature_store_id.value_or(*store) == *store;
  if (!known)
    throw RequestError(ErrorCode::GroupAbsent, 404,
                       "There is no such feature group in this project");
  return *id;
}

int Ingestions::handle(const Call& call, std::string& out) {
  const int64_t group = group_of(call.path);
  if (call.method == "POST") return begin(group, call, out);
  if (call.method == "GET") return report(group, call.query, out);
  throw RequestError(ErrorCode::BadInput, 405, "online_ingestion takes GET and POST alone");
}

int Ingestions::begin(int64_t group, const Call& call, std::string& out) {
  const Value body = call.body.empty() ? Value() : parse_request(call.body, work_.arena);
  const auto entries = integer_member(body, "numEntries");
  if (entries && *entries < 0)
    throw RequestError(ErrorCode::BadInput, "'numEntries' must not be negative");
  append(out, work_.parts.rows->local().begin_ingestion(group, entries));
  return 200;
}

int Ingestions::report(int64_t group, std::string_view query, std::string& out) {
  constexpr std::string_view kById = "ID:";
  constexpr std::string_view kByEscapedId = "ID%3A";
  OnlineStore& store = work_.parts.rows->local();
  const std::string_view filter = query_value(query, "filter_by");
  if (filter.empty()) {
    const auto found = store.ingestions(group, kListed);
    fmt::format_to(std::back_inserter(out), "{{\"count\":{},\"items\":[", found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (i > 0) out += ',';
      append(out, found[i]);
    }
    out += "]}";
    return 200;
  }
  std::optional<Ingestion> found;
  if (filter == "LATEST") {
    const auto newest = store.ingestions(group, 1);
    if (!newest.empty()) found = newest.front();
  } else {
    const bool escaped = filter.substr(0, kByEscapedId.size()) == kByEscapedId;
    const bool plain = filter.substr(0, kById.size()) == kById;
    const auto id = escaped ? whole_number<int64_t>(filter.substr(kByEscapedId.size()))
                    : plain ? whole_number<int64_t>(filter.substr(kById.size()))
                            : std::nullopt;
    if (!id)
      throw RequestError(ErrorCode::BadInput, "'filter_by' must be LATEST or ID: and a number");
    found = store.ingestion(group, *id);
  }
  if (!found) throw RequestError(ErrorCode::BadInput, 404, "There is no such online ingestion");
  append(out, *found);
  return 200;
}

}  // namespace millrace::feature_store
