#pragma once
// The way of a batch between a task and the log: converters and transformation chain under one
// error handler. Source: transformations, then headers, key, value. Sink: key, value, headers,
// then transformations (connect-data.md §3).

#include <memory>
#include <optional>
#include <string>

#include "millrace/converter.h"
#include "runtime/pipeline/error_handling.h"
#include "runtime/pipeline/transformation_chain.h"

namespace millrace {

/// A converter with the class name shown in errors.
template <class C>
struct NamedConverter {
  std::string class_name;
  std::unique_ptr<C> converter;
};

struct Converters {
  NamedConverter<Converter> key;
  NamedConverter<Converter> value;
  NamedConverter<HeaderConverter> header;
};

/// Task thread only.
class Pipeline {
 public:
  Pipeline(Converters converters, TransformationChain chain, ErrorHandler& errors)
      : converters_(std::move(converters)), chain_(std::move(chain)), errors_(errors) {}

  /// Who hears after each transformation, e.g. which rows it dropped.
  void set_listener(TransformationChain::Listener listener) {
    chain_.set_listener(std::move(listener));
  }
  /// Connect form -> wire form of all live rows. Returns the row whose error must fail the task;
  /// rows before it are ready to be sent, as Java sends them.
  std::optional<uint32_t> run_source(RecordBatch& batch);
  /// Wire form -> Connect form. Returns the row whose error must fail the task.
  std::optional<uint32_t> run_sink(RecordBatch& batch);
  /// Connect form -> wire form of a row that a sink task made itself, without transformations or
  /// error handling. Throws what the converters throw, or ConnectException.
  void to_wire(RecordBatch& batch, uint32_t row);

 private:
  void convert(RecordBatch& batch, Side side, bool from_connect);
  void convert_headers(RecordBatch& batch, bool from_connect);

  Converters converters_;
  TransformationChain chain_;
  ErrorHandler& errors_;
  RowSet rows_;
};

}  // namespace millrace
