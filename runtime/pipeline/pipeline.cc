#include "runtime/pipeline/pipeline.h"

#include <functional>

namespace millrace {

void Pipeline::convert(RecordBatch& batch, Side side, bool from_connect) {
  const auto& named = side == Side::Key ? converters_.key : converters_.value;
  const Stage stage = side == Side::Key ? Stage::KeyConverter : Stage::ValueConverter;
  batch.live_rows(rows_);
  const auto operation = [&](RecordBatch& b, const RowSet& rows) {
    if (from_connect) {
      named.converter->from_connect_data(b, rows, side);
    } else {
      named.converter->to_connect_data(b, rows, side);
    }
  };
  // By reference: a closure of this size would be allocated.
  errors_.run(batch, rows_, stage, named.class_name, std::cref(operation));
}

void Pipeline::convert_headers(RecordBatch& batch, bool from_connect) {
  rows_.clear();
  for (uint32_t row = 0; row < batch.size(); ++row) {
    if (batch[row].state == RowState::Live && batch[row].header_count != 0) rows_.push_back(row);
  }
  if (rows_.empty()) return;
  errors_.run(batch, rows_, Stage::HeaderConverter, converters_.header.class_name,
              [&](RecordBatch& b, const RowSet& rows) {
                if (from_connect) {
                  converters_.header.converter->from_connect_headers(b, rows);
                } else {
                  converters_.header.converter->to_connect_headers(b, rows);
                }
              });
}

namespace {

// All rows of the batch: an error handler settles whatever was rejected on the way.
void all_rows(const RecordBatch& batch, RowSet& rows) {
  rows.clear();
  for (uint32_t row = 0; row < batch.size(); ++row) rows.push_back(row);
}

}  // namespace

std::optional<uint32_t> Pipeline::run_source(RecordBatch& batch) {
  if (!chain_.empty()) chain_.apply(batch, errors_);
  convert_headers(batch, true);
  convert(batch, Side::Key, true);
  convert(batch, Side::Value, true);
  if (!batch.has_errors()) return std::nullopt;
  all_rows(batch, rows_);
  return errors_.settle(batch, rows_);
}

void Pipeline::to_wire(RecordBatch& batch, uint32_t row) {
  RowSet one;
  one.push_back(row);
  if (batch[row].header_count != 0) converters_.header.converter->from_connect_headers(batch, one);
  converters_.key.converter->from_connect_data(batch, one, Side::Key);
  converters_.value.converter->from_connect_data(batch, one, Side::Value);
  if (batch[row].state == RowState::Rejected) {
    const RowError& error = batch.error(row);
    throw_with_cause(error.kind, "converting a record that the task reported: " + error.message,
                     error.cause.get());
  }
}

std::optional<uint32_t> Pipeline::run_sink(RecordBatch& batch) {
  convert(batch, Side::Key, false);
  convert(batch, Side::Value, false);
  convert_headers(batch, false);
  if (!chain_.empty()) chain_.apply(batch, errors_);
  if (!batch.has_errors()) return std::nullopt;
  all_rows(batch, rows_);
  return errors_.settle(batch, rows_);
}

}  // namespace millrace
