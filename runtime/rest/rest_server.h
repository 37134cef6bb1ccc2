#pragma once
// The worker's REST server: listeners first, resources once the herder runs
// (connect-rest-api.md §1.4, connect-configs.md §3.1).

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/rest/advertised_url.h"
#include "runtime/rest/http_limits.h"
#include "runtime/rest/listener.h"
#include "runtime/rest/rest_config.h"

namespace boost::asio {
class io_context;
}

namespace millrace {
class Executor;
class ClusterHerder;
class Herder;
class PeerClient;
}  // namespace millrace

namespace millrace::rest {

/// Time that running requests get at shutdown.
inline constexpr std::chrono::milliseconds kStopLimit{60'000};

/// Control thread only, except that construction and listen() may come before the loop runs.
class RestServer {
 public:
  /// Throws for settings it cannot honour. `io` is run by the control thread, and `control` runs
  /// tasks on it; both outlive the server.
  RestServer(boost::asio::io_context& io, Executor& control, RestConfig config,
             HttpLimits limits = {});
  ~RestServer();
  RestServer(const RestServer&) = delete;
  RestServer& operator=(const RestServer&) = delete;

  /// Binds all listeners; requests get 404 until resources are there. Throws ConnectException when
  /// an address is in use, ConfigException for malformed URLs; the process exits with 2 then.
  void listen();
  /// `herder` outlives the server. `metrics` answers `GET /metrics`, on the control thread.
  void initialize_resources(Herder& herder, std::function<std::string()> metrics);
  /// For a worker in a group: `peers`, which outlives the server too, carries requests to the
  /// worker that must do them; `verification_algorithms` are permitted in signatures of internal
  /// requests.
  void initialize_resources(ClusterHerder& herder, std::function<std::string()> metrics,
                            PeerClient& peers, std::vector<std::string> verification_algorithms);
  /// See HttpServer::stop().
  void stop(std::chrono::milliseconds limit, std::function<void()> done);

  /// After listen().
  const AdvertisedUrl& advertised() const noexcept;
  /// With the ports they got.
  const std::vector<Listener>& listeners() const noexcept;
  const std::vector<Listener>& admin_listeners() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the handlers of connections that end later
};

}  // namespace millrace::rest
