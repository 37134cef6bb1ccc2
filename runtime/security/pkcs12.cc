// PKCS#12, bag by bag: PKCS12_parse() takes the first key only and cannot tell the certificates
// Java trusts from those that merely complete a chain.

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "runtime/security/store_entries.h"

namespace millrace::security {
namespace {

using Fault = StoreFault::Kind;

// Java marks trusted certificates with this attribute, and trusts no other ones.
constexpr std::string_view kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";
constexpr int kMaxNesting = 4;

void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
void free_contents(STACK_OF(PKCS7) * all) { sk_PKCS7_pop_free(all, PKCS7_free); }
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), OpenSslDeleter<free_bags>>;
using Contents = std::unique_ptr<STACK_OF(PKCS7), OpenSslDeleter<free_contents>>;

struct BagCertificate {
  Certificate certificate;
  std::string key_id;
  bool trusted = false;
};
struct BagKey {
  PrivateKey key;
  std::string key_id;
  std::string alias;
};

class Parser {
 public:
  Parser(const StoreSource& source, StoreUse use) : source_(source), use_(use) {}

  StoreEntries parse(Bytes file) {
    // Read into an object of the private context; a failure frees it.
    PKCS12* target = PKCS12_init_ex(NID_pkcs7_data, store_context(), nullptr);
    const Bio in = memory_bio({reinterpret_cast<const char*>(file.data()), file.size()});
    const PKCS12* parsed = target != nullptr ? d2i_PKCS12_bio(in.get(), &target) : nullptr;
    const Pkcs12File store(target);
    if (parsed == nullptr) {
      ERR_clear_error();
      throw StoreFault{Fault::Content, "it is no PKCS#12 file, or it is damaged"};
    }
    open(*target);
    const Contents contents(PKCS12_unpack_authsafes(target));
    if (!contents) throw StoreFault{Fault::Content, "the file is damaged"};
    for (int i = 0; i < sk_PKCS7_num(contents.get()); ++i) {
      read_content(sk_PKCS7_value(contents.get(), i));
    }
    return result();
  }

 private:
  /// Checks the MAC, and finds out which form of an empty password the file was made with.
  void open(PKCS12& store) {
    if (PKCS12_mac_present(&store) == 0) {
      password_ = source_.password ? source_.password->value().c_str() : nullptr;
      return;
    }
    const ASN1_INTEGER* iterations = nullptr;
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, &store);
    check_iteration_count(iterations);
    const char* text = source_.password ? source_.password->value().c_str() : "";
    password_ = text;
    if (PKCS12_verify_mac(&store, text, -1) == 1) return;
    password_ = nullptr;
    if (*text == '\0' && PKCS12_verify_mac(&store, nullptr, 0) == 1) return;
    ERR_clear_error();
    throw StoreFault{Fault::StorePassword,
                     source_.password ? "the password is wrong or the file is damaged"
                                      : "the store has a password, but none is set"};
  }

  void read_content(PKCS7* content) {
    Bags bags;
    if (PKCS7_type_is_data(content)) {
      bags.reset(PKCS12_unpack_p7data(content));
    } else if (PKCS7_type_is_encrypted(content)) {
      if (content->d.encrypted != nullptr && content->d.encrypted->enc_data != nullptr) {
        check_iterations(content->d.encrypted->enc_data->algorithm);
      }
      bags.reset(PKCS12_unpack_p7encdata(content, password_, -1));
    } else {
      throw StoreFault{Fault::Content, "a part of it is sealed with a public key, which is not "
                                       "supported"};
    }
    if (!bags) {
      throw StoreFault{Fault::StorePassword,
                       "decrypting it failed (" + openssl_reason() + "): the password is wrong, or "
                       "the file is damaged"};
    }
    read_bags(bags.get(), 0);
  }

