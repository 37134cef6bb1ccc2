#include "connectors/http/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "millrace/text.h"

namespace millrace::http {
namespace {

constexpr long kIdleSeconds = 30;  // a connection kept longer may be closed at the other end

void initialize() {
  static const CURLcode kDone = curl_global_init(CURL_GLOBAL_DEFAULT);  // once in the process
  if (kDone != CURLE_OK) throw ConnectException("preparing libcurl failed");
}

class HeaderLines {
 public:
  HeaderLines() = default;
  HeaderLines(const HeaderLines&) = delete;
  HeaderLines& operator=(const HeaderLines&) = delete;
  ~HeaderLines() { curl_slist_free_all(first_); }
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(first_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    first_ = longer;
  }
  curl_slist* get() const { return first_; }

 private:
  curl_slist* first_ = nullptr;
};

/// What curl's callbacks write to.
struct Exchange {
  size_t most_bytes = 0;
  HttpResponse response = {};
  bool too_large = false;
};

size_t on_body(char* bytes, size_t, size_t size, void* to) {
  auto& exchange = *static_cast<Exchange*>(to);
  exchange.too_large = size > exchange.most_bytes - exchange.response.body.size();
  if (exchange.too_large) return 0;
  exchange.response.body.append(bytes, size);
  return size;
}

size_t on_header(char* bytes, size_t, size_t size, void* to) {
  auto& headers = static_cast<Exchange*>(to)->response.headers;
  const std::string_view line(bytes, size);
  if (line.starts_with("HTTP/")) headers.clear();  // those before were of an interim answer
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  headers[to_lower(line.substr(0, colon))] = std::string(java_trim(line.substr(colon + 1)));
  return size;
}

long milliseconds(std::chrono::milliseconds wanted) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  return static_cast<long>(std::clamp<int64_t>(wanted.count(), 1, kMost));  // 0 is for ever
}

bool passes_by_itself(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WRITE_ERROR:  // the answer is too large
      return false;
    default:
      return true;
  }
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

std::string url_for_messages(std::string_view url) {
  return std::string(url.substr(0, url.find('?')));
}

/// A handle of libcurl keeps the connection that it used last.
struct HttpClient::Handle {
  Handle() : curl(curl_easy_init()) {
    if (curl == nullptr) throw std::bad_alloc();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { curl_easy_cleanup(curl); }

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(curl, option, value);
    if (code == CURLE_OK) return;
    throw ConnectException(std::string("preparing an HTTP request: ") + curl_easy_strerror(code));
  }
  long number(CURLINFO what) const {
    long value = 0;
    curl_easy_getinfo(curl, what, &value);
    return value;
  }

  void prepare(const HttpOptions& options, const HttpRequest& request, const HeaderLines& lines,
               Exchange& exchange) {
    curl_easy_reset(curl);  // connections stay
    error[0] = '\0';
    set(CURLOPT_NOSIGNAL, 1L);  // signals belong to the program
    set(CURLOPT_ERRORBUFFER, error);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // nor one of the environment, as Java
    set(CURLOPT_MAXAGE_CONN, kIdleSeconds);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(options.connect_timeout + request.timeout));
    set(CURLOPT_HTTPHEADER, lines.get());
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &exchange);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, &exchange);
    if (request.accept_gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request.only_once) set(CURLOPT_FRESH_CONNECT, 1L);
    set_method(request);
  }

  void set_method(const HttpRequest& request) {
    if (request.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  /// From the system's own words where there are some.
  std::string reason(CURLcode code, const Exchange& exchange) const {
    if (exchange.too_large) {
      return fmt::format("the answer has more than {} bytes", exchange.most_bytes);
    }
    const std::string words = error[0] != '\0' ? error : curl_easy_strerror(code);
    const long system = number(CURLINFO_OS_ERRNO);
    switch (code) {
      case CURLE_COULDNT_RESOLVE_HOST:
        return "looking up the host: " + words;
      case CURLE_COULDNT_CONNECT:
        return "connecting: " + (system != 0 ? std::strerror(static_cast<int>(system)) : words);
      case CURLE_OPERATION_TIMEDOUT:
        return "no answer in time: " + words;
      case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is refused: " + words +
               "; name the file of its authority in ssl.cabundle";
      case CURLE_SSL_CACERT_BADFILE:
        return "ssl.cabundle: " + words;
      case CURLE_PARTIAL_FILE:
        return "the answer is cut off: " + words;
      default:
        return words;
    }
  }

  CURL* curl;
  char error[CURL_ERROR_SIZE] = {};
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  initialize();
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::give_back(std::unique_ptr<Handle> handle) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxKept) idle_.push_back(std::move(handle));
}

HttpResponse HttpClient::send(const HttpRequest& request) {
  const std::string what = request.method + " " + url_for_messages(request.url);
  HeaderLines lines;
  lines.add("Expect:");  // a round trip for nothing
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      throw ConfigException(what + ": the header " + name + " has a line break");
    }
    has_type = has_type || to_lower(name) == "content-type";
    lines.add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_type) lines.add("Content-Type:");  // not curl's choice
  Exchange exchange{request.most_bytes};
  std::unique_ptr<Handle> handle = take();
  handle->prepare(options_, request, lines, exchange);
  const CURLcode code = curl_easy_perform(handle->curl);
  if (code == CURLE_OK) {
    exchange.response.status = static_cast<int>(handle->number(CURLINFO_RESPONSE_CODE));
    give_back(std::move(handle));
    return std::move(exchange.response);
  }
  const std::string reason = handle->reason(code, exchange);
  if (code == CURLE_URL_MALFORMAT) throw ConfigException(what + ": " + reason);
  const bool maybe_sent = handle->number(CURLINFO_REQUEST_SIZE) > 0;
  throw HttpFailure(passes_by_itself(code) ? ErrorKind::Retriable : ErrorKind::Connect,
                    what + ": " + reason, maybe_sent);
}

}  // namespace millrace::http
