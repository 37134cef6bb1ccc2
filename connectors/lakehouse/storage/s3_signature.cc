#include "connectors/lakehouse/storage/s3_signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "connectors/http/url.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    throw ConnectException("signing a request: OpenSSL failed");
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// `20130524T000000Z`
std::string basic_time(int64_t now_ms) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// Blanks around are dropped, and of many between one stays.
std::string canonical_value(std::string_view value) {
  std::string text;
  for (const char c : java_trim(value)) {
    if (c != ' ' || !text.ends_with(' ')) text += c;
  }
  return text;
}

std::string canonical_query(const Pairs& query) {
  Pairs encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(http::percent_encoded(name), http::percent_encoded(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name + '=' + value;
  }
  return text;
}

std::string signing_key(const S3Credentials& credentials, const std::string& day,
                        const std::string& region, const std::string& service) {
  const std::string of_day = hmac("AWS4" + credentials.secret_access_key, day);
  return hmac(hmac(hmac(of_day, region), service), "aws4_request");
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw ConnectException("hashing a request: OpenSSL failed");
  }
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

Pairs signature_headers(const SignedRequest& request, std::string_view payload_hash,
                        const S3Credentials& credentials, const std::string& region,
                        const std::string& service, int64_t now_ms) {
  const std::string time = basic_time(now_ms);
  const std::string day = time.substr(0, 8);
  Pairs added = {{"x-amz-date", time}};
  if (!credentials.session_token.empty()) {
    added.emplace_back("x-amz-security-token", credentials.session_token);
  }
  Pairs all = {{"host", request.host}};
  for (const auto& [name, value] : request.headers) all.emplace_back(to_lower(name), value);
  all.insert(all.end(), added.begin(), added.end());
  std::sort(all.begin(), all.end());
  std::string lines;
  std::string names;
  for (const auto& [name, value] : all) {
    lines += name + ':' + canonical_value(value) + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                  canonical_query(request.query), lines, names, payload_hash);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope, sha256_hex(canonical));
  const std::string signature = hex(hmac(signing_key(credentials, day, region, service), to_sign));
  added.emplace_back("Authorization",
                     fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm,
                                 credentials.access_key_id, scope, names, signature));
  return added;
}

}  // namespace millrace::lakehouse
