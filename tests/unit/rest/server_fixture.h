#pragma once
// An HttpServer on port 0 whose handler a test chooses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http_client.h"
#include "millrace/errors.h"
#include "running_loop.h"
#include "runtime/rest/http_server.h"

namespace millrace::rest {

/// Answers with method, target and body size; keeps the Respond of `/hold`.
class HttpServerFixture : public ::testing::Test {
 protected:
  ~HttpServerFixture() override {
    running_.on([this] {
      held_.clear();
      server_.reset();
    });
  }

  void start(HttpLimits limits = {}) {
    port_ = running_.on([&] {
      server_ = std::make_unique<HttpServer>(running_.io(), limits);
      return server_->listen({false, "127.0.0.1", 0}, handler());
    });
  }
  HttpHandler handler() {
    return [this](HttpRequest request, Respond respond) {
      if (request.refusal) {
        return respond(error_response(request.refusal->status, request.refusal->message));
      }
      if (request.target == "/hold") return held_.push_back(std::move(respond));
      if (request.target == "/empty") return respond(HttpResponse{204, {}, {}});
      if (request.target == "/big") {
        ++big_answers_;
        return respond(HttpResponse{200, big_, {}});
      }
      HttpResponse response{200, request.method + " " + request.target, {}};
      response.body += " " + std::to_string(request.body.size());
      response.headers.add("X-Client", request.client);
      respond(std::move(response));
    };
  }
  bool is_held(size_t count) {
    return running_.eventually([this, count] { return held_.size() == count; });
  }
  void release_all() {
    running_.on([this] {
      for (auto& respond : std::exchange(held_, {})) respond(HttpResponse{200, "late", {}});
    });
  }
  bool has_connections(size_t count) {
    return running_.eventually([this, count] { return server_->connections() == count; });
  }
  bool is_alive() { return HttpClient(port_).call("GET", "/alive").body == "GET /alive 0"; }

  RunningLoop running_;
  std::unique_ptr<HttpServer> server_;
  std::vector<Respond> held_;
  std::string big_;
  int big_answers_ = 0;  // control thread
  uint16_t port_ = 0;
};

}  // namespace millrace::rest
