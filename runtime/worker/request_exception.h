#pragma once
// Errors of requests that decide their answer. Errors of other types map by their ErrorKind:
// NotFound 404, AlreadyExists 409, else 500.

#include <string>
#include <utility>

#include "millrace/errors.h"

namespace millrace {

/// An error with the HTTP status it must have (ConnectRestException). With 409 the request may be
/// sent again as it is, in a moment: what is no such conflict is an AlreadyExistsException.
class RequestException : public Error {
 public:
  RequestException(int status, const std::string& message)
      : Error(ErrorKind::Connect, message), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// This worker is not the one that does it (RequestTargetException): REST asks the one at `url`,
/// once or twice on a request's way.
class ForwardException : public Error {
 public:
  /// `url` is the advertised URL of the leader or owner, empty when it is not known.
  ForwardException(const std::string& message, std::string url)
      : Error(ErrorKind::Connect, message), url_(std::move(url)) {}
  const std::string& url() const noexcept { return url_; }

 private:
  std::string url_;
};

}  // namespace millrace
