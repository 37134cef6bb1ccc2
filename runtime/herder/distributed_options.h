#pragma once
// What a distributed herder works with, and its settings.

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "runtime/group/worker_membership.h"
#include "runtime/herder/auto_restart.h"
#include "runtime/herder/herder_steps.h"
#include "runtime/herder/peer_client.h"
#include "runtime/storage/config_log.h"
#include "runtime/storage/status_log.h"

namespace millrace {

/// Locks older tasks of exactly-once source connectors out (connect-cluster.md §4.3).
class ZombieFencer {
 public:
  virtual ~ZombieFencer() = default;
  /// Fences tasks 0 to `tasks` - 1 of `connector`. Control thread; the callback is called once,
  /// never inside the call.
  virtual void fence(const std::string& connector, int32_t tasks, Callback<Done> done) = 0;
};

/// All of it outlives the herder.
struct ClusterServices {
  ConfigLog& config;
  StatusLog& statuses;
  group::GroupMember& member;
  group::WorkerMembership& membership;
  PeerClient& peers;
  ZombieFencer* fencer = nullptr;  // null: fencing is answered with an error
};

/// inter.worker.key.*
struct SessionKeyOptions {
  std::string algorithm = "HmacSHA256";
  size_t bytes = 32;
  std::chrono::milliseconds ttl{3'600'000};  // 0: for ever
};

struct DistributedOptions {
  HerderOptions common = {};
  std::chrono::milliseconds sync_timeout{3'000};  // worker.sync.timeout.ms
  bool exactly_once_source = false;
  SessionKeyOptions key = {};
  AutoRestartOptions auto_restart = {};
  std::chrono::milliseconds stall_timeout{0};  // millrace.task.stall.timeout.ms; 0: not watched
  group::GroupMember::Clock clock = {};        // monotonic
  std::function<std::string(size_t)> random_bytes = {};  // empty: the system's
  /// A level that the cluster was told to set.
  std::function<void(const std::string& logger, const std::string& level)>
      set_logger_level = {};
  /// The worker must end.
  std::function<void(std::exception_ptr)> on_fatal = {};
};

}  // namespace millrace
