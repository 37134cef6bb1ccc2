#pragma once
// RonDB's REST API under /0.1.0, and the ingestion report of Hopsworks.

#include <optional>
#include <string>

#include "connectors/feature_store/serving/ingestions.h"
#include "connectors/feature_store/serving/pk_read.h"
#include "connectors/feature_store/serving/vectors.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

class RondbApi final : public Api {
 public:
  RondbApi(const ServingParts& parts, LookupStats& stats)
      : work_(parts, stats), keys_(work_), vectors_(work_), ingestions_(work_) {}
  Outcome handle(const Call& call, Answer& answer, Waiting& waiting) noexcept override;

 private:
  std::optional<int> route(const Call& call, Answer& answer, Waiting& waiting);
  std::optional<int> lookup(const Call& call, std::string_view rest, std::string& out,
                            Waiting& waiting);
  std::optional<int> checkpoint(const Call& call, std::string& out, Waiting& waiting);
  std::optional<int> timed(ApiName api, const Call& call, const std::optional<int>& status);

  Workspace work_;
  PkReader keys_;
  VectorReader vectors_;
  Ingestions ingestions_;
};

}  // namespace millrace::feature_store
