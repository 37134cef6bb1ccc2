#pragma once
// Rows in memory for the APIs of the feature store: nothing is kept from one input to the next.

#include <memory>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/serving/workspace.h"

namespace millrace::fuzz {

/// A group `txn_1` with all kinds of features, one row for each even key, views and Feast's names.
const feature_store::ServingParts& serving_parts();

/// Calls the API and checks what holds for each answer; the same call gives the same answer.
void check_call(feature_store::Api& api, const feature_store::Call& call);

}  // namespace millrace::fuzz
