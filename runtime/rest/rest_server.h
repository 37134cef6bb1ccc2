#pragma once
// The REST API of a worker: listeners, resources, CORS and response headers.

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/herder/herder.h"
#include "runtime/rest/http_server.h"
#include "runtime/rest/rest_config.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

/// Control thread only.
class RestServer {
 public:
  /// Binds all listeners; requests get 404 until install(). Throws ConfigException.
  RestServer(boost::asio::io_context& io, RestConfig config, const Properties& worker);
  ~RestServer();

  const AdvertisedAddress& advertised() const noexcept { return advertised_; }
  /// Resources over the herder; both outlive the server.
  void install(Herder& herder, Executor& control);
  void stop();

 private:
  void open(const std::string& url, const Properties& worker, bool admin);
  void handle_main(HttpRequest request, const Respond& done);
  void decorate(const HttpRequest& request, HttpResponse& response) const;
  void add_cors(const HttpRequest& request, HttpResponse& response) const;
  bool origin_allowed(const std::string& origin) const;

  boost::asio::io_context& io_;
  RestConfig config_;
  std::vector<HeaderRule> header_rules_;
  Router main_;
  Router admin_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
  AdvertisedAddress advertised_;
};

}  // namespace millrace::rest
