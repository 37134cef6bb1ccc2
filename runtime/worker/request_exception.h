#pragma once
// An error with the HTTP status it must have (ConnectRestException). Errors of other types map by
// their ErrorKind: NotFound 404, AlreadyExists 409, else 500.

#include <string>

#include "millrace/errors.h"

namespace millrace {

class RequestException : public Error {
 public:
  RequestException(int status, const std::string& message)
      : Error(ErrorKind::Connect, message), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace millrace
