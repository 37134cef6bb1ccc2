#pragma once
// Feast's feature server: `/get-online-features`, `/push`, `/health`.

#include "connectors/feature_store/serving/feast_lookup.h"
#include "connectors/feature_store/serving/feast_push.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::feature_store {

class FeastApi final : public Api {
 public:
  FeastApi(const ServingParts& parts, LookupStats& stats)
      : work_(parts, stats), reader_(work_), pusher_(work_) {}
  Outcome handle(const Call& call, Answer& answer, Waiting& waiting) noexcept override;

 private:
  bool route(const Call& call, Answer& answer, Waiting& waiting);

  Workspace work_;
  FeastReader reader_;
  FeastPusher pusher_;
};

}  // namespace millrace::feature_store
