#include "runtime/rest/rest_server.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "runtime/metrics/log.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

constexpr const char* kDefaultAllowMethods = "GET,POST,HEAD";

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestServer");
  return instance;
}

std::string http_date(int64_t offset_ms) {
  constexpr int64_t kMsPerSecond = 1000;
  const std::time_t when = std::time(nullptr) + offset_ms / kMsPerSecond;
  std::tm utc{};
  gmtime_r(&when, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

/// `*` in the pattern stands for any text.
bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (glob(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  return !text.empty() && pattern.front() == text.front() &&
         glob(pattern.substr(1), text.substr(1));
}

}  // namespace

RestServer::RestServer(boost::asio::io_context& io, RestConfig config, const Properties& worker)
    : io_(io), config_(std::move(config)), header_rules_(parse_header_rules(config_.response_headers)) {
  logger().info("Initializing REST server");
  uint16_t http_port = 0;
  uint16_t https_port = 0;
  for (const std::string& url : config_.listeners) {
    open(url, worker, false);
    (parse_listener(url).tls ? https_port : http_port) = servers_.back()->port();
  }
  advertised_ = advertised_address(config_, http_port, https_port);
  logger().info("REST server listening at {}, advertising URL {}", config_.listeners.front(),
                advertised_.url);
  for (const std::string& url : config_.admin_listeners.value_or(std::vector<std::string>{})) {
    open(url, worker, true);
    logger().info("REST admin endpoints at {}", url);
  }
}

RestServer::~RestServer() { stop(); }

void RestServer::open(const std::string& url, const Properties& worker, bool admin) {
  const ListenerUrl listener = parse_listener(url);
  std::optional<TlsFiles> tls;
  if (listener.tls) {
    tls = tls_files(worker, admin ? "admin.listeners.https." : "listeners.https.");
  }
  HttpHandler handler;
  if (admin) {
    handler = [this](HttpRequest request, const Respond& done) {
      admin_.handle(std::move(request), done);
    };
  } else {
    handler = [this](HttpRequest request, const Respond& done) {
      handle_main(std::move(request), done);
    };
  }
  servers_.push_back(
      std::make_unique<HttpServer>(io_, listener, tls ? &*tls : nullptr, std::move(handler)));
  servers_.back()->start();
}

void RestServer::install(Herder& herder, Executor& control) {
  logger().info("Initializing REST resources");
  add_root_resources(main_, herder, control);
  add_connector_resources(main_, herder, control);
  add_plugin_resources(main_, herder, control);
  if (!config_.admin_listeners) {
    add_logger_resources(main_);
  } else if (!config_.admin_listeners->empty()) {
    add_logger_resources(admin_);
  }
  logger().info("REST resources initialized; server is started and ready to handle requests");
}

void RestServer::stop() {
  for (const auto& server : servers_) server->stop();
}

void RestServer::handle_main(HttpRequest request, const Respond& done) {
  HttpRequest asked = request;
  asked.body.clear();
  main_.handle(std::move(request), [this, asked = std::move(asked), done](HttpResponse response) {
    decorate(asked, response);
    done(std::move(response));
  });
}

void RestServer::decorate(const HttpRequest& request, HttpResponse& response) const {
  if (!config_.allow_origin.empty()) add_cors(request, response);
  for (const HeaderRule& rule : header_rules_) {
    if (rule.replace) {
      std::erase_if(response.headers, [&rule](const auto& h) { return h.first == rule.name; });
    }
    response.headers.emplace_back(
        rule.name, rule.date ? http_date(std::strtoll(rule.value.c_str(), nullptr, 10)) : rule.value);
  }
}

bool RestServer::origin_allowed(const std::string& origin) const {
  const std::vector<std::string> patterns = split_list(&config_.allow_origin);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&origin](const std::string& pattern) { return glob(pattern, origin); });
}

void RestServer::add_cors(const HttpRequest& request, HttpResponse& response) const {
  auto& headers = response.headers;
  headers.emplace_back("Vary", "Origin");
  if (!request.origin || !origin_allowed(*request.origin)) return;
  headers.emplace_back("Access-Control-Allow-Origin", *request.origin);
  headers.emplace_back("Access-Control-Allow-Credentials", "true");
  if (request.method != "OPTIONS" || !request.requested_method) return;
  headers.emplace_back("Access-Control-Allow-Methods", config_.allow_methods.empty()
                                                           ? kDefaultAllowMethods
                                                           : config_.allow_methods);
  headers.emplace_back("Access-Control-Max-Age", "1800");
  headers.emplace_back("Access-Control-Allow-Headers", "X-Requested-With,Content-Type,Accept,Origin");
}

}  // namespace millrace::rest
