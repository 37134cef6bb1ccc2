#include "connectors/feature_store/metadata/metadata_http.h"

#include <fmt/format.h>

#include <span>

#include "millrace/base64.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

std::string basic(const std::string& user_and_password) {
  std::string text = "Basic ";
  append_base64(
      text, {reinterpret_cast<const uint8_t*>(user_and_password.data()), user_and_password.size()});
  return text;
}

}  // namespace

MetadataHttp::MetadataHttp(ServerOptions options)
    : options_(std::move(options)),
      http_({.ca_file = options_.ca_file, .connect_timeout = options_.timeout}) {
  if (options_.api_key && options_.basic_auth) {
    throw ConfigException("a metadata server gets an API key or a user with a password, not both");
  }
  headers_.emplace_back("Accept", "application/json");
  if (options_.api_key) {
    headers_.emplace_back("Authorization", "ApiKey " + options_.api_key->value());
  }
  if (options_.basic_auth) {
    headers_.emplace_back("Authorization", basic(options_.basic_auth->value()));
  }
}

http::HttpResponse MetadataHttp::get(const std::string& url) const {
  http::HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.headers = headers_;
  request.timeout = options_.timeout;
  request.most_bytes = kMaxAnswerBytes;
  const std::string what = "GET " + http::url_for_messages(url);
  http::HttpResponse response;
  try {
    response = http_.send(request);
  } catch (const http::HttpFailure& failure) {
    if (failure.retriable()) throw RetriableException(failure.what());
    throw ConnectException(failure.what());
  }
  const int status = response.status;
  if (status == 408 || status == 429 || status >= 500) {
    throw RetriableException(fmt::format("{}: the server answered {}", what, status));
  }
  if (status == 401) {
    throw ConnectException(what + ": the server answered 401; check the API key or the password");
  }
  if (status >= 300 && status < 400) {
    throw ConnectException(fmt::format(
        "{}: the server answered {} and wants another address; configure that one", what, status));
  }
  return response;
}

std::string checked_url(std::string url, std::string_view key) {
  while (url.ends_with('/')) url.pop_back();
  const size_t scheme = url.find("://");
  const bool known = url.starts_with("http://") || url.starts_with("https://");
  if (!known || url.size() == scheme + 3 || url.find_first_of("?# \t\r\n") != std::string::npos) {
    throw ConfigException(fmt::format(
        "{} is no address: http:// or https://, a host, and at most a path, is wanted", key));
  }
  const std::string_view host = std::string_view(url).substr(scheme + 3);
  if (host.substr(0, host.find('/')).find('@') != std::string_view::npos) {
    throw ConfigException(
        fmt::format("{} has a user or password in its address; they have a key of their own", key));
  }
  return url;
}

}  // namespace millrace::feature_store
