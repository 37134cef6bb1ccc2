#include "connectors/feature_store/serving/api_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.Serving";

[[noreturn]] void bad_line(const std::string& file, size_t line) {
  throw ConfigException(
      fmt::format("Reading API keys from {}: line {} must be name:sha256 or "
                  "name:salt:sha256 with 64 hex digits",
                  file, line));
}

std::optional<uint8_t> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

bool read_hex(std::string_view hex, std::array<uint8_t, 32>& out) noexcept {
  if (hex.size() != 2 * out.size()) return false;
  for (size_t i = 0; i < out.size(); ++i) {
    const auto high = hex_digit(hex[2 * i]);
    const auto low = hex_digit(hex[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<uint8_t>(*high << 4U | *low);
  }
  return true;
}

void sha256(std::string_view salt, std::string_view key, std::array<uint8_t, 32>& out) {
  std::string text(salt);
  text += key;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw ConnectException("Hashing an API key failed");
  }
  OPENSSL_cleanse(text.data(), text.size());
}

}  // namespace

ApiKeys::ApiKeys(std::string file)
    : file_(std::move(file)), checked_(std::chrono::steady_clock::now()) {
  if (file_.empty()) return;
  stamp_ = stamp(file_);
  keys_ = std::make_shared<const Keys>(read(file_));
}

ApiKeys::Stamp ApiKeys::stamp(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  std::error_code ignored;
  return {std::filesystem::last_write_time(file, ignored), static_cast<uintmax_t>(info.st_size),
          info.st_ino};
}

ApiKeys::Keys ApiKeys::read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw ConfigException("Reading API keys from " + file +
                          " failed; the worker must be able to read it");
  }
  Keys keys;
  std::string text;
  size_t bytes = 0;
  for (size_t line = 1; std::getline(in, text); ++line) {
    bytes += text.size();
    if (bytes > kMaxFileBytes || keys.size() >= kMaxKeys) {
      throw ConfigException("Reading API keys from " + file + ": more than 1000 keys or 1 MiB");
    }
    const std::string_view row = java_trim(text);
    if (row.empty() || row.front() == '#') continue;
    const size_t first = row.find(':');
    const size_t last = row.rfind(':');
    if (first == std::string_view::npos || first == 0) bad_line(file, line);
    Key key;
    if (last > first) key.salt = row.substr(first + 1, last - first - 1);
    if (!read_hex(row.substr(last + 1), key.hash)) bad_line(file, line);
    keys.push_back(std::move(key));
  }
  return keys;
}

bool ApiKeys::allows(std::string_view key) const {
  if (file_.empty()) return true;
  if (key.empty()) return false;
  std::shared_ptr<const Keys> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  bool found = false;
  Hash plain;
  sha256({}, key, plain);
  for (const Key& known : *keys) {
    Hash salted = plain;
    if (!known.salt.empty()) sha256(known.salt, key, salted);
    found |= CRYPTO_memcmp(salted.data(), known.hash.data(), salted.size()) == 0;
  }
  return found;
}

void ApiKeys::reload_if_changed() {
  if (file_.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - checked_ < kCheckEvery) return;
  checked_ = now;
  const Stamp seen = stamp(file_);
  if (seen == stamp_) return;
  stamp_ = seen;
  try {
    keys_ = std::make_shared<const Keys>(read(file_));
    log(LogLevel::Info, kLogger,
        fmt::format("Read {} API keys again from {}", keys_->size(), file_));
  } catch (const std::exception& e) {
    log(LogLevel::Warn, kLogger, fmt::format("{}; the keys from before stay", e.what()));
  }
}

}  // namespace millrace::feature_store
