#include "connectors/feature_store/metadata/schema_registry.h"

#include <fmt/format.h>

#include <thread>

#include "connectors/feature_store/model/json_object.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kProject = "{projectId}";

/// `url` with the project's number; whether there is a place for one is said by `of_project`.
std::string of(std::string url, int64_t project_id, bool& of_project) {
  const size_t at = url.find(kProject);
  of_project = at != std::string::npos;
  return of_project ? url.replace(at, kProject.size(), std::to_string(project_id)) : url;
}

/// The member `schema` of an answer, which is text, and in some servers an object.
avro::SchemaPtr schema_of(const std::string& body, const DocumentContext& context) {
  const Json answer = parse_document(body, context.origin);
  JsonObject object(answer, "", context);
  const std::string type = object.text("schemaType").value_or("AVRO");
  if (type != "AVRO") {
    throw DataException(
        fmt::format("{} is a schema of type {}; rows are Avro", context.origin, type));
  }
  const Json* schema = object.find("schema");
  if (schema == nullptr) object.fail("schema", "it is missing");
  try {
    return schema->is_string() ? avro::Schema::parse(schema->get<std::string>())
                               : avro::Schema::from_json(*schema);
  } catch (const DataException& error) {
    throw DataException(context.origin + ": " + error.what());
  }
}

}  // namespace

SchemaRegistry::SchemaRegistry(const std::vector<std::string>& urls, ServerOptions options)
    : http_(std::move(options)) {
  for (const std::string& url : urls) {
    urls_.push_back(checked_url(url, "the address of the schema registry"));
  }
}

avro::SchemaPtr SchemaRegistry::ask(const std::string& url, int64_t id, bool of_project) {
  const std::string full = fmt::format("{}/schemas/ids/{}", url, id);
  const http::HttpResponse response = http_.get(full);
  // A record may name a project that is not ours.
  if (response.status == 403 && !of_project) {
    throw ConnectException(fmt::format(
        "GET {}: the server answered 403; check what the key or the user may see", full));
  }
  if (response.status != 200) return nullptr;
  const DocumentContext context{"the answer of GET " + full};
  try {
    return schema_of(response.body, context);
  } catch (const ConfigException& error) {  // a page of something in between
    throw RetriableException(error.what());
  }
}

avro::SchemaPtr SchemaRegistry::find(int64_t id, int64_t project_id, int tries,
                                     std::chrono::milliseconds pause) {
  std::string last;
  for (int round = 0; round < tries; ++round) {
    if (round > 0) std::this_thread::sleep_for(pause);
    for (size_t i = 0; i < urls_.size(); ++i) {
      bool of_project = false;
      const size_t index = (next_ + i) % urls_.size();
      const std::string url = of(urls_[index], project_id, of_project);
      if (of_project && project_id <= 0) continue;  // it cannot be asked
      try {
        avro::SchemaPtr found = ask(url, id, of_project);
        next_ = index;
        return found;
      } catch (const RetriableException& error) {
        last = error.what();
      }
    }
    if (last.empty()) return nullptr;
  }
  throw RetriableException(fmt::format("looking up schema {}: {}", id, last));
}

}  // namespace millrace::feature_store
