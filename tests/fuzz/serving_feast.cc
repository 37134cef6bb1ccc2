// Bodies of Feast's API. The first byte chooses the path.

#include "connectors/feature_store/serving/feast_api.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/serving_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  fuzz::Input input(data, size);
  feature_store::LookupStats stats;
  feature_store::FeastApi api(fuzz::serving_parts(), stats);
  feature_store::Call call;
  call.method = "POST";
  call.path = input.flag() ? "/push" : "/get-online-features";
  call.body = input.rest();
  fuzz::check_call(api, call);
  return 0;
}
