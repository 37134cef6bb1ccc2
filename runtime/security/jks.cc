// Sun's JKS and the part of JCEKS that shares its layout (kafka-clients.md §4). Big-endian; `utf` is
// a u16 length and modified UTF-8:
//   u32 magic, u32 version (2; 1 has no certificate types), u32 count, entries, SHA-1 digest
//   entry: u32 tag, utf alias, u64 millis, then
//     tag 1: u32 length, EncryptedPrivateKeyInfo, u32 n, n certificates, leaf first
//     tag 2: one certificate
//   certificate: utf type, u32 length, DER

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "millrace/utf8.h"
#include "runtime/security/store_entries.h"

namespace millrace::security {
namespace {

using Fault = StoreFault::Kind;

constexpr uint32_t kJceks = 0xCECECECE;
constexpr uint32_t kKeyTag = 1;
constexpr uint32_t kCertificateTag = 2;
constexpr std::string_view kWhitener = "Mighty Aphrodite";
constexpr std::string_view kProtectorOid = "1.3.6.1.4.1.42.2.17.1.1";

using Digest = std::array<uint8_t, SHA_DIGEST_LENGTH>;

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  Bytes take(size_t size) {
    if (size > rest_.size()) throw StoreFault{Fault::Content, "the file ends too early"};
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  uint32_t u32() { return number(4); }
  std::string text() {
    const Bytes bytes = take(number(2));
    return {bytes.begin(), bytes.end()};
  }
  Bytes block() { return take(u32()); }
  bool empty() const { return rest_.empty(); }

 private:
  uint32_t number(size_t size) {
    uint32_t value = 0;
    for (const uint8_t byte : take(size)) value = value << 8U | byte;
    return value;
  }

  Bytes rest_;
};

SecretBytes utf16_bytes(std::string_view text) {
  SecretBytes bytes;
  bytes.reserve(text.size() * 2);
  const auto put = [&bytes](uint32_t unit) {
    bytes.push_back(static_cast<uint8_t>(unit >> 8U));
    bytes.push_back(static_cast<uint8_t>(unit));
  };
  constexpr char32_t kFirstPair = 0x10000;
  while (!text.empty()) {
    const auto character = utf8::decode(text);
    text.remove_prefix(character.length);
    const char32_t c = character.code_point;
    if (c < kFirstPair) {
      put(c);
    } else {
      put(0xD800 + ((c - kFirstPair) >> 10U));
      put(0xDC00 + ((c - kFirstPair) & 0x3FFU));
    }
  }
  return bytes;
}

Digest sha1(const SecretBytes& first, Bytes second, std::string_view between = {}) {
  SecretBytes all(first);
  all.insert(all.end(), between.begin(), between.end());
  all.insert(all.end(), second.begin(), second.end());
  Digest digest;
  SHA1(all.data(), all.size(), digest.data());
  return digest;
}

void check_digest(Bytes file, const SecretText& password) {
  const Bytes body = file.first(file.size() - SHA_DIGEST_LENGTH);
  const Digest digest = sha1(utf16_bytes(password.value()), body, kWhitener);
  if (!std::equal(digest.begin(), digest.end(), file.end() - SHA_DIGEST_LENGTH)) {
    throw StoreFault{Fault::StorePassword, "the password is wrong or the file is damaged"};
  }
}

/// salt(20) cipher check(20); the key stream is SHA-1 over password and the block before.
bool unprotect(Bytes data, const SecretText& password, SecretBytes& plain) {
  const SecretBytes secret = utf16_bytes(password.value());
  const Bytes cipher = data.subspan(SHA_DIGEST_LENGTH, data.size() - 2 * SHA_DIGEST_LENGTH);
  plain.assign(cipher.begin(), cipher.end());
  Digest block = sha1(secret, data.first(SHA_DIGEST_LENGTH));
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i != 0 && i % block.size() == 0) block = sha1(secret, block);
    plain[i] ^= block[i % block.size()];
  }
  const Digest check = sha1(secret, Bytes(plain));
  return std::equal(check.begin(), check.end(), data.end() - SHA_DIGEST_LENGTH);
}

