#pragma once
// Server side of TLS from Java-like settings.

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "runtime/rest/rest_config.h"

namespace millrace::rest {

/// Reads the stores through runtime/security/. Throws ConfigException naming the file and key; never
/// shows a password.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const TlsConfig& config);

}  // namespace millrace::rest
