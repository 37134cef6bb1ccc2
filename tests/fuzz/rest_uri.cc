// Request targets: segments written as a path give themselves again; any text survives escaping.

#include "runtime/rest/uri.h"
#include "tests/fuzz/fuzz.h"

using namespace millrace::rest;
using millrace::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(data == nullptr ? "" : reinterpret_cast<const char*>(data), size);
  const auto decoded = percent_decode(percent_encode(text), false);
  check(decoded == std::string(text), "escaping changes the text", text);
  std::string error;
  const auto target = parse_target(text, error);
  check(target.has_value() == error.empty(), "a refusal without reason", error);
  if (!target) return 0;
  target->query.flag("expand");
  std::string path;
  for (const std::string& segment : target->segments) path += "/" + percent_encode(segment);
  path += "/";  // the one that is dropped, so that an empty last segment is not
  const auto again = parse_target(path, error);
  check(again.has_value(), "its own path is refused", path + "\n" + error);
  check(again->segments == target->segments, "the segments change", path);
  return 0;
}
