#pragma once
// AWS Signature Version 4 in headers (docs: "Signature Version 4 signing process").

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::lakehouse {

struct S3Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token = {};  // empty: none
};

struct SignedRequest {
  std::string method;
  std::string host;                                               // as the Host header has it
  std::string path;                                               // encoded as it is sent
  std::vector<std::pair<std::string, std::string>> query = {};    // not encoded, any order
  std::vector<std::pair<std::string, std::string>> headers = {};  // to be signed, beside `host`
};

/// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// The headers to add: `x-amz-date`, `x-amz-security-token` when there is a session token, and
/// `Authorization`. `payload_hash` is that of the body. Throws ConnectException when OpenSSL fails.
std::vector<std::pair<std::string, std::string>> signature_headers(
    const SignedRequest& request, std::string_view payload_hash, const S3Credentials& credentials,
    const std::string& region, const std::string& service, int64_t now_ms);

}  // namespace millrace::lakehouse
