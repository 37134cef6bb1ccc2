#pragma once
// OAUTHBEARER: where a client gets its tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/properties.h"
#include "runtime/security/secret.h"
#include "runtime/security/tls_settings.h"

namespace millrace::security {

struct OAuthSettings {
  enum class Source : uint8_t { Unsecured, File, Endpoint } source = Source::Unsecured;
  Properties extensions;  // sent along with the token

  // Unsecured: a token we write ourselves, for tests.
  std::string claims_json;       // without `iat` and `exp`
  double lifetime_seconds = 3600;

  std::string token_file;

  // Endpoint: client credentials grant of OIDC.
  std::string url;
  std::string client_id;
  SecretText client_secret;
  std::string scope;
  bool url_encode_header = false;
  TlsSettings tls;
  int64_t connect_timeout_ms = 10'000;
  int64_t read_timeout_ms = 10'000;

  std::string principal_claim = "sub";
  std::string scope_claim = "scope";

  bool operator==(const OAuthSettings&) const = default;
};

struct OAuthToken {
  SecretText text;
  std::string principal;
  int64_t expires_ms = 0;  // since the epoch
};

/// Gets a token; blocks for the file or the endpoint, which is tried once. Throws an Error that
/// names the source and holds neither token nor secret. Any thread.
OAuthToken obtain_token(const OAuthSettings& settings);

}  // namespace millrace::security
