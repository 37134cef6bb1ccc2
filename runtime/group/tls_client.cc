#include "runtime/group/tls_client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/error.hpp>

#include "millrace/utf8.h"
#include "runtime/security/openssl_types.h"

namespace millrace::group {
namespace {

using security::Bio;

constexpr size_t kMaxText = 300;  // of what a certificate says, in a message

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  if (size <= 0) return {};
  std::string text = utf8::sanitise(
      std::string_view(data, static_cast<size_t>(size)).substr(0, kMaxText));
  for (char& c : text) {
    if (c >= '\0' && c < ' ') c = ' ';
  }
  return text;
}

std::string name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  return text_of(out);
}

std::string time_text(const ASN1_TIME* time) {
  const Bio out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), time);
  return text_of(out);
}

/// The host names in it, as OpenSSL writes them, e.g. `DNS:a.example, IP Address:10.0.0.1`.
std::string host_names(const X509* certificate) {
  const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  const X509_EXTENSION* names = at < 0 ? nullptr : X509_get_ext(certificate, at);
  const Bio out(BIO_new(BIO_s_mem()));
  if (names == nullptr ||
      X509V3_EXT_print(out.get(), const_cast<X509_EXTENSION*>(names), 0, 0) != 1) {
    ERR_clear_error();
    return name_text(X509_get_subject_name(certificate));
  }
  return text_of(out);
}

std::string why(int error, const X509* certificate, const std::string& host) {
  const std::string subject = name_text(X509_get_subject_name(certificate));
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the broker's certificate is not for '{}' but for {}; use one of these "
                         "names in bootstrap.servers and the broker's advertised.listeners, or "
                         "set ssl.endpoint.identification.algorithm to nothing",
                         host, host_names(certificate));
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("certificate {} has expired on {}; the broker needs a new one", subject,
                         time_text(X509_get0_notAfter(certificate)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("certificate {} is not valid before {}; check the clocks of broker and "
                         "worker",
                         subject, time_text(X509_get0_notBefore(certificate)));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      return fmt::format("certificate {}, issued by {}, is not trusted; put the broker's CA into "
                         "the store of ssl.truststore.location (or ssl.truststore.certificates)",
                         subject, name_text(X509_get_issuer_name(certificate)));
    default:
      return fmt::format("certificate {} is refused: {}", subject,
                         X509_verify_cert_error_string(error));
  }
}

}  // namespace

TlsClient::TlsClient(const security::TlsSettings& settings)
    : context_(boost::asio::ssl::context::tls_client),
      check_host_name_(settings.check_host_name),
      has_certificate_(!settings.chain_pem.empty()) {
  SSL_CTX* native = context_.native_handle();
  security::apply_to_client(settings, native);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify_depth(native, kMaxChain);
  SSL_CTX_set_max_cert_list(native, kMaxChainBytes);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
}

void PeerCheck::prepare(SSL* ssl, bool check) const {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  std::string name = host_;
  if (name.ends_with('.')) name.pop_back();
  const std::unique_ptr<ASN1_OCTET_STRING, security::OpenSslDeleter<ASN1_OCTET_STRING_free>>
      address(a2i_IPADDRESS(name.c_str()));
  ERR_clear_error();
  if (address) {
    if (check) X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str());
    return;  // addresses are no server names (RFC 6066)
  }
  SSL_set_tlsext_host_name(ssl, name.c_str());
  if (check) X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size());
}

bool PeerCheck::verify(bool accepted, boost::asio::ssl::verify_context& context) {
  if (accepted || !refusal_.empty()) return accepted;
  X509_STORE_CTX* state = context.native_handle();
  const X509* certificate = X509_STORE_CTX_get_current_cert(state);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(state);
  const int error = X509_STORE_CTX_get_error(state);
  refusal_ = certificate != nullptr ? why(error, certificate, host_)
                                    : X509_verify_cert_error_string(error);
  return accepted;
}

bool is_tls_refusal(const boost::system::error_code& code) noexcept {
  return code.category() == boost::asio::error::get_ssl_category();
}

std::string tls_refusal(const boost::system::error_code& code, bool has_certificate) {
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(code.value()));
  const std::string text = code.message();
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return has_certificate
                 ? fmt::format("the broker refuses the certificate of ssl.keystore ({}); check that "
                               "it is valid and that the broker's trust store has its CA", text)
                 : fmt::format("the broker asks for a client's certificate ({}); set "
                               "ssl.keystore.location, or ssl.keystore.key with "
                               "ssl.keystore.certificate.chain", text);
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
      return fmt::format("the broker ended the handshake ({}); check ssl.enabled.protocols and "
                         "ssl.cipher.suites on both sides{}", text,
                         has_certificate ? "" : ", and whether it asks for a client's certificate "
                                                "(ssl.keystore.location)");
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return fmt::format("broker and worker have no TLS version in common ({}); check "
                         "ssl.enabled.protocols on both sides", text);
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      return fmt::format("there is no TLS on this port ({}); check bootstrap.servers and "
                         "security.protocol", text);
    default:
      return fmt::format("TLS failed ({})", text);
  }
}

}  // namespace millrace::group
