#include "runtime/herder/internal_request.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "millrace/base64.h"
#include "millrace/text.h"
#include "runtime/worker/request_exception.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kServiceUnavailable = 503;

struct Algorithm {
  const char* name;
  const EVP_MD* (*digest)();
};

constexpr std::array<Algorithm, 12> kAlgorithms = {{{"HmacMD5", EVP_md5},
                                                    {"HmacSHA1", EVP_sha1},
                                                    {"HmacSHA224", EVP_sha224},
                                                    {"HmacSHA256", EVP_sha256},
                                                    {"HmacSHA384", EVP_sha384},
                                                    {"HmacSHA512", EVP_sha512},
                                                    {"HmacSHA512/224", EVP_sha512_224},
                                                    {"HmacSHA512/256", EVP_sha512_256},
                                                    {"HmacSHA3-224", EVP_sha3_224},
                                                    {"HmacSHA3-256", EVP_sha3_256},
                                                    {"HmacSHA3-384", EVP_sha3_384},
                                                    {"HmacSHA3-512", EVP_sha3_512}}};

const Algorithm* find(std::string_view name) {
  const std::string wanted(name);
  for (const Algorithm& one : kAlgorithms) {
    if (::strcasecmp(one.name, wanted.c_str()) == 0) return &one;
  }
  return nullptr;
}

bool is_base64_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

[[noreturn]] void not_base64(const std::string& reason) {
  throw RequestException(kBadRequest, reason);
}

/// How many bytes of `text`, whose padding begins at `at`, are base64.
size_t end_of_padding(std::string_view text, size_t at) {
  if (at == text.size()) return at;
  const size_t open = at % 4;  // digits in the last unit
  if (open == 0 || (open == 2 && text.substr(at, 2) != "==")) {
    not_base64("Input byte array has wrong 4-byte ending unit");
  }
  return at + (open == 2 ? 2 : 1);
}

/// As java.util.Base64, which does not ask for the padding, in its words.
std::string decode_signature(std::string_view text) {
  if (text.size() == 1) not_base64("Input byte[] should at least have 2 bytes for base64 bytes");
  const std::string_view digits = text.substr(0, text.find('='));
  for (const char c : digits) {
    if (is_base64_digit(c)) continue;
    not_base64(fmt::format("Illegal base64 character {:x}", static_cast<unsigned char>(c)));
  }
  const size_t end = end_of_padding(text, digits.size());
  if (digits.size() % 4 == 1) not_base64("Last unit does not have enough valid bits");
  if (end < text.size()) {
    not_base64(fmt::format("Input byte array has incorrect ending byte at {}", end));
  }
  std::string bytes;
  const std::string padding((4 - digits.size() % 4) % 4, '=');
  if (!decode_base64(std::string(digits) + padding, bytes)) not_base64("Illegal base64");
  return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

const std::vector<std::string>& mac_algorithms() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Algorithm& one : kAlgorithms) all.emplace_back(one.name);
    return all;
  }();
  return names;
}

bool is_mac_algorithm(std::string_view name) {
  return find(name) != nullptr;
}

std::string sign(std::string_view key, std::string_view algorithm, std::string_view body) {
  const Algorithm* known = find(algorithm);
  if (known == nullptr) {
    throw ConnectException(fmt::format("Algorithm {} not available", algorithm));
  }
  if (key.empty()) throw ConnectException("Signing a request between workers: the key is empty");
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  if (HMAC(known->digest(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac.data(),
           &size) == nullptr) {
    throw ConnectException(fmt::format("Signing a request between workers: OpenSSL refuses {}",
                                       algorithm));
  }
  return {reinterpret_cast<const char*>(mac.data()), size};
}

std::string signature_header(std::string_view key, std::string_view algorithm,
                             std::string_view body) {
  const std::string mac = sign(key, algorithm, body);
  std::string text;
  append_base64(text, {reinterpret_cast<const uint8_t*>(mac.data()), mac.size()});
  return text;
}

std::optional<InternalRequestSignature> read_signature(const std::string* signature_header,
                                                       const std::string* algorithm_header,
                                                       std::string_view body) {
  if (signature_header == nullptr || algorithm_header == nullptr) return std::nullopt;
  if (!is_mac_algorithm(*algorithm_header)) {
    throw RequestException(kBadRequest, "Algorithm " + *algorithm_header + " not available");
  }
  return InternalRequestSignature{*algorithm_header, decode_signature(*signature_header),
                                  std::string(body)};
}

void check_signature(const std::optional<InternalRequestSignature>& signature,
                     const std::vector<std::string>& permitted,
                     const SessionKey* key) {
  if (!signature) {
    throw RequestException(kBadRequest, "Internal request missing required signature");
  }
  if (std::find(permitted.begin(), permitted.end(), signature->algorithm) == permitted.end()) {
    throw RequestException(
        kBadRequest,
        fmt::format("This worker does not support the '{}' key signing algorithm used by other "
                    "workers. This worker is currently configured to use: {}. Check that all "
                    "workers' configuration files permit the same set of signature algorithms, and "
                    "correct any misconfigured worker and restart it.",
                    signature->algorithm, java_list_text(permitted)));
  }
  if (key == nullptr) {
    throw RequestException(kServiceUnavailable,
                           "This worker is still starting up and has not been able to read a "
                           "session key from the config topic yet");
  }
  const std::string expected = sign(key->key, signature->algorithm, signature->body);
  if (!equal_in_constant_time(expected, signature->signature)) {
    throw RequestException(kForbidden, "Internal request contained invalid signature.");
  }
}

}  // namespace millrace