  void read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    if (depth > kMaxNesting) throw StoreFault{Fault::Content, "its parts are nested too deeply"};
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      const PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
      switch (PKCS12_SAFEBAG_get_nid(bag)) {
        case NID_safeContentsBag: read_bags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1); break;
        case NID_certBag: add_certificate(bag); break;
        case NID_keyBag:
        case NID_pkcs8ShroudedKeyBag: add_key(bag); break;
        default: break;  // CRLs and secrets are of no use here
      }
    }
  }

  void add_certificate(const PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return;
    BagCertificate found{Certificate(PKCS12_SAFEBAG_get1_cert(bag)), key_id(bag), is_trusted(bag)};
    if (!found.certificate) throw StoreFault{Fault::Content, "a certificate in it is damaged"};
    certificates_.push_back(std::move(found));
  }

  void add_key(const PKCS12_SAFEBAG* bag) {
    BagKey found{nullptr, key_id(bag), {}};
    if (char* name = PKCS12_get_friendlyname(const_cast<PKCS12_SAFEBAG*>(bag)); name != nullptr) {
      found.alias = name;
      OPENSSL_free(name);
    }
    if (use_ == StoreUse::Keys) {
      found.key = open_key(bag);
      if (!found.key) {
        throw StoreFault{Fault::KeyPassword,
                         "the password does not open " +
                             (found.alias.empty() ? "its key" : "key '" + found.alias + "'")};
      }
    }
    keys_.push_back(std::move(found));
  }

  PrivateKey open_key(const PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag) {
      return PrivateKey(EVP_PKCS82PKEY_ex(PKCS12_SAFEBAG_get0_p8inf(bag), store_context(), nullptr));
    }
    return open_encrypted_key(*PKCS12_SAFEBAG_get0_pkcs8(bag), key_passwords(source_));
  }

  static std::string key_id(const PKCS12_SAFEBAG* bag) {
    const ASN1_TYPE* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
    if (id == nullptr || id->type != V_ASN1_OCTET_STRING) return {};
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(id->value.octet_string)),
            static_cast<size_t>(ASN1_STRING_length(id->value.octet_string))};
  }

  static bool is_trusted(const PKCS12_SAFEBAG* bag) {
    const STACK_OF(X509_ATTRIBUTE)* attributes = PKCS12_SAFEBAG_get0_attrs(bag);
    for (int i = 0; attributes != nullptr && i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
      char oid[80];
      OBJ_obj2txt(oid, sizeof oid,
                  X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(attributes, i)), 1);
      if (oid == kTrustedKeyUsage) return true;
    }
    return false;
  }

  /// The certificate with the key's id; without ids the one with its public key.
  X509* leaf_of(const BagKey& key) const {
    for (const auto& found : certificates_) {
      if (!key.key_id.empty() && found.key_id == key.key_id) return found.certificate.get();
    }
    for (const auto& found : certificates_) {
      if (key.key && X509_check_private_key(found.certificate.get(), key.key.get()) == 1) {
        return found.certificate.get();
      }
    }
    ERR_clear_error();
    return nullptr;
  }

  std::vector<Certificate> chain_of(X509* leaf) const {
    std::vector<Certificate> chain;
    for (X509* next = leaf; next != nullptr && chain.size() < certificates_.size();) {
      X509_up_ref(next);
      chain.emplace_back(next);
      X509* last = next;
      next = nullptr;
      if (X509_check_issued(last, last) == X509_V_OK) break;  // signed by itself
      for (const auto& found : certificates_) {
        X509* candidate = found.certificate.get();
        if (candidate != last && X509_check_issued(candidate, last) == X509_V_OK) next = candidate;
      }
    }
    return chain;
  }

  StoreEntries result() {
    StoreEntries entries;
    bool marked = false;
    for (const auto& found : certificates_) marked = marked || found.trusted;
    for (BagKey& key : keys_) {
      KeyEntry entry{key.alias, nullptr, chain_of(leaf_of(key))};
      entry.key = std::move(key.key);
      entries.keys.push_back(std::move(entry));
    }
    for (BagCertificate& found : certificates_) {
      if (found.trusted || (!marked && keys_.empty())) {
        entries.trusted.push_back(std::move(found.certificate));
      }
    }
    return entries;
  }

  const StoreSource& source_;
  StoreUse use_;
  const char* password_ = nullptr;
  std::vector<BagCertificate> certificates_;
  std::vector<BagKey> keys_;
};

}  // namespace

StoreEntries read_pkcs12(Bytes file, const StoreSource& source, StoreUse use) {
  return Parser(source, use).parse(file);
}

}  // namespace millrace::security
