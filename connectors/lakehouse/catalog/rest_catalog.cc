#include "connectors/lakehouse/catalog/rest_catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/http/url.h"
#include "connectors/lakehouse/catalog/rest_errors.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr int kNotModified = 304;
constexpr const char* kDelegation = "X-Iceberg-Access-Delegation";
constexpr const char* kVended = "vended-credentials";

bool is_good(const http::HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

/// What FileIO renews by itself.
Properties without_credentials(Properties settings) {
  for (const char* name : {"s3.access-key-id", "s3.secret-access-key", "s3.session-token",
                           "s3.session-token-expires-at-ms"}) {
    settings.erase(name);
  }
  return settings;
}

std::string creation_body(const TableName& table, const NewTable& what) {
  Json body = {{"name", table.name}, {"schema", to_json(what.schema)}};
  if (!what.location.empty()) body["location"] = what.location;
  if (!what.spec.fields.empty()) body["partition-spec"] = to_json(what.spec);
  body["stage-create"] = false;
  body["properties"] = Json::object();
  for (const auto& [name, value] : what.properties) body["properties"][name] = value;
  return body.dump();
}

/// A table that was dropped and made anew is another one, whatever the change requires.
std::string commit_body(const LoadedTable& base, const TableChange& change) {
  Json requirements = Json::array();
  for (const Json& one : change.requirements) requirements.push_back(one);
  const bool has_uuid = std::any_of(requirements.begin(), requirements.end(), [](const Json& one) {
    return one.value("type", "") == "assert-table-uuid";
  });
  if (!has_uuid) requirements.push_back(change::assert_uuid(base.metadata.uuid()));
  Json updates = Json::array();
  for (const Json& one : change.updates) updates.push_back(one);
  return Json{{"requirements", requirements}, {"updates", updates}}.dump();
}

}  // namespace

RestCatalog::RestCatalog(const Properties& settings)
    : client_(std::make_shared<RestClient>(settings)) {}

std::string RestCatalog::namespace_path(const TableName& table, size_t levels) {
  if (table.levels.empty()) {
    throw ConfigException(fmt::format("table {}: a REST catalog needs a namespace, as in `db.{}`",
                                      table.to_string(), table.name));
  }
  const auto settings = client_->settings();
  std::string path = "namespaces/";
  for (size_t i = 0; i < levels; ++i) {
    if (i > 0) path += settings->separator;
    path += http::percent_encoded(table.levels[i]);
  }
  return path;
}

std::string RestCatalog::table_path(const TableName& table) {
  check_table_name(table);
  return namespace_path(table, table.levels.size()) + "/tables/" + http::percent_encoded(table.name);
}

/// For requests that may be repeated: without an answer they throw RetriableException.
http::HttpResponse RestCatalog::send(const std::string& action, const RestRequest& request) {
  try {
    return client_->send(request);
  } catch (const http::HttpFailure& failure) {
    throw Error(failure.kind(), action + ": " + failure.what());
  }
}

std::pair<std::string, std::optional<LoadedTable>> RestCatalog::newest_kept(
    const TableName& table) {
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(table);
  if (kept == kept_.end()) return {};
  return {kept->second.etag, kept->second.table};
}

std::optional<LoadedTable> RestCatalog::load(const TableName& table) {
  const std::string action = "loading table " + table.to_string();
  RestRequest request;
  request.method = "GET";
  request.path = table_path(table);
  request.query = {{"snapshots", "all"}};
  request.headers = {{kDelegation, kVended}};
  const auto [etag, known] = newest_kept(table);
  if (known) request.headers.emplace_back("If-None-Match", etag);
  const http::HttpResponse response = send(action, request);
  if (response.status == kNotModified && known) return known;
  if (response.status == 404 && rest_error(response).is_catalogs) {
    const std::lock_guard lock(mutex_);
    kept_.erase(table);
    return std::nullopt;
  }
  if (!is_good(response)) throw_rest_failure(action, response);
  return loaded(table, action, response);
}

LoadedTable RestCatalog::loaded(const TableName& table, const std::string& action,
                                const http::HttpResponse& response) {
  Json answer = parse_answer(action, response);
  if (!answer.contains("metadata") || !answer.contains("metadata-location") ||
      !answer["metadata-location"].is_string()) {
    throw DataException(action + ": the answer has no metadata; check iceberg.catalog.uri");
  }
  const std::string metadata_location = answer["metadata-location"].get<std::string>();
  LoadedTable made{TableMetadata(std::move(answer["metadata"])), metadata_location, nullptr};
  made.files = files_for(table, made.metadata.location(), answer);
  const std::string* etag = response.header("etag");
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[table];
  kept.etag = etag == nullptr ? "" : *etag;
  kept.table = etag == nullptr ? std::nullopt : std::optional(made);
  return made;
}

