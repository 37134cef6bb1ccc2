#include <algorithm>
#include <cctype>
#include <charconv>

#include "millrace/errors.h"
#include "runtime/herder/config_json.h"
#include "runtime/herder/connector_config.h"
#include "runtime/herder/connector_file.h"
#include "runtime/rest/deadline.h"
#include "runtime/rest/entities.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

constexpr int kBadRequest = 400;

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~!$&'()*+,;=:@").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
  return out;
}

/// Values that may be null; a null is reported by validation.
NullableConfig read_config(const std::string& body) {
  JsonFailure failure;
  auto config = parse_config_map(body, &failure);
  if (!config) throw ConnectException(failure.message);
  return *config;
}

void check_name(const NullableConfig& config, const std::string& name) {
  const auto at = config.find("name");
  if (at == config.end() || (at->second && *at->second == name)) return;
  throw RequestException(kBadRequest, "Connector name configuration (" +
                                          at->second.value_or("null") +
                                          ") doesn't match connector name in the URL (" + name +
                                          ")");
}

class ConnectorResources {
 public:
  ConnectorResources(Herder& herder, Executor& control) : herder_(herder), control_(control) {}

  void list(const RestRequest& request, const Respond& done) const {
    const auto expand = request.query.find("expand");
    if (expand == request.query.end()) {
      return done(json_response(200, to_json(herder_.connectors())));
    }
    const auto wants = [&expand](const char* what) {
      return std::find(expand->second.begin(), expand->second.end(), what) != expand->second.end();
    };
    std::string body = "{";
    for (const std::string& name : herder_.connectors()) {
      std::string entry;
      try {
        if (wants("info")) entry = "\"info\":" + to_json(herder_.connector_info(name));
        if (wants("status")) {
          entry += std::string(entry.empty() ? "" : ",") +
                   "\"status\":" + to_json(herder_.connector_status(name));
        }
      } catch (const NotFoundException&) {
        continue;  // gone, or without status yet: left out
      }
      body += (body.size() > 1 ? "," : "") + quoted(name) + ":{" + entry + "}";
    }
    done(json_response(200, body + "}"));
  }

  void create(const RestRequest& request, const Respond& done) const {
    JsonFailure failure;
    const auto body = parse_create_request(request.http.body, UnknownFields::Refused, &failure);
    if (!body) throw ConnectException(failure.message);
    std::optional<TargetState> initial;
    if (body->initial_state) {
      initial = parse_initial_state(*body->initial_state);
      if (!initial) {
        throw ConnectException("No enum constant "
                               "org.apache.kafka.connect.runtime.rest.entities."
                               "CreateConnectorRequest.InitialState." + *body->initial_state);
      }
    }
    if (!body->config) throw ConnectException("Cannot read the configuration: \"config\" is null");
    std::string name = body->name.value_or("");
    name.erase(0, name.find_first_not_of(" \t\r\n\f"));
    name.erase(name.find_last_not_of(" \t\r\n\f") + 1);
    put(name, *body->config, initial, false, request, done);
  }

  void put_config(const RestRequest& request, const Respond& done) const {
    put(request.params[0], read_config(request.http.body), std::nullopt, true, request, done);
  }

  void patch_config(const RestRequest& request, const Respond& done) const {
    herder_.patch_connector(
        request.params[0], read_config(request.http.body),
        answer_with<ConnectorInfo>(control_, herder_, done, [](const ConnectorInfo& info) {
          return json_response(200, to_json(info));
        }));
  }

  void remove(const RestRequest& request, const Respond& done) const {
    herder_.delete_connector(request.params[0], no_content(done));
  }
  void stop(const RestRequest& request, const Respond& done) const {
    herder_.stop_connector(request.params[0], no_content(done));
  }

  void restart(const RestRequest& request, const Respond& done) const {
    const RestartRequest restart{request.params[0], request.flag("onlyFailed"),
                                 request.flag("includeTasks")};
    if (!restart.only_failed && !restart.include_tasks) {
      return herder_.restart_connector(restart.connector, no_content(done));
    }
    herder_.restart_connector_and_tasks(
        restart, answer_with<ConnectorStateInfo>(control_, herder_, done,
                                                 [](const ConnectorStateInfo& info) {
                                                   return json_response(202, to_json(info));
                                                 }));
  }

  void restart_task(const RestRequest& request, const Respond& done) const {
    herder_.restart_task(task_id(request), no_content(done));
  }

  void task_status(const RestRequest& request, const Respond& done) const {
    const ConnectorTaskId id = task_id(request);
    done(json_response(200, task_status_json(id.task, herder_.task_status(id))));
  }

  void offsets(const RestRequest& request, const Respond& done) const {
    herder_.connector_offsets(
        request.params[0],
        answer_with<std::vector<JsonPartitionOffset>>(
            control_, herder_, done, [](const std::vector<JsonPartitionOffset>& offsets) {
              return json_response(200, to_json(offsets));
            }));
  }

  void alter_offsets(const RestRequest& request, const Respond& done) const {
    change_offsets(request.params[0], parse_offsets(request.http.body), done);
  }
  void reset_offsets(const RestRequest& request, const Respond& done) const {
    change_offsets(request.params[0], std::nullopt, done);
  }

