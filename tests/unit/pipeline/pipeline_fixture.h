#pragma once
// What the tests of the pipeline share: a clock that jumps, converters that do as told, log lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/pipeline/log_reporter.h"
#include "runtime/pipeline/pipeline.h"

namespace millrace {

/// Waiting moves it; nothing sleeps.
class FakeClock final : public RetryClock {
 public:
  Millis now() override { return now_; }
  int64_t wall_ms() override { return 1'700'000'000'000 + now_.count(); }
  void wait(Millis delay, const std::stop_token&) override {
    waits.push_back(delay.count());
    now_ += delay;
    if (on_wait) on_wait();
  }

  std::vector<int64_t> waits;
  std::function<void()> on_wait;

 private:
  Millis now_{1'000'000};
};

/// What a conversion or transformation does with rows whose value is a key here. Values are text.
struct Script {
  enum class Act { Reject, RejectOnce, Retriable, Throw, ThrowOther, ThrowRetriableOnce, Filter };
  std::map<std::string, Act, std::less<>> acts;
  std::vector<std::string> calls;  // `STAGE value,value`

  void play(const std::string& name, RecordBatch& batch, const RowSet& rows,
            const std::function<void(Record&)>& work) {
    std::string& call = calls.emplace_back(name + " ");
    for (const uint32_t row : rows) call += text(batch[row]) + ",";
    call.pop_back();
    for (const uint32_t row : rows) act(batch, row, work);
  }
  static std::string text(const Record& record) {
    const Value& value = record.value.value;
    return std::string(value.type() == Type::String ? value.as_string() : record.value_wire.text());
  }

 private:
  void act(RecordBatch& batch, uint32_t row, const std::function<void(Record&)>& work) {
    const auto at = acts.find(text(batch[row]));
    if (at == acts.end()) return work(batch[row]);
    const Act what = at->second;
    switch (what) {
      case Act::RejectOnce:
      case Act::ThrowRetriableOnce:
        acts.erase(at);
        break;
      default:
        break;
    }
    switch (what) {
      case Act::Reject:
        return batch.reject(row, {ErrorKind::Data, {}, "bad row", {}});
      case Act::RejectOnce:
      case Act::Retriable:
        return batch.reject(row, {ErrorKind::Retriable, {}, "not now", {}});
      case Act::Throw:
        throw DataException("thrown");
      case Act::ThrowOther:
        throw 42;
      case Act::ThrowRetriableOnce:
        throw RetriableException("thrown for now");
      case Act::Filter:
        return batch.filter(row);
    }
  }
};

class ScriptedConverter final : public Converter {
 public:
  ScriptedConverter(Script& script, std::string name) : script_(script), name_(std::move(name)) {}
  void configure(const Properties&, Side) override {}
  void to_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    script_.play(name_, batch, rows, [side](Record& record) {
      record.side(side).value =
          record.wire(side).is_null() ? Value() : Value::string(record.wire(side).text());
    });
  }
  void from_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    script_.play(name_, batch, rows, [side](Record& record) {
      const Value& value = record.side(side).value;
      record.wire(side) = value.is_null() ? WireBytes{} : WireBytes::of(value.as_string());
    });
  }

 private:
  Script& script_;
  std::string name_;
};

class ScriptedHeaderConverter final : public HeaderConverter {
 public:
  explicit ScriptedHeaderConverter(Script& script) : script_(script) {}
  void configure(const Properties&) override {}
  void to_connect_headers(RecordBatch& batch, const RowSet& rows) override {
    script_.play("HEADERS", batch, rows, [](Record& record) {
      for (Header& header : record.header_span()) {
        header.data.value = Value::string(header.wire.text());
      }
    });
  }
  void from_connect_headers(RecordBatch& batch, const RowSet& rows) override {
    script_.play("HEADERS", batch, rows, [](Record& record) {
      for (Header& header : record.header_span()) {
        header.wire = WireBytes::of(header.data.value.as_string());
      }
    });
  }

