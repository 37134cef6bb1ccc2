#pragma once
// A client's side of one SASL exchange, whatever the mechanism: messages of the server in, ours out.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/security/client_security.h"
#include "runtime/security/token_source.h"

namespace millrace::group {

/// One authentication; one thread at a time. first(), then next() with each message of the server
/// until it returns nothing, which means that the server has proved what it must. Errors are Error
/// with ErrorKind::Authentication and hold no secret. Deriving keys takes time: not for the control
/// thread.
class SaslClient {
 public:
  virtual ~SaslClient() = default;
  virtual std::string first() = 0;
  virtual std::optional<std::string> next(std::string_view message) = 0;
  /// What the server said about a refusal before it refused; empty if nothing.
  virtual std::string detail() const { return {}; }
};

/// Throws ConfigException for a mechanism that connections of our own do not speak (GSSAPI), and for
/// credentials that cannot be sent.
void check_sasl(const security::SaslSettings& settings);

/// `tokens` is for OAUTHBEARER; then this blocks until there is a token, with its errors, and
/// `warning` is told what a user should know.
std::unique_ptr<SaslClient> make_sasl_client(const security::SaslSettings& settings,
                                             security::TokenSource* tokens, std::string& warning);

/// Text of a peer for a message: valid UTF-8 in one line, not too long.
std::string printable(std::string_view text);

}  // namespace millrace::group
