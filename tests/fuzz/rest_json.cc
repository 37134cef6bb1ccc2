// The reader of request bodies: a value skipped is the value read token by token.

#include <utility>
#include <vector>

#include "runtime/rest/json_reader.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace millrace::rest;
using millrace::fuzz::check;

using Tokens = std::vector<std::pair<JsonToken, std::string>>;

Tokens tokens_of(std::string_view text) {
  Tokens tokens;
  JsonReader reader(text);
  while (true) {
    const JsonToken token = reader.next();
    const bool has_text = token == JsonToken::FieldName || token == JsonToken::String ||
                          token == JsonToken::Number;
    tokens.emplace_back(token, has_text ? reader.text() : "");
    check(!reader.token_name().empty() && !reader.token_description().empty(), "no name", text);
    if (token == JsonToken::End) return tokens;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(data == nullptr ? "" : reinterpret_cast<const char*>(data), size);
  Tokens tokens;
  try {
    tokens = tokens_of(text);
  } catch (const JsonError& error) {
    check(*error.what() != '\0', "a refusal without reason");
    return 0;
  }
  if (tokens.size() == 1) return 0;
  JsonReader reader(text);
  reader.next();
  const std::string_view value = reader.skip_value();
  check(tokens_of(value) == tokens, "the skipped value is another one", value);
  return 0;
}
