// Root, health, plugins and loggers.

#include <chrono>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/herder/config_json.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/deadline.h"
#include "runtime/rest/entities.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBadRequest = 400;
constexpr std::chrono::milliseconds kHealthTimeout{10'000};
constexpr std::chrono::milliseconds kHealthInterval{50};

std::string health_json(const char* status, const std::string& message) {
  return std::string("{\"status\":\"") + status + "\",\"message\":" + quoted(message) + "}";
}

/// Answers when the worker has completed startup, at the latest after ten seconds.
void answer_health(const Herder& herder, Executor& control, const Respond& done,
                   Clock::time_point deadline) {
  if (herder.ready()) {
    return done(json_response(
        200, health_json("healthy",
                         "Worker has completed startup and is ready to handle requests.")));
  }
  if (Clock::now() >= deadline) {
    const std::string stage = herder.stage();
    return done(json_response(503, health_json("starting", "Worker is still starting up." +
                                                               (stage.empty() ? "" : " " + stage))));
  }
  control.post_after(kHealthInterval, [&herder, &control, done, deadline] {
    answer_health(herder, control, done, deadline);
  });
}

/// `connector.class` without a trailing `Connector` must end with the path's type, likewise cut.
bool type_matches(std::string type, std::string class_name) {
  const std::string suffix = "Connector";
  for (std::string* text : {&type, &class_name}) {
    if (text->ends_with(suffix)) text->resize(text->size() - suffix.size());
  }
  return class_name.ends_with(type);
}

void validate(Herder& herder, Executor& control, const RestRequest& request, const Respond& done) {
  JsonFailure failure;
  const auto config = parse_config_map(request.http.body, &failure);
  if (!config) throw ConnectException(failure.message);
  const auto at = config->find("connector.class");
  if (at != config->end() && at->second && !type_matches(request.params[0], *at->second)) {
    throw RequestException(kBadRequest, "Included connector type " + *at->second +
                                            " does not match request type " + request.params[0]);
  }
  herder.validate(*config, answer_with<ConfigInfos>(control, herder, done,
                                                    [](const ConfigInfos& infos) {
                                                      return json_response(200, to_json(infos));
                                                    }));
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void set_level(const RestRequest& request, const Respond& done) {
  JsonFailure failure;
  const auto body = parse_config_map(request.http.body, &failure);
  if (!body) throw ConnectException(failure.message);
  const auto level = body->find("level");
  if (level == body->end() || !level->second) {
    throw RequestException(kBadRequest, "Desired 'level' parameter was not specified in request.");
  }
  const std::vector<std::string> changed =
      logging::set_level(request.params[0], *level->second, now_ms());
  if (changed.empty()) throw NotFoundException("invalid log level '" + *level->second + "'.");
  const auto scope = request.query.find("scope");
  if (scope != request.query.end() && !scope->second.empty() && scope->second[0] == "cluster") {
    return done({204, std::nullopt, ""});
  }
  done(json_response(200, to_json(changed)));
}

}  // namespace

void add_root_resources(Router& router, Herder& herder, Executor& control) {
  router.add("GET", "/", [&herder](const RestRequest&, const Respond& done) {
    done(json_response(200, to_json(herder.server_info())));
  }, true);
  router.add("GET", "/health", [&herder, &control](const RestRequest&, const Respond& done) {
    answer_health(herder, control, done, Clock::now() + kHealthTimeout);
  }, true);
}

void add_plugin_resources(Router& router, Herder& herder, Executor& control) {
  router.add("GET", "/connector-plugins", [&herder](const RestRequest& request,
                                                    const Respond& done) {
    const bool all = request.query.contains("connectorsOnly") && !request.flag("connectorsOnly");
    done(json_response(200, to_json(herder.plugins(!all))));
  });
  router.add("GET", "/connector-plugins/{}/config", [&herder](const RestRequest& request,
                                                              const Respond& done) {
    done(json_response(200, to_json(herder.plugin_config(request.params[0]))));
  });
  router.add("PUT", "/connector-plugins/{}/config/validate",
             [&herder, &control](const RestRequest& request, const Respond& done) {
               validate(herder, control, request, done);
             });
}

void add_logger_resources(Router& router) {
  router.add("GET", "/admin/loggers", [](const RestRequest&, const Respond& done) {
    done(json_response(200, to_json(logging::levels())));
  });
  router.add("GET", "/admin/loggers/{}", [](const RestRequest& request, const Respond& done) {
    const auto level = logging::level(request.params[0]);
    if (!level) throw NotFoundException("Logger " + request.params[0] + " not found.");
    done(json_response(200, to_json(*level)));
  });
  router.add("PUT", "/admin/loggers/{}", set_level);
}

}  // namespace millrace::rest
