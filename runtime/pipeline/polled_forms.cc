#include "runtime/pipeline/polled_forms.h"

#include <algorithm>

#include "millrace/text.h"

namespace millrace {
namespace {

std::span<Header> copy_headers(const Record& record, Arena& arena) {
  const auto headers = arena.make_array<Header>(record.header_count);
  std::copy_n(record.headers, record.header_count, headers.begin());
  return headers;
}

WireBytes text_of(const Value& value, Arena& arena) {
  if (value.is_null()) return {};
  std::string text;
  append_java_string(text, value);
  return WireBytes::of(arena.copy(text));
}

}  // namespace

void PolledForms::remember(RecordBatch& batch) {
  batch_ = &batch;
  forms_.assign(batch.records().begin(), batch.records().end());
  for (Record& form : forms_) {
    if (form.header_count != 0) form.headers = copy_headers(form, batch.arena()).data();
  }
}

Record PolledForms::original(const RecordBatch& batch, uint32_t row, const RowError& error) {
  const bool remembered = &batch == batch_ && row < forms_.size();
  if (error.stage == Stage::KafkaProduce || !remembered) return batch[row];
  letter_.reset();
  letter_.add() = forms_[row];
  letter_[0].state = RowState::Live;
  letter_[0].error_index = kNoError;
  convert_side(Side::Key);
  convert_side(Side::Value);
  if (letter_[0].header_count != 0) convert_headers(forms_[row]);
  return letter_[0];
}

template <class Convert>
bool PolledForms::converts(const Convert& convert) {
  RowSet one;
  one.push_back(0);
  try {
    convert(one);
  } catch (const std::exception&) {
    return false;
  }
  const bool done = letter_[0].state == RowState::Live;
  letter_[0].state = RowState::Live;
  return done;
}

void PolledForms::convert_side(Side side) {
  if (converts([&](const RowSet& one) { json_->from_connect_data(letter_, one, side); })) return;
  letter_[0].wire(side) = text_of(letter_[0].side(side).value, letter_.arena());
}

void PolledForms::convert_headers(const Record& record) {
  letter_[0].headers = copy_headers(record, letter_.arena()).data();
  if (converts([&](const RowSet& one) { json_headers_->from_connect_headers(letter_, one); })) {
    return;
  }
  for (Header& header : letter_[0].header_span()) {
    header.wire = text_of(header.data.value, letter_.arena());
  }
}

}  // namespace millrace
