#include "runtime/herder/config_hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr size_t kShownBytes = 8;
constexpr std::array<std::string_view, 10> kSecretWords = {
    "password", "passphrase", "secret",       "token",   "credential",
    "jaas",     "private",    "keystore.key", "api.key", "apikey"};

bool is_secret(const std::string& key, const ConfigDefinition* definition) {
  if (definition != nullptr) {
    const ConfigKey* row = definition->find(key);
    if (row != nullptr) return row->type == ConfigType::Password;
  }
  std::string lower = key;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::any_of(kSecretWords.begin(), kSecretWords.end(), [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

/// Lengths before texts keep different configurations different.
void append(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void append(std::string& out, const Properties& config, const ConfigDefinition* definition) {
  out += std::to_string(config.size());
  out += ';';
  for (const auto& [key, value] : config) {
    append(out, key);
    append(out, is_secret(key, definition) ? std::string_view() : std::string_view(value));
  }
}

}  // namespace

std::string task_config_hash(const Properties& connector, const Properties& task,
                             const ConfigDefinition* definition) {
  std::string text;
  append(text, connector, definition);
  append(text, task, definition);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw ConnectException("hashing a configuration: the cryptographic library refused SHA-256");
  }
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < kShownBytes; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 0xF];
  }
  return hex;
}

}  // namespace millrace
