// The key by which workers sign their requests to each other (connect-cluster.md §4.2).

#include <openssl/rand.h>

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

std::string system_random(size_t bytes) {
  std::string text(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(bytes)) != 1) {
    throw ConnectException("making a session key: the system gives no random numbers");
  }
  return text;
}

}  // namespace

bool DistributedHerder::requires_signatures() const {
  return assignment_ && assignment_->version == group::ProtocolVersion::Sessioned;
}

const SessionKey* DistributedHerder::session_key() const {
  return snapshot().session_key ? &*snapshot().session_key : nullptr;
}

void DistributedHerder::check_session_key() {
  if (!is_leader() || !requires_signatures() || !resolved_ || writing_key_ || closing_) return;
  const SessionKey* key = session_key();
  const SessionKeyOptions& wanted = options_.key;
  const Millis now =
      std::chrono::duration_cast<Millis>(options_.common.now().time_since_epoch());
  if (key != nullptr && key->algorithm == wanted.algorithm && key->key.size() == wanted.bytes) {
    if (wanted.ttl <= Millis{0}) return;
    const Millis left = Millis{key->created_ms} + wanted.ttl - now;
    if (left > Millis{0}) {
      // One timer for each key.
      if (std::exchange(timed_key_ms_, key->created_ms) == key->created_ms) return;
      return after(left, [this] {
        timed_key_ms_ = -1;
        check_session_key();
      });
    }
  }
  writing_key_ = true;
  SessionKey fresh;
  try {
    const auto& random = options_.random_bytes;
    fresh = {random ? random(wanted.bytes) : system_random(wanted.bytes), wanted.algorithm,
             now.count()};
  } catch (...) {
    writing_key_ = false;
    return fatal(std::current_exception());
  }
  distributed_logger().info("Distributing a new session key");
  cluster_.config.put_session_key(fresh, alive<Done>([this](Outcome<Done>& outcome) {
                                    writing_key_ = false;
                                    if (outcome.ok()) return check_session_key();
                                    distributed_logger().warn(
                                        "Failed to write a session key; trying again");
                                    after(kCatchUpRetryMax, [this] { check_session_key(); });
                                  }));
}

}  // namespace millrace
