#pragma once
// How an S3-compatible object store is reached, from a catalog's keys (iceberg-sink.md §7).

#include <chrono>
#include <optional>
#include <string>

#include "connectors/lakehouse/storage/s3_signature.h"
#include "millrace/properties.h"

namespace millrace::lakehouse {

struct S3Settings {
  std::string endpoint;  // scheme, host and perhaps port, without a slash at the end
  std::string region;
  bool path_style = false;  // the bucket in the path instead of the host's name
  std::string ca_file = {};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};
};

/// From `s3.endpoint`, `s3.path-style-access`, `client.region`, `ssl.cabundle`; what is missing
/// from AWS_REGION. Throws ConfigException, also for `s3.remote-signing-enabled`.
S3Settings s3_settings(const Properties& settings);

struct S3Session {
  S3Credentials credentials;
  std::optional<int64_t> expires_at_ms = {};  // wall clock
};

/// From `s3.access-key-id`, `s3.secret-access-key`, `s3.session-token` and
/// `s3.session-token-expires-at-ms`; without these from AWS_ACCESS_KEY_ID and its like. Throws
/// ConfigException that says what to set.
S3Session s3_session(const Properties& settings);

struct S3Place {
  std::string bucket;
  std::string key;  // not decoded: names may have `%`
};

/// Of `s3://bucket/key`, also with `s3a` and `s3n`. Throws ConnectException for what has no bucket
/// or no key.
S3Place s3_place(const std::string& location);

}  // namespace millrace::lakehouse
