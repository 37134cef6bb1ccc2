#include "connectors/feature_store/metadata/hopsworks_client.h"

#include <fmt/format.h>

#include <functional>

#include "connectors/feature_store/model/group_document.h"
#include "connectors/feature_store/model/view_document.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

constexpr const char* kUrlKey = "the address of Hopsworks";

DocumentContext context_of(const std::string& url) {
  return {"the answer of GET " + http::url_for_messages(url)};
}

/// The `errorCode` of an answer; 0: it has none.
int64_t error_code(const http::HttpResponse& response) {
  try {
    const DocumentContext context{"an answer"};
    return JsonObject(parse_document(response.body, context.origin), "", context)
        .whole("errorCode")
        .value_or(0);
  } catch (const ConfigException&) {
    return 0;
  }
}

/// The items of a list, which may be wrapped.
const Json& items_of(const Json& answer) {
  static const Json kNone = Json::array();
  if (answer.is_array()) return answer;
  const auto items = answer.find("items");
  return items != answer.end() && items->is_array() ? *items : kNone;
}

}  // namespace

HopsworksClient::HopsworksClient(const HopsworksOptions& options)
    : url_(checked_url(options.url, kUrlKey)),
      http_({.ca_file = options.ca_file, .timeout = options.timeout, .api_key = options.api_key}) {}

std::string HopsworksClient::group_url(int64_t project_id, int64_t store_id, int64_t id) const {
  return fmt::format("{}/project/{}/featurestores/{}/featuregroups/{}", url_, project_id, store_id,
                     id);
}

std::optional<HopsworksClient::Store> HopsworksClient::ask_for_store(int64_t project_id) {
  const std::string url = fmt::format("{}/project/{}/featurestores", url_, project_id);
  const http::HttpResponse response = http_.get(url);
  if (response.status != 200) return std::nullopt;
  const DocumentContext context = context_of(url);
  const Json answer = parse_document(response.body, context.origin);
  // Those of other projects that are shared with this one are there, too.
  for (const Json& item : items_of(answer)) {
    JsonObject store(item, "featurestore", context);
    if (store.whole("projectId").value_or(project_id) != project_id) continue;
    return Store{store.required_whole("featurestoreId"), store.text("projectName").value_or("")};
  }
  return std::nullopt;
}

std::optional<HopsworksClient::Store> HopsworksClient::store(int64_t project_id) {
  const auto known = stores_.find(project_id);
  if (known != stores_.end()) return known->second;
  const std::optional<Store> found = ask_for_store(project_id);
  if (!found) return std::nullopt;
  if (stores_.size() >= kMaxProjects) stores_.clear();
  stores_.emplace(project_id, *found);
  return found;
}

std::optional<HopsworksGroup> HopsworksClient::group(int64_t project_id, int64_t id) {
  bool gone = false;
  return known_group(project_id, id, gone);
}

std::optional<HopsworksGroup> HopsworksClient::known_group(int64_t project_id, int64_t id,
                                                           bool& gone) {
  gone = false;
  const std::optional<Store> store = this->store(project_id);
  if (!store) return std::nullopt;
  const std::string url = group_url(project_id, store->id, id);
  const http::HttpResponse response = http_.get(url);
  if (response.status != 200) {
    gone = error_code(response) == kNoSuchGroup;
    if (!gone && response.status == 404) {
      stores_.erase(project_id);
      const std::optional<Store> still = this->store(project_id);
      gone = still && still->id == store->id;
    }
    return std::nullopt;
  }
  const DocumentContext context = context_of(url);
  Json json = parse_document(response.body, context.origin);
  // Hopsworks names the store, not the project, and the store may be one of a project with another
  // name.
  if (json.is_object() && !store->project.empty()) json["project"] = store->project;
  HopsworksGroup found{parse_feature_group(json, "", context),
                       std::hash<std::string>{}(response.body)};
  if (found.group.id != id) fail_at(context, "id", fmt::format("{} was asked for", id));
  found.group.project_id = project_id;
  found.group.feature_store_id = store->id;
  return found;
}

std::vector<FeatureView> HopsworksClient::views(int64_t project_id,
                                                std::vector<std::string>& problems) {
  std::vector<FeatureView> views;
  const std::optional<Store> store = this->store(project_id);
  if (!store) return views;
  const std::string url = fmt::format("{}/project/{}/featurestores/{}/featureview?expand=features",
                                      url_, project_id, store->id);
  const http::HttpResponse response = http_.get(url);
  const DocumentContext context = context_of(url);
  if (response.status != 200) {
    problems.push_back(fmt::format("{} has status {}", context.origin, response.status));
    return views;
  }
  const Json answer = parse_document(response.body, context.origin);
  const std::string project =
      store->project.empty() ? fmt::format("project_{}", project_id) : store->project;
  for (const Json& item : items_of(answer)) {
    try {
      views.push_back(
          parse_hopsworks_view(item, fmt::format("items[{}]", views.size()), project, context));
    } catch (const ConfigException& error) {
      problems.emplace_back(error.what());
    }
    if (views.size() >= kMaxViews) break;
  }
  return views;
}

}  // namespace millrace::feature_store
