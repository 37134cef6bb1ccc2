// Bodies of RonDB's REST API and of online_ingestion. The first byte chooses the path.

#include "connectors/feature_store/serving/rondb_api.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/serving_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  constexpr std::string_view kPaths[] = {"/0.1.0/bank/txn_1/pk-read",    "/0.1.0/batch",
                                         "/0.1.0/feature_store",         "/0.1.0/batch_feature_store",
                                         "/0.1.0/bank/txn_1/scan",
                                         "/project/1/featurestores/1/featuregroups/1/online_ingestion"};
  fuzz::Input input(data, size);
  feature_store::LookupStats stats;
  feature_store::RondbApi api(fuzz::serving_parts(), stats);
  feature_store::Call call;
  call.method = "POST";
  call.path = kPaths[input.choose(std::size(kPaths))];
  call.body = input.rest();
  fuzz::check_call(api, call);
  // The same bytes where a path or a header may have them.
  call.path = "/0.1.0/feature_store";
  call.query = call.body;
  call.min_offset = call.body;
  fuzz::check_call(api, call);
  call = {};
  call.method = "GET";
  call.path = data == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
  fuzz::check_call(api, call);
  return 0;
}
