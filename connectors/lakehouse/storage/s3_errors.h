#pragma once
// What S3's answers mean.

#include <string>

#include "connectors/lakehouse/storage/s3_client.h"

namespace millrace::lakehouse {

struct S3Failure {
  std::string code;       // `SlowDown`; empty when the answer has none
  std::string text;       // status, code and the server's message
  bool passes = false;    // may pass by itself
  bool not_done = false;  // the server has surely not done it
};

S3Failure failure_of(const http::HttpResponse& response);
/// The credentials were good once.
bool is_expired(const http::HttpResponse& response);
/// With advice where there is some.
[[noreturn]] void throw_failure(const S3Request& request, const http::HttpResponse& response, int tries);

}  // namespace millrace::lakehouse
