#include "runtime/group/scram_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>

#include "millrace/base64.h"
#include "millrace/errors.h"

namespace millrace::group {
namespace {

using security::SaslMechanism;
using security::SecretBytes;
using AuthenticationException = ErrorOf<ErrorKind::Authentication>;

constexpr std::string_view kNoBinding = "n,,";
constexpr std::string_view kNoBindingBase64 = "biws";
constexpr size_t kNonceBytes = 24;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

[[noreturn]] void fail(const std::string& what) {
  throw AuthenticationException("SCRAM authentication failed: " + what);
}

SecretBytes hmac(const EVP_MD* hash, std::span<const uint8_t> key, std::string_view text) {
  SecretBytes out(static_cast<size_t>(EVP_MD_get_size(hash)));
  unsigned size = 0;
  if (HMAC(hash, key.data(), static_cast<int>(key.size()), bytes_of(text).data(), text.size(),
           out.data(), &size) == nullptr) {
    fail("the cryptographic library refused an HMAC");
  }
  return out;
}

SecretBytes digest(const EVP_MD* hash, const SecretBytes& data) {
  SecretBytes out(static_cast<size_t>(EVP_MD_get_size(hash)));
  if (EVP_Digest(data.data(), data.size(), out.data(), nullptr, hash, nullptr) != 1) {
    fail("the cryptographic library refused a hash");
  }
  return out;
}

/// The attribute `name` of a message, e.g. `r=...,s=...,i=...`.
std::string_view attribute(std::string_view message, char name) {
  while (!message.empty()) {
    const size_t comma = message.find(',');
    const std::string_view part = message.substr(0, comma);
    if (part.size() >= 2 && part[0] == name && part[1] == '=') return part.substr(2);
    if (comma == std::string_view::npos) break;
    message.remove_prefix(comma + 1);
  }
  return {};
}

/// saslname: a comma and an equals sign have a meaning in messages.
std::string escaped(std::string_view user) {
  std::string out;
  for (const char c : user) {
    if (c == '=') {
      out += "=3D";
    } else if (c == ',') {
      out += "=2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

ScramClient::ScramClient(SaslMechanism mechanism, std::string user, security::SecretText password,
                         std::string nonce)
    : sha512_(mechanism == SaslMechanism::ScramSha512),
      user_(std::move(user)),
      password_(std::move(password)),
      nonce_(std::move(nonce)) {
  if (mechanism != SaslMechanism::ScramSha256 && mechanism != SaslMechanism::ScramSha512) {
    throw ConfigException("sasl.mechanism " + std::string(security::name_of(mechanism)) +
                          " is no SCRAM mechanism");
  }
}

std::string ScramClient::random_nonce() {
  std::array<uint8_t, kNonceBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    fail("no random numbers are to be had");
  }
  std::string text;
  append_base64(text, bytes);
  return text;
}

std::string ScramClient::bare_first() const { return "n=" + escaped(user_) + ",r=" + nonce_; }

std::string ScramClient::first() const { return std::string(kNoBinding) + bare_first(); }

std::string ScramClient::final_of(std::string_view server_first) {
  if (const auto error = attribute(server_first, 'e'); !error.empty()) fail(std::string(error));
  const std::string nonce(attribute(server_first, 'r'));
  if (nonce.size() <= nonce_.size() || !nonce.starts_with(nonce_)) {
    fail("the server's nonce does not continue ours");
  }
  std::string salt;
  if (!decode_base64(attribute(server_first, 's'), salt) || salt.empty()) {
    fail("the server's salt is unreadable");
  }
  const std::string_view count = attribute(server_first, 'i');
  int32_t iterations = 0;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (error != std::errc() || end != count.data() + count.size()) {
    fail("the server's iteration count is unreadable");
  }
  if (iterations < kMinIterations || iterations > kMaxIterations) {
    fail(fmt::format("{} iterations are asked for; allowed are {} to {}", iterations,
                     kMinIterations, kMaxIterations));
  }
  const EVP_MD* hash = sha512_ ? EVP_sha512() : EVP_sha256();
  SecretBytes salted(static_cast<size_t>(EVP_MD_get_size(hash)));
  const std::string& password = password_.value();
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt).data(),
                        static_cast<int>(salt.size()), iterations, hash,
                        static_cast<int>(salted.size()), salted.data()) != 1) {
    fail("the cryptographic library refused to derive a key");
  }
  const std::string without_proof = "c=" + std::string(kNoBindingBase64) + ",r=" + nonce;
  const std::string message = bare_first() + ',' + std::string(server_first) + ',' + without_proof;
  const SecretBytes client_key = hmac(hash, salted, "Client Key");
  SecretBytes proof = hmac(hash, digest(hash, client_key), message);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] ^= client_key[i];
  const SecretBytes signature = hmac(hash, hmac(hash, salted, "Server Key"), message);
  server_signature_.clear();
  append_base64(server_signature_, signature);
  std::string out = without_proof + ",p=";
  append_base64(out, proof);
  return out;
}

void ScramClient::verify(std::string_view server_final) const {
  if (const auto error = attribute(server_final, 'e'); !error.empty()) {
    fail(std::string(error) + "; check user name and password in sasl.jaas.config");
  }
  if (server_signature_.empty() || attribute(server_final, 'v') != server_signature_) {
    fail("the server's signature is wrong: it does not know this user's password");
  }
}

}  // namespace millrace::group