  Herder& herder() const noexcept { return herder_; }

 private:
  void put(const std::string& name, NullableConfig config, std::optional<TargetState> initial,
           bool replace, const RestRequest& request, const Respond& done) const {
    check_name(config, name);
    config["name"] = name;
    const std::string location = (request.http.tls ? "https://" : "http://") + request.http.host +
                                 "/connectors/" + percent_encode(name);
    const auto write = [location](const CreatedConnector& result) {
      HttpResponse response = json_response(result.created ? 201 : 200, to_json(result.info));
      if (result.created) response.headers.emplace_back("Location", location);
      return response;
    };
    auto answer = answer_with<CreatedConnector>(control_, herder_, done, write);
    Properties plain;
    bool has_null = false;
    for (const auto& [key, value] : config) {
      has_null = has_null || !value;
      if (value) plain.emplace(key, *value);
    }
    if (!has_null) return herder_.put_connector(name, plain, initial, replace, std::move(answer));
    // A null fails validation; the messages are those of the whole configuration.
    herder_.validate(config, [answer](Outcome<ConfigInfos> outcome) {
      try {
        throw RequestException(kBadRequest, invalid_config_message(outcome.value()));
      } catch (...) {
        answer(std::current_exception());
      }
    });
  }

  void change_offsets(const std::string& name,
                      std::optional<std::vector<JsonPartitionOffset>> offsets,
                      const Respond& done) const {
    herder_.alter_connector_offsets(
        name, std::move(offsets),
        answer_with<std::string>(control_, herder_, done, [](const std::string& message) {
          return json_response(200, message_json(message));
        }));
  }

  Callback<Done> no_content(const Respond& done) const {
    return answer_with<Done>(control_, herder_, done,
                             [](Done) { return HttpResponse{204, std::nullopt, ""}; });
  }

  static ConnectorTaskId task_id(const RestRequest& request) {
    const std::string& text = request.params[1];
    int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw RequestException(404, "HTTP 404 Not Found");
    }
    return {request.params[0], number};
  }

  Herder& herder_;
  Executor& control_;
};

HttpResponse accepted() { return {202, std::nullopt, ""}; }

}  // namespace

void add_connector_resources(Router& router, Herder& herder, Executor& control) {
  const auto r = std::make_shared<ConnectorResources>(herder, control);
  const auto route = [&](const char* method, const char* path, auto call) {
    router.add(method, path, [r, call](const RestRequest& request, const Respond& done) {
      ((*r).*call)(request, done);
    });
  };
  /// Snapshots and calls that answer at once.
  const auto simple = [&](const char* method, const char* path, auto call) {
    router.add(method, path, [r, call](const RestRequest& request, const Respond& done) {
      done(call(r->herder(), request.params[0]));
    });
  };
  using R = ConnectorResources;
  route("GET", "/connectors", &R::list);
  route("POST", "/connectors", &R::create);
  simple("GET", "/connectors/{}", [](Herder& h, const std::string& name) {
    return json_response(200, to_json(h.connector_info(name)));
  });
  route("DELETE", "/connectors/{}", &R::remove);
  simple("GET", "/connectors/{}/config", [](Herder& h, const std::string& name) {
    return json_response(200, to_json(h.connector_info(name).config));
  });
  route("PUT", "/connectors/{}/config", &R::put_config);
  route("PATCH", "/connectors/{}/config", &R::patch_config);
  simple("GET", "/connectors/{}/status", [](Herder& h, const std::string& name) {
    return json_response(200, to_json(h.connector_status(name)));
  });
  route("POST", "/connectors/{}/restart", &R::restart);
  simple("PUT", "/connectors/{}/pause", [](Herder& h, const std::string& name) {
    h.pause_connector(name);
    return accepted();
  });
  simple("PUT", "/connectors/{}/resume", [](Herder& h, const std::string& name) {
    h.resume_connector(name);
    return accepted();
  });
  route("PUT", "/connectors/{}/stop", &R::stop);
  simple("GET", "/connectors/{}/tasks", [](Herder& h, const std::string& name) {
    return json_response(200, to_json(h.task_infos(name)));
  });
  route("GET", "/connectors/{}/tasks/{}/status", &R::task_status);
  route("POST", "/connectors/{}/tasks/{}/restart", &R::restart_task);
  simple("GET", "/connectors/{}/topics", [](Herder& h, const std::string& name) {
    return json_response(200, topics_json(name, h.active_topics(name)));
  });
  simple("PUT", "/connectors/{}/topics/reset", [](Herder& h, const std::string& name) {
    h.reset_active_topics(name);
    return accepted();
  });
  route("GET", "/connectors/{}/offsets", &R::offsets);
  route("PATCH", "/connectors/{}/offsets", &R::alter_offsets);
  route("DELETE", "/connectors/{}/offsets", &R::reset_offsets);
  // Of distributed workers only.
  for (const auto& [method, path] : {std::pair{"POST", "/connectors/{}/tasks"},
                                     std::pair{"PUT", "/connectors/{}/fence"}}) {
    router.add(method, path, [](const RestRequest&, const Respond&) {
      throw UnsupportedException("Kafka Connect in standalone mode does not support this request");
    }, true);
  }
}

}  // namespace millrace::rest
