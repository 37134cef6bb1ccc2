#pragma once
// The resource `online_ingestion` of Hopsworks (feature-store-sink.md §14).

#include <string>
#include <string_view>

#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

/// Used by one thread.
class Ingestions {
 public:
  static constexpr size_t kListed = 100;  // newest ones, without `filter_by`

  explicit Ingestions(Workspace& work) : work_(work) {}
  static bool is_path(std::string_view path) noexcept;
  /// Appends a body and gives its status. Throws RequestError.
  int handle(const Call& call, std::string& out);
  /// As Hopsworks answers errors.
  static void append_error(std::string& out, int status, std::string_view message);

 private:
  int64_t group_of(std::string_view path) const;
  int begin(int64_t group, const Call& call, std::string& out);
  int report(int64_t group, std::string_view query, std::string& out);

  Workspace& work_;
};

}  // namespace millrace::feature_store
