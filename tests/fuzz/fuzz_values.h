#pragma once
// Connect values with schemas, made from a fuzzer's bytes. Only what survives a round trip through
// text: numbers are finite and not -0.0, text is UTF-8, map keys differ, there are no defaults.

#include "millrace/schema.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {

class ValueMaker {
 public:
  ValueMaker(Input& input, Arena& arena) : input_(input), arena_(arena) {}

  SchemaPtr schema(int depth);
  /// Fits `schema`.
  Value value(const Schema& schema);
  /// As a schemaless JSON document has them.
  Value document(int depth);

 private:
  SchemaPtr leaf();
  Value map(const Schema& schema);
  Value scalar(const Schema& schema);
  double finite();
  Value text();

  Input& input_;
  Arena& arena_;
};

}  // namespace millrace::fuzz