 private:
  Script& script_;
};

class ScriptedTransformation final : public Transformation {
 public:
  ScriptedTransformation(Script& script, std::string name)
      : script_(script), name_(std::move(name)) {}
  void configure(const Properties&) override {}
  void apply(RecordBatch& batch, const RowSet& rows) override {
    script_.play(name_, batch, rows, [](Record&) {});
  }

 private:
  Script& script_;
  std::string name_;
};

/// One reported row: `row STAGE class kind: message`.
class RecordingReporter final : public ErrorReporter {
 public:
  explicit RecordingReporter(std::vector<std::string>& reports) : reports_(reports) {}
  void report(const RecordBatch&, uint32_t row, const RowError& error, ErrorCounts&) override {
    reports_.push_back(std::to_string(row) + " " + std::string(stage_name(error.stage)) + " " +
                       std::string(error.class_name) + " " + error.message);
  }

 private:
  std::vector<std::string>& reports_;
};

/// Log lines while it lives, without their date. One at a time.
class CapturedLines {
 public:
  CapturedLines() {
    logging::set_line_writer(
        [this](std::string_view line) { lines.emplace_back(line.substr(line.find("] ") + 2)); });
  }
  ~CapturedLines() { logging::set_line_writer(nullptr); }
  CapturedLines(const CapturedLines&) = delete;
  CapturedLines& operator=(const CapturedLines&) = delete;

  std::vector<std::string> lines;
};

class PipelineFixture : public testing::Test {
 protected:
  PipelineFixture() { make({}); }

  /// A new handler and pipeline with these `errors.*` settings.
  void make(const Properties& settings) {
    stop_ = {};
    handler_ = std::make_unique<ErrorHandler>(ErrorHandlingConfig::parse(settings),
                                              stop_.get_token(), clock_);
    handler_->add_reporter(std::make_unique<RecordingReporter>(reports_));
    Converters converters{{"test.Key", std::make_unique<ScriptedConverter>(keys_, "KEY")},
                          {"test.Value", std::make_unique<ScriptedConverter>(values_, "VALUE")},
                          {"test.Headers", std::make_unique<ScriptedHeaderConverter>(headers_)}};
    pipeline_ = std::make_unique<Pipeline>(std::move(converters), std::move(chain_), *handler_);
  }
  /// Adds a transformation to the pipeline of the next make().
  void transform(std::unique_ptr<Predicate> predicate = nullptr, bool negate = false) {
    TransformationStage stage;
    stage.class_name = "test.Transformation";
    stage.transformation = std::make_unique<ScriptedTransformation>(transformations_, "TRANSFORM");
    stage.predicate = std::move(predicate);
    stage.negate = negate;
    chain_.add(std::move(stage));
  }
  /// Rows as a task gives them, and as the log does.
  void fill(std::initializer_list<const char*> texts) {
    batch_.reset();
    reports_.clear();
    for (const char* text : texts) {
      Record& record = batch_.add();
      record.topic = record.original_topic = "t";
      record.original_partition = 0;
      record.offset = batch_.size() - 1;
      if (text == nullptr) continue;
      record.value.value = Value::string(text);
      record.value_wire = WireBytes::of(text);
    }
  }
  /// `L`, `F` or `R` for each row.
  std::string states() const {
    std::string text;
    for (const Record& record : batch_.records()) text += "LFR"[static_cast<int>(record.state)];
    return text;
  }
  std::string trace(uint32_t row) const {
    try {
      ErrorHandler::fail(batch_, row);
    } catch (const std::exception& error) {
      return describe(error);
    }
  }

  FakeClock clock_;
  std::stop_source stop_;
  Script keys_, values_, headers_, transformations_;
  TransformationChain chain_;
  std::vector<std::string> reports_;
  RecordBatch batch_;
  std::unique_ptr<ErrorHandler> handler_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace millrace
