#include "runtime/security/store.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <set>

#include "millrace/errors.h"
#include "runtime/core/atomic_file.h"
#include "runtime/security/store_entries.h"

namespace millrace::security {
namespace {

using Fault = StoreFault::Kind;

enum class Format : uint8_t { Unknown, Pem, Pkcs12, Jks, Jceks };

Format format_of(std::string_view bytes) {
  constexpr unsigned char kSequence = 0x30;
  constexpr unsigned char kLongLength = 0x80;  // a length that takes further bytes
  if (bytes.starts_with("\xFE\xED\xFE\xED")) return Format::Jks;
  if (bytes.starts_with("\xCE\xCE\xCE\xCE")) return Format::Jceks;
  if (bytes.find("-----BEGIN ") != std::string_view::npos) return Format::Pem;
  if (bytes.size() > 2 && static_cast<unsigned char>(bytes[0]) == kSequence &&
      (static_cast<unsigned char>(bytes[1]) & kLongLength) != 0) {
    return Format::Pkcs12;
  }
  return Format::Unknown;
}

const char* name_of(Format format) {
  switch (format) {
    case Format::Pem: return "PEM";
    case Format::Pkcs12: return "PKCS12";
    case Format::Jks: return "JKS";
    case Format::Jceks: return "JCEKS";
    default: return "unknown";
  }
}

std::string remedy(const StoreFault& fault, const StoreSource& source, Format format) {
  switch (fault.kind) {
    case Fault::StorePassword: return "; check " + source.setting + ".password";
    case Fault::KeyPassword:
      return "; check " + source.key_password_setting +
             (format == Format::Pem ? "" : " and " + source.setting + ".password");
    case Fault::Missing: return "";
    default: break;
  }
  if (format == Format::Pem) return "; check the file with 'openssl storeutl -noout -text'";
  return "; check the file with 'keytool -list -keystore'";
}

[[noreturn]] void refuse(const StoreFault& fault, const StoreSource& source, Format format) {
  ERR_clear_error();
  const std::string what = source.path.empty()
                               ? source.setting
                               : source.setting + ".location " + source.path + ": reading the " +
                                     name_of(format) + " store";
  throw ConfigException(what + ": " + fault.text +
                        (source.path.empty() && fault.kind != Fault::KeyPassword
                             ? ""
                             : remedy(fault, source, format)));
}

SecretText read_store_file(const StoreSource& source) {
  const std::string what = source.setting + ".location " + source.path;
  std::error_code error;
  const auto status = std::filesystem::status(source.path, error);
  if (!std::filesystem::exists(status)) {
    throw ConfigException(what + ": " + (error ? error.message() : "no such file") +
                          "; check the path and its permissions");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw ConfigException(what + ": it is not a file");
  }
  if (const auto size = std::filesystem::file_size(source.path, error);
      error || size > kMaxStoreBytes) {
    throw ConfigException(what + ": it is larger than " + std::to_string(kMaxStoreBytes) +
                          " bytes, so it is no key or trust store");
  }
  std::string bytes;
  try {
    read_file(source.path, bytes);
  } catch (const std::exception& e) {
    throw ConfigException(what + ": " + e.what() + "; check its permissions");
  }
  if (bytes.empty()) throw ConfigException(what + ": the file is empty");
  return SecretText(std::move(bytes));
}

StoreEntries read_entries(const StoreSource& source, StoreUse use, Format& format) {
  const SecretText file = read_store_file(source);
  format = format_of(file.value());
  const Bytes bytes(reinterpret_cast<const uint8_t*>(file.value().data()), file.value().size());
  switch (format) {
    case Format::Pem: return read_pem_entries(file.value(), source, use);
    case Format::Pkcs12: return read_pkcs12(bytes, source, use);
    case Format::Jks:
    case Format::Jceks: return read_jks(bytes, source, use);
    default:
      throw StoreFault{Fault::Content, "it is none of PEM, PKCS12 and JKS"};
  }
}

std::string pem_of(const std::vector<const X509*>& certificates) {
  const Bio out(BIO_new(BIO_s_mem()));
  for (const X509* certificate : certificates) {
    PEM_write_bio_X509(out.get(), const_cast<X509*>(certificate));
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

SecretText pem_of(const EVP_PKEY& key) {
  const Bio out(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), const_cast<EVP_PKEY*>(&key), nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    throw StoreFault{Fault::Content, "its private key cannot be used (" + openssl_reason() + ")"};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return SecretText(std::string_view(text, static_cast<size_t>(size)));
}

TrustMaterial trust_of(const StoreEntries& entries) {
  std::vector<const X509*> all;
  std::set<std::string> seen;
  const auto add = [&](const X509* certificate) {
    uint8_t* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    if (size > 0 && seen.emplace(reinterpret_cast<char*>(der), size).second) {
      all.push_back(certificate);
    }
    OPENSSL_free(der);
  };
  for (const Certificate& trusted : entries.trusted) add(trusted.get());
  for (const KeyEntry& entry : entries.keys) {
    if (!entry.chain.empty()) add(entry.chain.front().get());
  }
  if (all.empty()) {
    throw StoreFault{Fault::Missing, "it holds no trusted certificate; import the CA's with "
                                     "'keytool -importcert'"};
  }
  return {pem_of(all), {}};
}

bool fits(const KeyEntry& entry) {
  const bool matches = !entry.chain.empty() && entry.key != nullptr &&
                       X509_check_private_key(entry.chain.front().get(), entry.key.get()) == 1;
  ERR_clear_error();
  return matches;
}

bool is_complete(const KeyEntry& entry) {
  X509* last = entry.chain.back().get();
  return X509_check_issued(last, last) == X509_V_OK;
}

KeyMaterial keys_of(const StoreEntries& entries, const StoreSource& source) {
  if (entries.keys.empty()) {
    throw StoreFault{Fault::Missing, "it holds no private key"};
  }
  const KeyEntry* chosen = nullptr;
  for (const KeyEntry& entry : entries.keys) {
    if (!fits(entry)) continue;
    if (chosen == nullptr || (!is_complete(*chosen) && is_complete(entry))) chosen = &entry;
  }
  if (chosen == nullptr) {
    throw StoreFault{Fault::Missing, "it holds no certificate that fits its private key"};
  }
  std::vector<const X509*> chain;
  for (const Certificate& certificate : chosen->chain) chain.push_back(certificate.get());
  KeyMaterial material{pem_of(chain), pem_of(*chosen->key), {}};
  if (entries.keys.size() > 1) {
    material.warnings.push_back(source.setting + ".location " + source.path + " holds " +
                                std::to_string(entries.keys.size()) + " keys; using " +
                                (chosen->alias.empty() ? "the first" : "'" + chosen->alias + "'"));
  }
  return material;
}

}  // namespace

TrustMaterial read_trust_store(const StoreSource& source) {
  Format format = Format::Unknown;
  try {
    return trust_of(read_entries(source, StoreUse::Trust, format));
  } catch (const StoreFault& fault) {
    refuse(fault, source, format);
  }
}

KeyMaterial read_key_store(const StoreSource& source) {
  Format format = Format::Unknown;
  try {
    return keys_of(read_entries(source, StoreUse::Keys, format), source);
  } catch (const StoreFault& fault) {
    refuse(fault, source, format);
  }
}

TrustMaterial read_trust_pem(std::string_view text, const std::string& setting) {
  StoreSource source;
  source.setting = setting;
  try {
    return trust_of(read_pem_entries(text, source, StoreUse::Trust));
  } catch (const StoreFault& fault) {
    refuse(fault, source, Format::Pem);
  }
}

KeyMaterial read_key_pem(std::string_view key, const std::string& key_setting,
                         std::string_view chain, const std::string& chain_setting,
                         const std::optional<SecretText>& password,
                         const std::string& password_setting) {
  StoreSource source;
  source.setting = chain_setting;
  source.key_password_setting = password_setting;
  source.key_password = password;
  try {
    auto certificates = read_pem_entries(chain, source, StoreUse::Trust).trusted;
    if (certificates.empty()) throw StoreFault{Fault::Missing, "it holds no certificate"};
    source.setting = key_setting;
    StoreEntries entries = read_pem_entries(key, source, StoreUse::Keys);
    if (!entries.keys.empty()) entries.keys.front().chain = std::move(certificates);
    return keys_of(entries, source);
  } catch (const StoreFault& fault) {
    refuse(fault, source, Format::Pem);
  }
}

}  // namespace millrace::security
