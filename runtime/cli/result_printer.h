#pragma once
// What `millrace transform` says about each row, for people or as JSON lines.

#include <cstdint>
#include <memory>
#include <string>

#include "millrace/converter.h"
#include "runtime/pipeline/transformation_chain.h"
#include "runtime/plugins/plugin_catalog.h"

namespace millrace {

/// One thread. Each call returns text that ends with a line feed. `number` is the row's line.
class ResultPrinter {
 public:
  virtual ~ResultPrinter() = default;
  /// A live row. May change its wire form, and with it the state of a sink's row.
  virtual std::string result(RecordBatch& batch, uint32_t row, uint64_t number) = 0;
  virtual std::string dropped(const TransformationStage& by, uint64_t number) = 0;
  virtual std::string failed(const RowError& error, uint64_t number) = 0;
};

/// Sink: Connect form, in the text form of `Values`, with schemas. Source: wire form, base64 when
/// it is not UTF-8.
std::unique_ptr<ResultPrinter> make_text_printer(bool is_sink);

/// Sink: keys, values and headers as JsonConverter writes them with schemas and
/// decimal.format=NUMERIC, so `catalog` must have it; `{"text": T}` for what it cannot write.
/// Source: a text, `{"base64": T}` or null, which read_record_line takes. Throws ConfigException.
std::unique_ptr<ResultPrinter> make_json_printer(const PluginCatalog& catalog, bool is_sink);

}  // namespace millrace
