#pragma once
// TLS from Java-like settings: of the server, and of calls to other workers.

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "runtime/rest/rest_config.h"

namespace millrace::rest {

/// Reads the stores through runtime/security/. Throws ConfigException naming the file and key;
/// never shows a password.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const TlsConfig& config);

/// For calls to other workers: trusts the trust store, or the system's certificates without one,
/// and shows the certificate of the key store, if there is one. The name in the other's certificate
/// is left to the caller. Throws as above.
std::shared_ptr<boost::asio::ssl::context> make_tls_client_context(const TlsConfig& config);

}  // namespace millrace::rest
