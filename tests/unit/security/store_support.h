#pragma once
// Stores in a temporary folder, and what reading them gave.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>

#include "millrace/errors.h"
#include "runtime/security/openssl_types.h"
#include "runtime/security/store.h"
#include "tests/support/temporary_folder.h"

namespace millrace::security {

using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::write_text;

inline StoreSource source(const std::filesystem::path& path,
                          std::optional<std::string> password = {},
                          std::optional<std::string> key_password = {}) {
  StoreSource made;
  made.path = path.string();
  if (password) made.password = SecretText(*password);
  if (key_password) made.key_password = SecretText(*key_password);
  return made;
}

/// The refusal's text; empty when it worked.
template <class Work>
std::string refusal_of(Work&& work) {
  try {
    work();
  } catch (const ConfigException& error) {
    return error.what();
  }
  return {};
}
inline std::string key_refusal(const StoreSource& from) {
  return refusal_of([&] { read_key_store(from); });
}
inline std::string trust_refusal(const StoreSource& from) {
  return refusal_of([&] { read_trust_store(from); });
}

/// The key is a plain one that belongs to the chain's first certificate.
inline void expect_pair(const KeyMaterial& material) {
  const Bio chain = memory_bio(material.chain_pem);
  const Certificate leaf(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  const Bio text = memory_bio(material.key_pem.value());
  const PrivateKey key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  ASSERT_NE(leaf, nullptr);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(X509_check_private_key(leaf.get(), key.get()), 1);
  EXPECT_TRUE(material.key_pem.value().starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

/// Reads damaged copies of a store: each must work or be refused in words that name the file.
inline void expect_robust(const std::string& bytes, StoreSource from, int tries) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed) + " of " + from.path);
  std::mt19937 random(seed);
  for (int i = 0; i < tries; ++i) {
    std::string damaged = bytes;
    const size_t at = random() % bytes.size();
    if (i % 3 == 0) damaged.resize(at);
    else damaged[at] = static_cast<char>(damaged[at] ^ (1U << (random() % 8)));
    write_text(from.path, damaged);
    for (const std::string& text : {key_refusal(from), trust_refusal(from)}) {
      if (!text.empty()) {
        EXPECT_THAT(text, testing::HasSubstr(from.path));
      }
    }
  }
}

}  // namespace millrace::security