std::string oid_of(const X509_SIG& encrypted) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(&encrypted, &algorithm, nullptr);
  char text[80];
  OBJ_obj2txt(text, sizeof text, algorithm->algorithm, 1);
  return text;
}

PrivateKey open_key(Bytes der, const std::string& alias, const StoreSource& source) {
  const uint8_t* data = der.data();
  const EncryptedKey sealed(d2i_X509_SIG(nullptr, &data, static_cast<long>(der.size())));
  if (!sealed) throw StoreFault{Fault::Content, "key '" + alias + "' is damaged"};
  if (oid_of(*sealed) != kProtectorOid) {
    throw StoreFault{Fault::Content, "key '" + alias + "' is protected by an algorithm that is not "
                                     "supported (as in JCEKS stores); convert the store with "
                                     "'keytool -importkeystore -deststoretype PKCS12'"};
  }
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(sealed.get(), nullptr, &octets);
  const Bytes data_bytes(ASN1_STRING_get0_data(octets),
                         static_cast<size_t>(ASN1_STRING_length(octets)));
  if (data_bytes.size() < 2 * SHA_DIGEST_LENGTH) {
    throw StoreFault{Fault::Content, "key '" + alias + "' is damaged"};
  }
  SecretBytes plain;
  for (const SecretText* password : key_passwords(source)) {
    if (unprotect(data_bytes, *password, plain)) return parse_plain_key(plain);
  }
  throw StoreFault{Fault::KeyPassword, "the password does not open key '" + alias + "'"};
}

Certificate read_certificate(Reader& in, uint32_t version, const std::string& alias) {
  const std::string type = version == 1 ? "X.509" : in.text();
  const Bytes der = in.block();
  if (type != "X.509") {
    throw StoreFault{Fault::Content, "entry '" + alias + "' holds a certificate that is no X.509"};
  }
  return parse_certificate(der);
}

void read_entry(Reader& in, uint32_t version, const StoreSource& source, StoreUse use,
                StoreEntries& out) {
  const uint32_t tag = in.u32();
  const std::string alias = utf8::sanitise(in.text());
  in.take(sizeof(uint64_t));  // when it was made
  if (tag == kCertificateTag) {
    out.trusted.push_back(read_certificate(in, version, alias));
    return;
  }
  if (tag != kKeyTag) {
    throw StoreFault{Fault::Content, "entry '" + alias + "' is neither a private key nor a "
                                     "certificate (secret keys are not supported)"};
  }
  KeyEntry entry{alias, nullptr, {}};
  const Bytes key = in.block();
  if (use == StoreUse::Keys) entry.key = open_key(key, alias, source);
  for (uint32_t left = in.u32(); left != 0; --left) {
    entry.chain.push_back(read_certificate(in, version, alias));
  }
  out.keys.push_back(std::move(entry));
}

}  // namespace

StoreEntries read_jks(Bytes file, const StoreSource& source, StoreUse use) {
  constexpr size_t kLeast = 3 * sizeof(uint32_t) + SHA_DIGEST_LENGTH;
  if (file.size() < kLeast) throw StoreFault{Fault::Content, "the file ends too early"};
  if (source.password) check_digest(file, *source.password);
  Reader in(file.first(file.size() - SHA_DIGEST_LENGTH));
  const bool jceks = in.u32() == kJceks;
  const uint32_t version = in.u32();
  if (version != 1 && version != 2) {
    throw StoreFault{Fault::Content, std::string(jceks ? "JCEKS" : "JKS") + " version " +
                                         std::to_string(version) + " is not known"};
  }
  StoreEntries entries;
  for (uint32_t left = in.u32(); left != 0; --left) {
    read_entry(in, version, source, use, entries);
  }
  if (!in.empty()) throw StoreFault{Fault::Content, "there is more in the file than its entries"};
  return entries;
}

}  // namespace millrace::security
