#pragma once
// How a REST catalog is reached, from `iceberg.catalog.*` and what the server says of itself
// (iceberg-sink.md §6.3).

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "connectors/http/http_client.h"
#include "connectors/lakehouse/table/metadata.h"
#include "millrace/properties.h"

namespace millrace::lakehouse {

struct RestSettings {
  Properties all;         // merged, for storage too
  std::string uri;        // without a slash at the end
  std::string prefix;     // of paths, behind `v1/`; may be empty
  std::string separator;  // of namespace levels in paths, encoded
  std::string warehouse;  // may be empty
  std::vector<std::pair<std::string, std::string>> headers;  // `header.*`
  std::chrono::milliseconds timeout{60'000};
  bool has_idempotency_keys = false;
  bool has_credentials_path = true;  // GET .../tables/{table}/credentials
};

/// Of the connector alone. Throws ConfigException for keys that are missing, wrong or not
/// supported, without showing secrets.
RestSettings rest_settings(const Properties& settings);
/// With the server's answer to `GET /v1/config`: its defaults are weaker than the connector's keys,
/// its overrides stronger. Throws DataException for what is no such answer.
RestSettings with_server_config(const RestSettings& own, const Json& config);
http::HttpOptions http_options(const RestSettings& settings);

}  // namespace millrace::lakehouse
