#include "connectors/lakehouse/storage/s3_settings.h"

#include <cstdlib>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

/// Of the first key that is set.
std::string value_of(const Properties& settings, std::initializer_list<const char*> keys,
                     const char* variable = nullptr) {
  for (const char* key : keys) {
    const std::string* value = find(settings, key);
    if (value != nullptr && !value->empty()) return *value;
  }
  const char* value = variable == nullptr ? nullptr : std::getenv(variable);
  return value == nullptr ? "" : value;
}

bool is_on(const Properties& settings, const char* key) {
  const std::string* value = find(settings, key);
  return value != nullptr && to_lower(*value) == "true";
}

void check_endpoint(const std::string& endpoint) {
  const size_t host = endpoint.find("://");
  const std::string scheme = endpoint.substr(0, host == std::string::npos ? 0 : host);
  const bool known = scheme == "http" || scheme == "https";
  // A user or a password would be shown in messages.
  if (known && endpoint.find_first_of("@?#") == std::string::npos && endpoint.size() > host + 3)
    return;
  throw ConfigException("s3.endpoint: it must have the form https://host[:port], without a user");
}

}  // namespace

S3Settings s3_settings(const Properties& settings) {
  if (is_on(settings, "s3.remote-signing-enabled")) {
    throw ConfigException(
        "s3.remote-signing-enabled: requests are signed here only; let the catalog vend "
        "credentials, or set s3.access-key-id and s3.secret-access-key");
  }
  S3Settings made;
  made.endpoint = value_of(settings, {"s3.endpoint"}, "AWS_ENDPOINT_URL_S3");
  made.region = value_of(settings, {"client.region", "s3.region"}, "AWS_REGION");
  if (made.region.empty()) {
    if (made.endpoint.empty()) {
      throw ConfigException("client.region: missing; it must name the region of the bucket");
    }
    made.region = "us-east-1";  // what servers other than Amazon's take
  }
  if (made.endpoint.empty()) made.endpoint = "https://s3." + made.region + ".amazonaws.com";
  while (made.endpoint.ends_with('/')) made.endpoint.pop_back();
  check_endpoint(made.endpoint);
  made.path_style = is_on(settings, "s3.path-style-access");
  made.ca_file = value_of(settings, {"ssl.cabundle"});
  return made;
}

S3Session s3_session(const Properties& settings) {
  const std::string id = value_of(settings, {"s3.access-key-id"});
  S3Session session;
  if (!id.empty()) {
    session.credentials = {id, value_of(settings, {"s3.secret-access-key"}),
                           value_of(settings, {"s3.session-token"})};
    session.expires_at_ms = whole_number<int64_t>(value_of(settings, {"s3.session-token-expires-at-ms"}));
  } else {
    session.credentials = {value_of({}, {}, "AWS_ACCESS_KEY_ID"),
                           value_of({}, {}, "AWS_SECRET_ACCESS_KEY"),
                           value_of({}, {}, "AWS_SESSION_TOKEN")};
  }
  const S3Credentials& found = session.credentials;
  if (found.access_key_id.empty() || found.secret_access_key.empty()) {
    throw ConfigException(
        "s3.access-key-id: no credentials for S3; set s3.access-key-id and s3.secret-access-key, "
        "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the worker's environment, or use a "
        "REST catalog that vends them");
  }
  return session;
}

S3Place s3_place(const std::string& location) {
  const size_t begin = location.find("://");
  const size_t slash = begin == std::string::npos ? begin : location.find('/', begin + 3);
  if (slash == std::string::npos || slash == begin + 3 || slash + 1 == location.size()) {
    throw ConnectException("location " + location + ": it must have the form s3://bucket/key");
  }
  return {location.substr(begin + 3, slash - begin - 3), location.substr(slash + 1)};
}

}  // namespace millrace::lakehouse