std::shared_ptr<FileIO> RestCatalog::files_for(const TableName& table, const std::string& location,
                                               const Json& answer) {
  const auto catalog = client_->settings();
  const Properties settings = table_settings(catalog->all, answer, location);
  const Properties storage = without_credentials(settings);
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kMaxKept && !kept_.contains(table)) kept_.clear();
  Kept& kept = kept_[table];
  // Of a commit's answer: it has no settings for storage, those of the load go on.
  const bool is_told = answer.contains("config") || answer.contains("storage-credentials");
  if (kept.files && kept.location == location && (!is_told || kept.storage == storage)) {
    return kept.files;
  }
  const bool has_credentials_path = catalog->has_credentials_path;
  const std::string path = table_path(table);
  const auto renew = [client = client_, path, location, has_credentials_path, storage] {
    RestRequest request;
    request.method = "GET";
    request.path = has_credentials_path ? path + "/credentials" : path;
    request.headers = {{kDelegation, kVended}};
    const std::string action = "renewing the credentials for " + location;
    const http::HttpResponse response = client->send(request);
    if (!is_good(response)) throw_rest_failure(action, response);
    const Json fresh = parse_answer(action, response);
    // What the connector's own keys say, where the catalog vends nothing.
    Properties base = client->settings()->all;
    for (const auto& [name, value] : storage) base[name] = value;
    return table_settings(base, fresh, location);
  };
  kept.files = make_file_io(location, settings, renew);
  kept.storage = storage;
  kept.location = location;
  return kept.files;
}

void RestCatalog::make_namespaces(const TableName& table) {
  for (size_t levels = 1; levels <= table.levels.size(); ++levels) {
    const std::string action = "making the namespace of table " + table.to_string();
    RestRequest look;
    look.method = "GET";
    look.path = namespace_path(table, levels);
    if (is_good(send(action, look))) continue;
    RestRequest make;
    make.method = "POST";
    make.path = "namespaces";
    make.body = Json{{"namespace", std::vector<std::string>(
                                       table.levels.begin(),
                                       table.levels.begin() + static_cast<ptrdiff_t>(levels))},
                     {"properties", Json::object()}}
                    .dump();
    make.changes = true;
    const http::HttpResponse response = send(action, make);
    // Who may not see or make the upper levels may be allowed the table all the same.
    const bool is_fine = is_good(response) || response.status == 409 || response.status == 403;
    if (!is_fine) throw_rest_failure(action, response);
  }
}

LoadedTable RestCatalog::create(const TableName& table, const NewTable& what) {
  check_table_name(table);
  const std::string action = "creating table " + table.to_string();
  RestRequest request;
  request.method = "POST";
  request.path = namespace_path(table, table.levels.size()) + "/tables";
  request.headers = {{kDelegation, kVended}};
  request.body = creation_body(table, what);
  request.changes = true;
  http::HttpResponse response = send(action, request);
  if (response.status == 404 && rest_error(response).is_catalogs) {
    make_namespaces(table);
    response = send(action, request);
  }
  if (response.status == 409) {
    throw AlreadyExistsException(action + ": there is one already");
  }
  if (!is_good(response)) throw_rest_failure(action, response);
  return loaded(table, action, response);
}

LoadedTable RestCatalog::commit(const TableName& table, const LoadedTable& base,
                                const TableChange& change) {
  const std::string action = "changing table " + table.to_string();
  RestRequest request;
  request.method = "POST";
  request.path = table_path(table);
  request.body = commit_body(base, change);
  request.changes = true;
  http::HttpResponse response;
  try {
    response = client_->send(request);
  } catch (const http::HttpFailure& failure) {
    const std::string what = action + ": " + failure.what();
    if (failure.maybe_sent()) throw CommitUnknown(what);
    throw Error(failure.kind(), what);
  }
  if (!is_good(response)) throw_commit_failure(action, response);
  try {
    return loaded(table, action, response);
  } catch (const std::exception& error) {
    throw CommitUnknown(fmt::format("{} was accepted, but its answer: {}", action, error.what()));
  }
}

}  // namespace millrace::lakehouse
