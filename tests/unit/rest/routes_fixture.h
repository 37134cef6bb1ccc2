#pragma once
// All resources on a fake herder, called without a network.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "fake_herder.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    add_root_resource(router_, context_);
    add_connectors_resource(router_, context_);
    add_plugins_resource(router_, context_);
    add_loggers_resource(router_, context_, [] { return int64_t{1'234}; });
  }

  static HttpRequest make(std::string method, std::string target, std::string body = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.has_body = !body.empty();
    request.headers.add("Host", "worker:8083");
    if (request.has_body) request.headers.add("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
  }
  /// The answer, or nullopt while it is pending (then `late_` gets it).
  std::optional<HttpResponse> start(const HttpRequest& request) {
    late_.reset();
    router_.handle(request, [this](HttpResponse response) {
      EXPECT_FALSE(late_.has_value()) << "answered twice";
      late_ = std::move(response);
    });
    return late_;
  }
  HttpResponse call(const HttpRequest& request) {
    const auto answer = start(request);
    EXPECT_TRUE(answer.has_value()) << "no answer to " << request.method << " " << request.target;
    return answer.value_or(HttpResponse{});
  }
  HttpResponse call(std::string method, std::string target, std::string body = {}) {
    return call(make(std::move(method), std::move(target), std::move(body)));
  }

  FakeHerder herder_;
  ManualExecutor executor_;
  ResourceContext context_{herder_, executor_};
  Router router_;
  std::optional<HttpResponse> late_;
};

inline std::string header(const HttpResponse& response, std::string_view name) {
  const std::string* value = response.headers.find(name);
  return value != nullptr ? *value : "(none)";
}

inline std::string error_json(int status, const std::string& message) {
  return error_response(status, message).body;
}

}  // namespace millrace::rest
