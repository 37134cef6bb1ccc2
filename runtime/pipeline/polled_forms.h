#pragma once
// What a dead letter of a source holds: the record as the task gave it, before transformations, as
// JSON with its schema (docs/design/dead-letters.md).

#include <memory>
#include <vector>

#include "millrace/converter.h"
#include "runtime/pipeline/dead_letter.h"

namespace millrace {

/// Task thread only.
class PolledForms final : public LetterForms {
 public:
  /// Both write JSON with schemas (JsonConverter with `schemas.enable=true`).
  PolledForms(std::unique_ptr<Converter> json, std::unique_ptr<HeaderConverter> json_headers)
      : json_(std::move(json)), json_headers_(std::move(json_headers)) {}

  void remember(RecordBatch& batch) override;
  /// What JSON cannot express is text. A row that the log refused has its bytes already.
  Record original(const RecordBatch& batch, uint32_t row, const RowError& error) override;

 private:
  void convert_side(Side side);
  void convert_headers(const Record& record);
  template <class Convert>
  bool converts(const Convert& convert);

  std::unique_ptr<Converter> json_;
  std::unique_ptr<HeaderConverter> json_headers_;
  const RecordBatch* batch_ = nullptr;
  std::vector<Record> forms_;
  RecordBatch letter_{1};  // the row being converted
};

}  // namespace millrace
