#include "runtime/group/connection_context.h"

#include <boost/asio/post.hpp>

#include "runtime/metrics/log.h"

namespace millrace::group {
namespace {

using security::SaslMechanism;

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule");
  return instance;
}

}  // namespace

ConnectionContext::ConnectionContext(ConnectionOptions options)
    : options_(std::make_shared<const ConnectionOptions>(std::move(options))) {
  const security::ClientSecurity& security = options_->security;
  if (security.tls) tls_ = std::make_shared<TlsClient>(security.tls_settings);
  if (!security.sasl) return;
  const security::SaslSettings& sasl = security.sasl_settings;
  check_sasl(sasl);
  if (sasl.mechanism == SaslMechanism::OAuthBearer) {
    tokens_ = std::make_unique<security::TokenSource>(sasl.oauth);
  }
}

ConnectionContext::~ConnectionContext() {
  if (helper_) helper_->join();
}

void ConnectionContext::elsewhere(std::function<void()> work) {
  if (!helper_) helper_ = std::make_unique<boost::asio::thread_pool>(1);
  boost::asio::post(*helper_, std::move(work));
}

std::unique_ptr<SaslClient> ConnectionContext::make_sasl() {
  std::string warning;
  auto client = make_sasl_client(options_->security.sasl_settings, tokens_.get(), warning);
  if (!warning.empty()) logger().warn("{}", warning);
  return client;
}

}  // namespace millrace::group
