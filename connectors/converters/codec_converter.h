#pragma once
// Batch loops around a codec: one codec serves as key, value and header converter.
//
// A codec has
//   static const ConfigDefinition& definition();
//   void configure(const Properties& config, bool is_key);   // throws ConfigException
//   bool decode(WireBytes wire, RecordBatch& batch, SchemaAndValue& out, CodecError& error);
//   bool encode(const SchemaAndValue& in, RecordBatch& batch, WireBytes& out, CodecError& error);
// which return false and fill `error` for a value they cannot convert.

#include <memory>
#include <string>
#include <utility>

#include "millrace/converter.h"

namespace millrace::converters {

inline constexpr const char* kVersion = "4.1.1";

struct CodecError {
  ErrorKind kind = ErrorKind::Data;
  std::string message;
  ErrorCausePtr cause;

  bool fail(std::string text, ErrorKind error_kind = ErrorKind::Data) {
    kind = error_kind;
    message = std::move(text);
    cause.reset();
    return false;
  }
  /// As Kafka's converters wrap what their deserialisers throw.
  bool fail_serialization(std::string text, std::string reason) {
    fail(std::move(text));
    cause = std::make_shared<ErrorCause>(
        ErrorCause{ErrorKind::Serialization, std::move(reason), {}});
    return false;
  }
};

inline void reject(RecordBatch& batch, uint32_t row, CodecError& error) {
  batch.reject(row, RowError{error.kind, Stage::ValueConverter, std::move(error.message), {},
                             std::move(error.cause)});
}

template <class Codec>
class CodecConverter final : public Converter {
 public:
  static const ConfigDefinition& definition() { return Codec::definition(); }
  void configure(const Properties& config, Side side) override {
    codec_.configure(config, side == Side::Key);
  }
  void to_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    CodecError error;
    for (const uint32_t row : rows) {
      if (!codec_.decode(batch[row].wire(side), batch, batch[row].side(side), error)) {
        reject(batch, row, error);
      }
    }
  }
  void from_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    CodecError error;
    for (const uint32_t row : rows) {
      if (!codec_.encode(batch[row].side(side), batch, batch[row].wire(side), error)) {
        reject(batch, row, error);
      }
    }
  }

 private:
  Codec codec_;
};

template <class Codec>
class CodecHeaderConverter final : public HeaderConverter {
 public:
  static const ConfigDefinition& definition() { return Codec::definition(); }
  void configure(const Properties& config) override { codec_.configure(config, false); }
  void to_connect_headers(RecordBatch& batch, const RowSet& rows) override {
    each(batch, rows, [&](Header& header, CodecError& error) {
      return codec_.decode(header.wire, batch, header.data, error);
    });
  }
  void from_connect_headers(RecordBatch& batch, const RowSet& rows) override {
    each(batch, rows, [&](Header& header, CodecError& error) {
      return codec_.encode(header.data, batch, header.wire, error);
    });
  }

 private:
  template <class Convert>
  static void each(RecordBatch& batch, const RowSet& rows, const Convert& convert) {
    CodecError error;
    for (const uint32_t row : rows) {
      for (Header& header : batch[row].header_span()) {
        if (convert(header, error)) continue;
        reject(batch, row, error);
        break;
      }
    }
  }
  Codec codec_;
};

}  // namespace millrace::converters
