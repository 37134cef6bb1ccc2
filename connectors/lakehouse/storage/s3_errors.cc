#include "connectors/lakehouse/storage/s3_errors.h"

#include <fmt/format.h>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr size_t kMaxMessage = 500;  // bytes of the server's text in a message

/// `&amp;` and its like.
std::string unescaped(std::string_view text) {
  struct Entity {
    std::string_view name;
    char value;
  };
  static constexpr Entity kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string plain;
  while (!text.empty()) {
    size_t taken = 1;
    char value = text.front();
    for (const Entity& entity : kEntities) {
      if (!text.starts_with(entity.name)) continue;
      taken = entity.name.size();
      value = entity.value;
    }
    plain += value;
    text.remove_prefix(taken);
  }
  return plain;
}

bool is_auth_code(const std::string& code) {
  return code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" ||
         code == "ExpiredToken" || code == "InvalidToken" || code == "RequestTimeTooSkewed";
}

std::string auth_advice(const std::string& code) {
  if (code == "RequestTimeTooSkewed") return "set this machine's clock";
  if (code == "ExpiredToken") return "the session has ended; give fresh credentials";
  return "check s3.access-key-id, s3.secret-access-key and s3.session-token";
}

}  // namespace

std::vector<std::string> xml_texts(std::string_view document, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  std::vector<std::string> texts;
  for (size_t at = document.find(open); at != std::string_view::npos;
       at = document.find(open, at)) {
    at += open.size();
    const size_t end = document.find(close, at);
    if (end == std::string_view::npos) break;
    texts.push_back(unescaped(document.substr(at, end - at)));
  }
  return texts;
}

std::string xml_text(std::string_view document, std::string_view name) {
  const auto all = xml_texts(document, name);
  return all.empty() ? "" : all.front();
}

S3Failure failure_of(const http::HttpResponse& response) {
  S3Failure failure;
  failure.code = xml_text(response.body, "Code");
  failure.text = fmt::format("HTTP {}", response.status);
  if (!failure.code.empty()) {
    failure.text += fmt::format(" {}: {}", failure.code,
                                xml_text(response.body, "Message").substr(0, kMaxMessage));
  }
  const int status = response.status;
  const bool conflicts = failure.code == "ConditionalRequestConflict";  // another is under way
  // A bare 503 may be a proxy's, which does not know.
  failure.not_done = status == 429 || failure.code == "SlowDown" || conflicts;
  failure.passes = status == 429 || status == 408 || (status >= 500 && status != 501) ||
                   conflicts || failure.code == "RequestTimeout";
  return failure;
}

bool is_expired(const http::HttpResponse& response) {
  if (response.status != 400 && response.status != 403 && response.status != 401) return false;
  // An answer to HEAD has no body, and so no code.
  if (response.body.empty()) return true;
  const std::string code = xml_text(response.body, "Code");
  return code == "ExpiredToken" || code == "InvalidToken" || code == "InvalidAccessKeyId";
}

void throw_failure(const S3Request& request, const http::HttpResponse& response, int tries) {
  const S3Failure failure = failure_of(response);
  const std::string what = fmt::format("{} {}: {}", request.action, request.path, failure.text);
  if (failure.passes) throw RetriableException(fmt::format("{} (tries: {})", what, tries));
  const int status = response.status;
  if (is_auth_code(failure.code)) {
    throw Error(ErrorKind::Authentication, what + "; " + auth_advice(failure.code));
  }
  if (status == 403 || status == 401) {
    throw Error(ErrorKind::Authorization,
                what +
                    "; the credentials must be allowed s3:GetObject, s3:PutObject, "
                    "s3:DeleteObject and s3:ListBucket there");
  }
  if (failure.code == "NoSuchBucket") {
    throw NotFoundException(what + "; create the bucket, or correct the warehouse");
  }
  if (status == 404) throw NotFoundException(what);
  if (status == 301 || status == 307 || failure.code == "AuthorizationHeaderMalformed") {
    const std::string* region = response.header("x-amz-bucket-region");
    throw ConnectException(fmt::format("{}; the bucket is in another region{}: set client.region",
                                       what, region == nullptr ? "" : " (" + *region + ")"));
  }
  throw ConnectException(what);
}

}  // namespace millrace::lakehouse
