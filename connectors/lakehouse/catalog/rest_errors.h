#pragma once
// What a REST catalog's answers mean (the table of iceberg-sink.md §6.3).

#include <string>

#include "connectors/http/http_client.h"
#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {

/// The `error` of an answer.
struct RestError {
  bool is_catalogs = false;  // false: not in the catalog's form, as a proxy's or a wrong path's
  std::string type;
  std::string message;
};
RestError rest_error(const http::HttpResponse& response);

/// For requests that change no table. Throws RetriableException for what may pass by itself.
[[noreturn]] void throw_rest_failure(const std::string& action, const http::HttpResponse& response);
/// For commits. Throws CommitConflict and CommitUnknown, too.
[[noreturn]] void throw_commit_failure(const std::string& action, const http::HttpResponse& response);

/// The JSON object of an answer. Throws DataException.
Json parse_answer(const std::string& action, const http::HttpResponse& response);

}  // namespace millrace::lakehouse
