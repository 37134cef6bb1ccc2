#include "runtime/rest/rest_server.h"

#include <optional>
#include <utility>

#include "millrace/clock.h"
#include "runtime/core/executor.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/access_log.h"
#include "runtime/rest/cors.h"
#include "runtime/rest/header_rules.h"
#include "runtime/rest/http_date.h"
#include "runtime/rest/http_server.h"
#include "runtime/rest/resources.h"
#include "runtime/rest/tls_context.h"

namespace millrace::rest {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.RestServer");
  return instance;
}

std::vector<Listener> parse_all(const std::vector<std::string>& urls) {
  std::vector<Listener> listeners;
  for (const auto& url : urls) listeners.push_back(parse_listener(url));
  return listeners;
}

}  // namespace

struct RestServer::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, Executor& executor, RestConfig settings, HttpLimits limits)
      : control(executor),
        config(std::move(settings)),
        server(io, limits),
        cors(config.access_control_allow_origin, config.access_control_allow_methods),
        rules(parse_header_rules(config.response_http_headers)),
        main(parse_all(config.listeners)),
        admin(parse_all(config.admin_listeners.value_or(std::vector<std::string>{}))) {}

  void listen_on(std::vector<Listener>& listeners, const TlsConfig& tls, HttpHandler handler) {
    std::shared_ptr<boost::asio::ssl::context> context;
    for (auto& listener : listeners) {
      if (listener.secure && context == nullptr) context = make_tls_context(tls);
      const std::string asked = to_string(listener);
      listener.port = server.listen(listener, handler, listener.secure ? context : nullptr);
      logger().info("Added connector for {}", asked);
    }
  }

  /// Headers of the main context around the routes.
  HttpHandler main_handler() {
    return with_access_log([weak = weak_from_this()](HttpRequest request, Respond respond) {
      const auto self = weak.lock();
      if (self == nullptr) return respond(framework_error(404));
      HttpHeaders extra;
      self->cors.apply(request, extra);
      self->main_routes.handle(request,
                               [weak, extra = std::move(extra), respond](HttpResponse response) {
                                 for (const auto& [name, value] : extra.fields())
                                   response.headers.add(name, value);
                                 if (const auto still = weak.lock()) {
                                   apply(still->rules, response.headers, wall_clock_ms());
                                 }
                                 respond(std::move(response));
                               });
    });
  }

  HttpHandler admin_handler() {
    return with_access_log([weak = weak_from_this()](const HttpRequest& request, Respond respond) {
      const auto self = weak.lock();
      if (self == nullptr) return respond(framework_error(404));
      self->admin_routes.handle(request, std::move(respond));
    });
  }

  void add_resources(const ResourceContext& context, std::function<std::string()> metrics) {
    logger().info("Initializing REST resources");
    add_root_resource(main_routes, context);
    add_connectors_resource(main_routes, context);
    add_plugins_resource(main_routes, context);
    add_metrics_resource(main_routes, std::move(metrics));
    add_loggers_resource(config.admin_listeners ? admin_routes : main_routes, context,
                         wall_clock_ms);
    logger().info("REST resources initialized; server is started and ready to handle requests");
  }

  Executor& control;
  RestConfig config;
  HttpServer server;
  Cors cors;
  std::vector<HeaderRule> rules;
  std::vector<Listener> main;
  std::vector<Listener> admin;
  AdvertisedUrl advertised;
  std::optional<ClusterAccess> cluster;
  Router main_routes;  // empty until the resources are there
  Router admin_routes;
  bool stopping = false;  // for the log: stop() may be called again
  bool stopped = false;
};

RestServer::RestServer(boost::asio::io_context& io, Executor& control, RestConfig config,
                       HttpLimits limits) {
  refuse_extensions(config);
  state_ = std::make_shared<State>(io, control, std::move(config), limits);
}

RestServer::~RestServer() = default;

void RestServer::listen() {
  logger().info("Initializing REST server");
  state_->listen_on(state_->main, state_->config.tls, state_->main_handler());
  state_->listen_on(state_->admin, state_->config.admin_tls, state_->admin_handler());
  state_->advertised = advertised_url(state_->config, state_->main);
  Listener shown = state_->main.front();
  if (shown.host.empty()) shown.host = local_host_address();
  logger().info("REST server listening at {}/, advertising URL {}", to_string(shown),
                state_->advertised.url());
  if (!state_->config.admin_listeners) {
    logger().info("REST admin endpoints at {}/", to_string(shown));
  } else if (!state_->admin.empty()) {
    logger().info("REST admin endpoints at {}/", to_string(state_->admin.front()));
  } else {
    logger().info("REST admin endpoints are disabled");
  }
}

void RestServer::initialize_resources(Herder& herder, std::function<std::string()> metrics) {
  state_->add_resources({herder, state_->control}, std::move(metrics));
}

void RestServer::initialize_resources(ClusterHerder& herder, std::function<std::string()> metrics,
                                      PeerClient& peers,
                                      std::vector<std::string> verification_algorithms) {
  state_->cluster.emplace(ClusterAccess{herder, peers, std::move(verification_algorithms)});
  state_->add_resources({herder, state_->control, &*state_->cluster}, std::move(metrics));
}

void RestServer::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  if (!std::exchange(state_->stopping, true)) logger().info("Stopping REST server");
  state_->server.stop(limit, [state = state_, done = std::move(done)] {
    if (!std::exchange(state->stopped, true)) logger().info("REST server stopped");
    done();
  });
}

const AdvertisedUrl& RestServer::advertised() const noexcept {
  return state_->advertised;
}

const std::vector<Listener>& RestServer::listeners() const noexcept {
  return state_->main;
}

const std::vector<Listener>& RestServer::admin_listeners() const noexcept {
  return state_->admin;
}

}  // namespace millrace::rest
