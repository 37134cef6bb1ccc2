#include "runtime/group/kafka_requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/group/wire.h"

namespace millrace::group {
namespace {

constexpr std::string_view kAdvice = "the broker may not be a Kafka broker";
constexpr int8_t kGroupKey = 0;
constexpr int16_t kInstanceIdSince = 5;      // JoinGroup
constexpr int16_t kInstanceIdSinceSync = 3;  // SyncGroup and Heartbeat
constexpr int16_t kSessionLifetimeSince = 1;

struct Api {
  ApiKey key;
  std::string_view name;
  VersionRange ours;
};
constexpr Api kApis[] = {
    {ApiKey::ApiVersions, "ApiVersions", {0, 0}},
    {ApiKey::FindCoordinator, "FindCoordinator", {1, 2}},
    {ApiKey::JoinGroup, "JoinGroup", {2, 5}},
    {ApiKey::SyncGroup, "SyncGroup", {1, 3}},
    {ApiKey::Heartbeat, "Heartbeat", {1, 3}},
    {ApiKey::LeaveGroup, "LeaveGroup", {1, 2}},
    {ApiKey::SaslHandshake, "SaslHandshake", {1, 1}},
    {ApiKey::SaslAuthenticate, "SaslAuthenticate", {0, 1}},
};

KafkaError error_of(WireReader& in) { return static_cast<KafkaError>(in.int16("error code")); }

std::string bytes_of(WireReader& in, std::string_view field) {
  std::string_view data;
  return in.nullable_bytes(field, data) ? std::string(data) : std::string();
}

int32_t count_of(WireReader& in, std::string_view field) {
  return std::max(in.count(field), 0);
}

}  // namespace

int16_t choose_version(ApiKey api, const BrokerVersions& broker) {
  const Api& known = *std::find_if(std::begin(kApis), std::end(kApis),
                                   [api](const Api& a) { return a.key == api; });
  const auto at = broker.find(api);
  if (at == broker.end()) {
    throw ConnectException(fmt::format("the broker does not know {} requests", known.name));
  }
  const int16_t version = std::min(known.ours.max, at->second.max);
  if (version < known.ours.min || version < at->second.min) {
    throw ConnectException(fmt::format("the broker speaks versions {} to {} of {}, this worker {} "
                                       "to {}; brokers from 2.1 on work",
                                       at->second.min, at->second.max, known.name, known.ours.min,
                                       known.ours.max));
  }
  return version;
}

std::string frame(ApiKey api, int16_t version, int32_t correlation, std::string_view client_id,
                  std::string_view body) {
  WireWriter header;
  header.int16(static_cast<int16_t>(api));
  header.int16(version);
  header.int32(correlation);
  header.string(client_id);
  const std::string head = header.take();
  WireWriter length;
  length.int32(static_cast<int32_t>(head.size() + body.size()));
  return length.take() + head + std::string(body);
}

std::string find_coordinator_body(std::string_view group) {
  WireWriter out;
  out.string(group);
  out.int8(kGroupKey);
  return out.take();
}

std::string join_body(const JoinRequest& request, int16_t version) {
  WireWriter out;
  out.string(request.group);
  out.int32(static_cast<int32_t>(request.session_timeout.count()));
  out.int32(static_cast<int32_t>(request.rebalance_timeout.count()));
  out.string(request.member);
  if (version >= kInstanceIdSince) out.null_string();
  out.string("connect");
  out.count(request.protocols.size());
  for (const ProtocolMetadata& protocol : request.protocols) {
    out.string(protocol.name);
    out.bytes(protocol.metadata);
  }
  return out.take();
}

std::string sync_body(const SyncRequest& request, int16_t version) {
  WireWriter out;
  out.string(request.group);
  out.int32(request.generation);
  out.string(request.member);
  if (version >= kInstanceIdSinceSync) out.null_string();
  out.count(request.assignments.size());
  for (const MemberAssignment& assignment : request.assignments) {
    out.string(assignment.member);
    out.bytes(assignment.assignment);
  }
  return out.take();
}

std::string heartbeat_body(std::string_view group, int32_t generation, std::string_view member,
                           int16_t version) {
  WireWriter out;
  out.string(group);
  out.int32(generation);
  out.string(member);
  if (version >= kInstanceIdSinceSync) out.null_string();
  return out.take();
}

std::string leave_body(std::string_view group, std::string_view member) {
  WireWriter out;
  out.string(group);
  out.string(member);
  return out.take();
}

std::string sasl_handshake_body(std::string_view mechanism) {
  WireWriter out;
  out.string(mechanism);
  return out.take();
}

std::string sasl_authenticate_body(std::string_view auth) {
  WireWriter out;
  out.bytes(auth);
  return out.take();
}

BrokerVersions read_api_versions(std::string_view body) {
  WireReader in(body, "the ApiVersions response", kAdvice);
  if (const auto error = error_of(in); error != KafkaError::None) {
    throw ConnectException(fmt::format("asking the broker for its versions failed: error code {}",
                                       static_cast<int16_t>(error)));
  }
  BrokerVersions versions;
  for (int32_t n = count_of(in, "api count"); n > 0; --n) {
    const auto key = static_cast<ApiKey>(in.int16("api key"));
    const int16_t min = in.int16("lowest version");
    versions[key] = {min, in.int16("highest version")};
  }
  return versions;
}

FindCoordinatorResponse read_find_coordinator(std::string_view body) {
  WireReader in(body, "the FindCoordinator response", kAdvice);
  in.int32("throttle time");
  FindCoordinatorResponse response;
  response.error = error_of(in);
  in.nullable_string("error message");
  response.node.id = in.int32("node id");
  response.node.host = in.string("host");
  response.node.port = in.int32("port");
  return response;
}

JoinResponse read_join(std::string_view body, int16_t version) {
  WireReader in(body, "the JoinGroup response", kAdvice);
  in.int32("throttle time");
  JoinResponse response;
  response.error = error_of(in);
  response.generation = in.int32("generation");
  response.protocol = in.string("protocol");
  response.leader = in.string("leader");
  response.member = in.string("member");
  for (int32_t n = count_of(in, "member count"); n > 0; --n) {
    MemberMetadata member;
    member.member = in.string("member id");
    if (version >= kInstanceIdSince) in.nullable_string("instance id");
    member.metadata = bytes_of(in, "metadata");
    response.members.push_back(std::move(member));
  }
  return response;
}

SyncResponse read_sync(std::string_view body) {
  WireReader in(body, "the SyncGroup response", kAdvice);
  in.int32("throttle time");
  SyncResponse response;
  response.error = error_of(in);
  response.assignment = bytes_of(in, "assignment");
  return response;
}

KafkaError read_error(std::string_view body, std::string_view subject) {
  WireReader in(body, subject, kAdvice);
  in.int32("throttle time");
  return error_of(in);
}

SaslHandshakeResponse read_sasl_handshake(std::string_view body) {
  WireReader in(body, "the SaslHandshake response", kAdvice);
  SaslHandshakeResponse response;
  response.error = in.int16("error code");
  for (int32_t n = count_of(in, "mechanism count"); n > 0; --n) {
    response.mechanisms.push_back(in.string("mechanism"));
  }
  return response;
}

SaslAuthenticateResponse read_sasl_authenticate(std::string_view body, int16_t version) {
  WireReader in(body, "the SaslAuthenticate response", kAdvice);
  SaslAuthenticateResponse response;
  response.error = in.int16("error code");
  response.message = in.nullable_string("error message");
  response.auth = bytes_of(in, "auth bytes");
  if (version >= kSessionLifetimeSince) response.session_lifetime_ms = in.int64("lifetime");
  return response;
}

}  // namespace millrace::group
