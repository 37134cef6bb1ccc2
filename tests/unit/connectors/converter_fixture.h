#pragma once
// One-row batches around a codec, for tests of converters.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/converters/codec_converter.h"

namespace millrace::converters {

template <class Codec>
class ConverterFixture : public testing::Test {
 protected:
  void configure(Properties config = {}, Side side = Side::Value) {
    config.try_emplace("converter.type", side == Side::Key ? "key" : "value");
    converter_.configure(config, side);
    header_converter_.configure(config);
    side_ = side;
  }

  /// Reads `wire` as the only row; the batch keeps the result until the next call.
  Record& read(WireBytes wire) {
    Record& record = fresh();
    record.wire(side_) = wire;
    converter_.to_connect_data(batch_, rows_, side_);
    return record;
  }
  Record& read(std::string_view text) { return read(WireBytes::of(text)); }
  Value read_value(std::string_view text) {
    Record& record = read(text);
    EXPECT_EQ(record.state, RowState::Live) << message();
    return record.side(side_).value;
  }
  std::string read_error(std::string_view text) {
    read(text);
    return message();
  }

  /// Writes a value; `-` for null bytes, `!` and the message when it was refused.
  std::string write(const SchemaPtr& schema, const Value& value) {
    Record& record = fresh();
    record.side(side_) = {batch_.keep(schema), value};
    converter_.from_connect_data(batch_, rows_, side_);
    if (record.state == RowState::Rejected) return "!" + message();
    const WireBytes wire = record.wire(side_);
    return wire.is_null() ? "-" : std::string(wire.text());
  }
  std::string message() const { return batch_.has_errors() ? batch_.error(0).message : ""; }
  /// `class: message` of what brought the error about.
  std::string cause() const {
    const ErrorCausePtr& cause = batch_.error(0).cause;
    return cause ? describe(cause->kind, cause->message, cause->cause.get()) : "";
  }
  ErrorKind error_kind() const { return batch_.error(0).kind; }

  Record& fresh() {
    batch_.reset();
    rows_.clear();
    rows_.push_back(0);
    return batch_.add();
  }

  CodecConverter<Codec> converter_;
  CodecHeaderConverter<Codec> header_converter_;
  RecordBatch batch_;
  RowSet rows_;
  Side side_ = Side::Value;
};

}  // namespace millrace::converters
