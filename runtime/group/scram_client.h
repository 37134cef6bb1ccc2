#pragma once
// A client's side of SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as Kafka's brokers speak it:
// no channel binding, texts without preparation.

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/security/client_security.h"

namespace millrace::group {

/// One authentication: first(), final_of(server's first), verify(server's final), in this order. Errors
/// are Error with ErrorKind::Authentication and hold no secret. One thread.
class ScramClient {
 public:
  /// Fewer are refused: the server might be somebody who collects guesses (Java's limit).
  static constexpr int32_t kMinIterations = 4096;
  static constexpr int32_t kMaxIterations = 10'000'000;  // more would stop the worker for long

  /// Throws ConfigException for another mechanism. `nonce` is printable text without commas.
  ScramClient(security::SaslMechanism mechanism, std::string user, security::SecretText password,
              std::string nonce = random_nonce());

  std::string first() const;
  std::string final_of(std::string_view server_first);
  /// Throws unless the server knows the password's keys too.
  void verify(std::string_view server_final) const;

  static std::string random_nonce();

 private:
  std::string bare_first() const;

  const bool sha512_;
  const std::string user_;
  const security::SecretText password_;
  const std::string nonce_;
  std::string server_signature_;  // expected; empty before final_of()
};

}  // namespace millrace::group
