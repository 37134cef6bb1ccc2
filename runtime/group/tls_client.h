#pragma once
// TLS to brokers: whom it trusts, what it checks, and what went wrong in words to act on.

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <string>

#include "runtime/security/tls_settings.h"

namespace millrace::group {

/// Made once of the settings; all connections share it. One thread.
class TlsClient {
 public:
  /// Longest chain a broker may send, in certificates and in bytes.
  static constexpr int kMaxChain = 10;
  static constexpr long kMaxChainBytes = 100'000;

  /// Throws ConfigException.
  explicit TlsClient(const security::TlsSettings& settings);

  boost::asio::ssl::context& context() noexcept { return context_; }
  bool checks_host_name() const noexcept { return check_host_name_; }
  /// Of the key store; without it brokers that ask for a client's certificate refuse us.
  bool has_certificate() const noexcept { return has_certificate_; }

 private:
  boost::asio::ssl::context context_;
  const bool check_host_name_;
  const bool has_certificate_;
};

/// Why the certificate of one handshake was refused; filled by OpenSSL's verification.
class PeerCheck {
 public:
  explicit PeerCheck(std::string host) : host_(std::move(host)) {}
  /// Asks for the name in `ssl`: for the virtual host, and in the certificate if `check`.
  void prepare(SSL* ssl, bool check) const;
  bool verify(bool accepted, boost::asio::ssl::verify_context& context);
  /// Empty when nothing was refused.
  const std::string& refusal() const noexcept { return refusal_; }

 private:
  const std::string host_;
  std::string refusal_;
};

/// True for what TLS itself refused, by us or by an alert of the broker: trying again is no use. What
/// the network did is not.
bool is_tls_refusal(const boost::system::error_code& code) noexcept;

/// Words for such a failure.
std::string tls_refusal(const boost::system::error_code& code, bool has_certificate);

}  // namespace millrace::group
