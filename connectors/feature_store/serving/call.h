#pragma once
// A request and its answer, without the socket they came by.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/ids.h"

namespace millrace::feature_store {

/// Everything points into the connection's buffers.
struct Call {
  std::string_view method = {};
  std::string_view path = {};   // without query
  std::string_view query = {};  // behind `?`
  std::string_view body = {};
  std::string_view api_key = {};      // X-API-KEY, or `Authorization: ApiKey|Bearer ...`
  std::string_view min_offset = {};   // X-Min-Offset
  std::string_view wait_ms = {};      // X-Wait-Ms
  std::string_view deadline_ms = {};  // X-Deadline-Ms
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  bool waited = false;  // the second time, after Outcome::Wait
};

/// `body` is empty when a handler gets it.
struct Answer {
  int status = 200;
  std::string body = {};
};

/// A record that must have been applied before rows are read.
struct ReadPoint {
  TopicPartition partition;
  int64_t offset = 0;
};

/// Work beside the serving threads. Its end waits for the work.
class Job {
 public:
  virtual ~Job() = default;
  virtual bool is_done() const noexcept = 0;
};

struct Waiting {
  std::vector<ReadPoint> points = {};
  std::chrono::milliseconds most{0};
  std::shared_ptr<Job> job = {};  // waited for, too; the second call gets it back
};

enum class Outcome : uint8_t {
  Done,
  Wait,  // for what `waiting` says: the call is to be made again, with `waited`
};

struct ApiLimits {
  size_t max_operations = 256;
  size_t max_entries = 10'000;
  size_t max_lookups = 50'000;  // rows of one request
  size_t max_answer_bytes = size_t{64} << 20;
  std::chrono::milliseconds deadline{2'000};
  std::chrono::milliseconds max_wait{10'000};
};

/// One port's API. Each thread has its own: it keeps what requests can share.
class Api {
 public:
  virtual ~Api() = default;
  /// Never throws: what goes wrong is an answer.
  virtual Outcome handle(const Call& call, Answer& answer, Waiting& waiting) noexcept = 0;
};

}  // namespace millrace::feature_store
