#pragma once
// Read after write (feature-store-sink.md §13.3): what a request waits for, and for how long.

#include <chrono>
#include <string_view>

#include "connectors/feature_store/serving/call.h"
#include "connectors/feature_store/serving/row_source.h"
#include "millrace/value.h"

namespace millrace::feature_store {

inline constexpr size_t kMaxReadPoints = 64;

/// From headers, the query, and members of the body.
struct Freshness {
  std::vector<ReadPoint> points = {};
  std::chrono::milliseconds wait{0};
  std::chrono::milliseconds deadline{0};

  /// Throws RequestError for what cannot be read. `body` may be no object.
  static Freshness read(const Call& call, const Value& body, const ApiLimits& limits);
};

/// False: not yet; `waiting` says for what. Throws RequestError (503) when all the wait was in
/// vain.
bool is_fresh(const Call& call, Freshness& freshness, const RowSource& rows, Waiting& waiting);

/// Throws RequestError (503) once the request has taken longer than it may.
class Deadline {
 public:
  Deadline(const Call& call, const Freshness& freshness)
      : at_(call.started + freshness.deadline + freshness.wait) {}
  void check() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Value of `name` in a query, without percent escapes taken out; empty: none.
std::string_view query_value(std::string_view query, std::string_view name) noexcept;

}  // namespace millrace::feature_store
