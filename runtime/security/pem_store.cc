// Certificates and keys of PEM text. Wider than Java, which takes PKCS#8 keys only: keys in the
// older forms of OpenSSL (RSA, EC) are read as well.

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>

#include "runtime/security/pem.h"
#include "runtime/security/store_entries.h"

namespace millrace::security {
namespace {

using Fault = StoreFault::Kind;

/// One `-----BEGIN name-----` block with its decoded content.
class Block {
 public:
  /// False at the end.
  bool read(BIO* in) {
    reset();
    if (PEM_read_bio(in, &name_, &header_, &data_, &size_) == 1) return true;
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_GET_REASON(code) == PEM_R_NO_START_LINE) return false;
    throw StoreFault{Fault::Content, "a PEM block in it is damaged"};
  }
  ~Block() { reset(); }
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::string_view name() const { return name_; }
  const uint8_t* data() const { return data_; }
  long size() const { return size_; }
  bool is_certificate() const {
    return name() == "CERTIFICATE" || name() == "X509 CERTIFICATE";
  }
  bool is_key() const { return name().ends_with("PRIVATE KEY"); }

  /// Opens a block of the older form whose header names a cipher. False for a wrong password.
  bool decrypt(const SecretText* password) {
    EVP_CIPHER_INFO cipher;
    if (PEM_get_EVP_CIPHER_INFO(header_, &cipher) != 1) {
      throw StoreFault{Fault::Content, "the cipher of its private key is not supported"};
    }
    if (cipher.cipher == nullptr) return true;
    if (password == nullptr) return false;
    return PEM_do_header(&cipher, data_, &size_, give_password,
                         const_cast<SecretText*>(password)) == 1;
  }

 private:
  static int give_password(char* out, int capacity, int, void* secret) {
    const std::string& text = static_cast<const SecretText*>(secret)->value();
    if (text.size() > static_cast<size_t>(capacity)) return -1;
    std::memcpy(out, text.data(), text.size());
    return static_cast<int>(text.size());
  }

  void reset() {
    OPENSSL_free(name_);
    OPENSSL_free(header_);
    OPENSSL_clear_free(data_, static_cast<size_t>(size_));
    name_ = header_ = nullptr;
    data_ = nullptr;
    size_ = 0;
  }

  char* name_ = nullptr;
  char* header_ = nullptr;
  uint8_t* data_ = nullptr;
  long size_ = 0;
};

[[noreturn]] void wrong_key_password(bool given) {
  throw StoreFault{Fault::KeyPassword, given ? "the password does not open its private key"
                                             : "its private key has a password, but none is set"};
}

PrivateKey read_key(Block& block, const StoreSource& source) {
  const auto passwords = key_passwords(source);
  const SecretText* password = passwords.empty() ? nullptr : passwords.front();
  const uint8_t* data = block.data();
  PrivateKey key;
  if (block.name() == "ENCRYPTED PRIVATE KEY") {
    const EncryptedKey sealed(d2i_X509_SIG(nullptr, &data, block.size()));
    if (!sealed) throw StoreFault{Fault::Content, "its private key is damaged"};
    key = open_encrypted_key(*sealed, passwords);
    if (!key) wrong_key_password(password != nullptr);
    return key;
  }
  if (!block.decrypt(password)) wrong_key_password(password != nullptr);
  data = block.data();
  key.reset(d2i_AutoPrivateKey(nullptr, &data, block.size()));
  if (!key) {
    throw StoreFault{Fault::Content, "its private key is damaged or of an unknown kind (" +
                                         openssl_reason() + ")"};
  }
  return key;
}

}  // namespace

StoreEntries read_pem_entries(std::string_view text, const StoreSource& source, StoreUse use) {
  const std::string name =
      source.path.empty() ? source.setting : source.setting + ".location " + source.path;
  const SecretText lines(rewrap_pem(text, name));
  const Bio in = memory_bio(lines.value());
  Block block;
  std::vector<Certificate> certificates;
  StoreEntries entries;
  while (block.read(in.get())) {
    if (block.is_certificate()) {
      certificates.push_back(
          parse_certificate(Bytes(block.data(), static_cast<size_t>(block.size()))));
    } else if (block.is_key() && use == StoreUse::Keys) {
      entries.keys.push_back({"", read_key(block, source), {}});
    }
  }
  if (use == StoreUse::Trust) {
    entries.trusted = std::move(certificates);
  } else if (!entries.keys.empty()) {
    entries.keys.front().chain = std::move(certificates);
  }
  return entries;
}

}  // namespace millrace::security
