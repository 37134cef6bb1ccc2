#pragma once
// A server that answers for projects of Hopsworks: 119 is `bank` with feature store 67.

#include <map>
#include <mutex>
#include <string>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "tests/support/scripted_server.h"

namespace millrace::feature_store {

class HopsworksFake {
 public:
  using Reply = testing_support::ScriptedServer::Reply;
  using Request = testing_support::ScriptedServer::Request;

  static std::string group_answer(int64_t id, const std::string& name,
                                  const std::string& more = "") {
    return R"({"type":"streamFeatureGroupDTO","creator":{"email":"a@b"},"featurestoreId":67,
      "featurestoreName":"bank_featurestore","version":1,"id":)" +
           std::to_string(id) + R"(,"name":")" + name + "\"" + more + R"(,"features":[
        {"name":"cc_num","type":"bigint","onlineType":"bigint","primary":true,"partition":false},
        {"name":"ts","type":"timestamp","onlineType":"timestamp","primary":false},
        {"name":"amount","type":"double","onlineType":"double","primary":false}],
      "eventTime":"ts","ttl":3600,"ttlEnabled":true,"onlineEnabled":true,"topicName":"bank_onlinefs"})";
  }

  void put(const std::string& path, Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_[path] = std::move(reply);
  }
  void put_group(int64_t id, const std::string& name, const std::string& more = "") {
    put(group_path(id), {.body = group_answer(id, name, more)});
  }
  static std::string group_path(int64_t id) {
    return "/api/project/119/featurestores/67/featuregroups/" + std::to_string(id);
  }
  size_t asked_for(const std::string& path) const {
    size_t count = 0;
    for (const Request& request : server_.requests()) count += request.target == path ? 1U : 0U;
    return count;
  }
  HopsworksOptions options() const {
    HopsworksOptions options;
    options.url = server_.url() + "/api";
    options.api_key = Password("hush-hush");
    options.timeout = std::chrono::milliseconds(2'000);
    return options;
  }
  std::vector<Request> requests() const { return server_.requests(); }

 private:
  Reply answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    const auto found = replies_.find(request.target);
    return found == replies_.end() ? Reply{404, R"({"errorMsg":"no such path"})"} : found->second;
  }

  std::mutex mutex_;
  std::map<std::string, Reply> replies_ = {
      {"/api/project/119/featurestores",
       {.body = R"([{"featurestoreId":5,"featurestoreName":"other_featurestore","projectId":7,
                     "projectName":"other"},
                    {"featurestoreId":67,"featurestoreName":"bank_featurestore","projectId":119,
                     "projectName":"bank"}])"}}};
  testing_support::ScriptedServer server_{
      [this](const Request& request) { return answer(request); }};
};

}  // namespace millrace::feature_store
