// In a module of its own, loaded when the first token is fetched: libcurl brings two dozen libraries,
// which other workers have no use for.

#include "runtime/security/http_post.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

using Url = std::unique_ptr<CURLU, OpenSslDeleter<curl_url_cleanup>>;
using Handle = std::unique_ptr<CURL, OpenSslDeleter<curl_easy_cleanup>>;

[[noreturn]] void fail(const std::string& url, const std::string& reason) {
  throw KafkaException("getting a token from " + url + ": " + reason);
}

void require(CURLcode code, const std::string& url) {
  if (code != CURLE_OK) fail(url, std::string("preparing the request: ") + curl_easy_strerror(code));
}

void initialize(const std::string& url) {
  static const CURLcode kDone = curl_global_init(CURL_GLOBAL_DEFAULT);  // once in the process
  require(kDone, url);
}

/// Header lines; one of them is a credential.
class Headers {
 public:
  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() {
    for (const curl_slist* one = first_; one != nullptr; one = one->next) {
      OPENSSL_cleanse(one->data, std::strlen(one->data));
    }
    curl_slist_free_all(first_);
  }
  void add(const SecretText& line) {
    curl_slist* longer = curl_slist_append(first_, line.value().c_str());
    if (longer == nullptr) throw std::bad_alloc();
    first_ = longer;
  }
  curl_slist* get() const { return first_; }

 private:
  curl_slist* first_ = nullptr;
};

/// What curl's callbacks write to.
struct Exchange {
  const TlsSettings& tls;
  std::string body;
  bool too_large = false;
  std::exception_ptr refused;  // by apply_to_client
};

size_t on_body(char* bytes, size_t, size_t size, void* to) {
  auto& exchange = *static_cast<Exchange*>(to);
  exchange.too_large = size > kMaxAnswerBytes - exchange.body.size();
  if (exchange.too_large) return 0;
  exchange.body.append(bytes, size);
  return size;
}

CURLcode on_tls(CURL*, void* context, void* from) {
  auto& exchange = *static_cast<Exchange*>(from);
  try {
    apply_to_client(exchange.tls, static_cast<SSL_CTX*>(context));
  } catch (...) {  // curl is C
    exchange.refused = std::current_exception();
    return CURLE_ABORTED_BY_CALLBACK;
  }
  // Many servers just close; a length in the answer tells whether it is whole.
  SSL_CTX_set_options(static_cast<SSL_CTX*>(context), SSL_OP_IGNORE_UNEXPECTED_EOF);
  return CURLE_OK;
}

/// Throws without showing what may be a user and a password.
Url parse(const std::string& text) {
  if (text.find('@') != std::string::npos) {
    throw ConfigException("the token endpoint's URL must not hold '@': give client id and secret "
                          "as options of sasl.jaas.config");
  }
  Url url(curl_url());
  if (!url) throw std::bad_alloc();
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  char* scheme = nullptr;
  if (code == CURLUE_OK) curl_url_get(url.get(), CURLUPART_SCHEME, &scheme, 0);
  const std::unique_ptr<char, OpenSslDeleter<curl_free>> owner(scheme);
  const std::string_view known = scheme != nullptr ? scheme : "";
  if (known == "http" || known == "https") return url;
  throw ConfigException("token endpoint " + text + " is no URL of the form https://host[:port]/"
                        "path" + (code == CURLUE_OK ? "" : std::string(": ") +
                                                               curl_url_strerror(code)));
}

long milliseconds(std::chrono::milliseconds wanted) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  return static_cast<long>(std::clamp<int64_t>(wanted.count(), 1, kMost));  // 0 is for ever
}

class Post {
 public:
  Post(const HttpRequest& request, const TlsSettings& tls)
      : url_(request.url), exchange_{tls, {}, false, nullptr}, parsed_(parse(request.url)) {
    initialize(url_);
    handle_.reset(curl_easy_init());
    if (!handle_) throw std::bad_alloc();
    set(CURLOPT_NOSIGNAL, 1L);  // signals belong to the program
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_CURLU, parsed_.get());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // nor one of the environment, as Java
    set_limits(request);
    set_message(request);
    set_tls();
  }

  HttpAnswer run() {
    const CURLcode code = curl_easy_perform(handle_.get());
    if (exchange_.refused) std::rethrow_exception(exchange_.refused);
    if (code != CURLE_OK) fail(url_, reason(code));
    return {static_cast<int>(number(CURLINFO_RESPONSE_CODE)), std::move(exchange_.body)};
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    require(curl_easy_setopt(handle_.get(), option, value), url_);
  }

  void set_limits(const HttpRequest& request) {
    const long connect = milliseconds(request.connect_timeout);
    set(CURLOPT_CONNECTTIMEOUT_MS, connect);
    set(CURLOPT_TIMEOUT_MS, milliseconds(std::chrono::milliseconds(connect) +
                                         std::chrono::milliseconds(
                                             milliseconds(request.read_timeout))));
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &exchange_);
  }

  void set_message(const HttpRequest& request) {
    headers_.add(SecretText("Authorization: " + request.authorization.value()));
    headers_.add(SecretText(std::string_view("Accept: application/json")));
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_COPYPOSTFIELDS, request.body.c_str());
  }

  void set_tls() {
    // Certificates come from the settings alone, by on_tls.
    set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, exchange_.tls.check_host_name ? 2L : 0L);
    set(CURLOPT_SSL_CTX_FUNCTION, on_tls);
    set(CURLOPT_SSL_CTX_DATA, &exchange_);
  }

  long number(CURLINFO what) {
    long value = 0;
    curl_easy_getinfo(handle_.get(), what, &value);
    return value;
  }

  std::string reason(CURLcode code) {
    const std::string words = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    switch (code) {
      case CURLE_COULDNT_RESOLVE_HOST: return "looking up the host: " + words;
      case CURLE_COULDNT_CONNECT: {
        const long system = number(CURLINFO_OS_ERRNO);
        return "connecting: " + (system != 0 ? std::strerror(static_cast<int>(system)) : words);
      }
      case CURLE_OPERATION_TIMEDOUT: return "no answer in time: " + words;
      case CURLE_PEER_FAILED_VERIFICATION: return refused_certificate(words);
      case CURLE_SSL_CONNECT_ERROR: return "TLS: " + words;
      case CURLE_WEIRD_SERVER_REPLY:
      case CURLE_UNSUPPORTED_PROTOCOL: return "the answer is not HTTP/1.1: " + words;
      case CURLE_PARTIAL_FILE: return "the answer is cut off: " + words;
      default: return exchange_.too_large ? "the answer is too large" : words;
    }
  }

  std::string refused_certificate(const std::string& words) {
    const long verified = number(CURLINFO_SSL_VERIFYRESULT);
    if (verified == X509_V_OK) return "its certificate is refused: " + words;  // another name
    return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified) +
           "; check the options ssl.truststore.* of sasl.jaas.config";
  }

  std::string url_;
  Exchange exchange_;
  Headers headers_;
  Url parsed_;
  char error_[CURL_ERROR_SIZE] = {};
  Handle handle_;  // last: its end may still read the others
};

}  // namespace

}  // namespace millrace::security

/// What http_post.cc looks up. Throws as post() does.
extern "C" __attribute__((visibility("default"))) void millrace_http_post(
    const millrace::security::HttpRequest& request, const millrace::security::TlsSettings& tls,
    millrace::security::HttpAnswer& answer) {
  answer = millrace::security::Post(request, tls).run();
}
