#include "runtime/cli/transform.h"

#include <chrono>
#include <cstdio>

#include "millrace/clock.h"
#include "millrace/errors.h"
#include "runtime/cli/line_reader.h"
#include "runtime/cli/record_line.h"
#include "runtime/cli/result_printer.h"
#include "runtime/cli/transform_setup.h"

namespace millrace {
namespace {

constexpr int kSomeFailed = 1;
constexpr int kBadConfiguration = 2;
constexpr uint32_t kBatchRows = 500;                        // Java consumer's max.poll.records
constexpr size_t kBatchBytes = size_t{16} * 1024 * 1024;  // of lines; ends a batch early

void say(const std::string& text) { std::fprintf(stderr, "transform: %s\n", text.c_str()); }

/// From the first line to the last, or to the row that fails the task.
class Run {
 public:
  Run(const TransformOptions& options, TransformSetup& setup)
      : options_(options),
        setup_(setup),
        reader_(options.input_file, options.max_line_bytes),
        printer_(options.json ? make_json_printer(setup.plugins(), setup.is_sink())
                              : make_text_printer(setup.is_sink())),
        batch_(kBatchRows) {
    setup_.pipeline().set_listener(
        [this](const TransformationStage& stage, const RecordBatch& batch) {
          for (uint32_t row = 0; row < batch.size(); ++row) {
            if (batch[row].state == RowState::Filtered && dropped_by_[row] == nullptr) {
              dropped_by_[row] = &stage;
            }
          }
        });
  }

  int run() {
    bool stopped = false;
    while (!stopped && read_batch()) stopped = !work();
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      throw ConnectException("writing to standard output failed");
    }
    std::string text = "rows: " + std::to_string(rows_) + ", converted: " + std::to_string(good_) +
                       ", dropped: " + std::to_string(dropped_) +
                       ", failed: " + std::to_string(failed_);
    if (stopped) text += "; the task would stop here (--continue goes on)";
    say(text);
    return failed_ == 0 ? 0 : kSomeFailed;
  }

 private:
  /// False at the end of the input.
  bool read_batch() {
    batch_.reset();
    lines_.clear();
    size_t bytes = 0;
    while (!batch_.full() && bytes < kBatchBytes) {
      // What is there is shown before waiting for more.
      if (!batch_.empty() && !reader_.has_input()) break;
      const LineReader::Result result = reader_.next(line_);
      if (result == LineReader::Result::End) break;
      if (options_.records && line_.find_first_not_of(" \t\r") == std::string::npos &&
          result == LineReader::Result::Line) {
        continue;
      }
      bytes += line_.size();
      add_row(result == LineReader::Result::TooLong);
    }
    dropped_by_.assign(batch_.size(), nullptr);
    return !batch_.empty();
  }

  void add_row(bool too_long) {
    const uint32_t row = batch_.size();
    Record& record = batch_.add();
    lines_.push_back(reader_.number());
    const bool is_sink = setup_.is_sink();
    const RecordDefaults defaults{setup_.topic(), options_.timestamp.value_or(wall_clock_ms()),
                                  is_sink ? 0 : kNoPartition, is_sink ? next_offset_++ : -1};
    std::string error;
    if (too_long) {
      error = "the line has more than " + std::to_string(options_.max_line_bytes) +
              " bytes (--max-line-bytes)";
    } else {
      const auto read = options_.records ? read_record_line : read_value_line;
      error = read(line_, is_sink, defaults, batch_, record);
    }
    if (error.empty()) return;
    batch_.reject(row, {ErrorKind::Data, is_sink ? Stage::KafkaConsume : Stage::TaskPoll,
                        "reading a record from its line: " + error, {}});
  }

  /// Converts, transforms and prints the batch. False when the task would stop.
  bool work() {
    std::optional<uint32_t> fatal;
    try {
      fatal = setup_.is_sink() ? setup_.pipeline().run_sink(batch_)
                               : setup_.pipeline().run_source(batch_);
    } catch (...) {
      // A transformation that throws fails the task under any tolerance.
      failed_ += batch_.size();
      rows_ += batch_.size();
      say("rows " + std::to_string(lines_.front()) + " to " + std::to_string(lines_.back()) + ": " +
          describe_current_exception());
      return false;
    }
    const bool stops = fatal && !options_.keep_going;
    const uint32_t end = stops ? *fatal + 1 : batch_.size();
    for (uint32_t row = 0; row < end; ++row) print(row);
    std::fflush(stdout);
    return !stops;
  }

  void print(uint32_t row) {
    ++rows_;
    std::string text;
    switch (batch_[row].state) {
      case RowState::Live:
        ++good_;
        text = printer_->result(batch_, row, lines_[row]);
        break;
      case RowState::Filtered:
        ++dropped_;
        text = printer_->dropped(*dropped_by_[row], lines_[row]);
        break;
      case RowState::Rejected:
        ++failed_;
        text = printer_->failed(batch_.error(row), lines_[row]);
        break;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
  }

  const TransformOptions& options_;
  TransformSetup& setup_;
  LineReader reader_;
  std::unique_ptr<ResultPrinter> printer_;
  RecordBatch batch_;
  std::string line_;
  std::vector<uint64_t> lines_;                         // of the rows of batch_
  std::vector<const TransformationStage*> dropped_by_;  // likewise; null unless filtered
  int64_t next_offset_ = 0;
  uint64_t rows_ = 0;
  uint64_t good_ = 0;
  uint64_t dropped_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace

int run_transform(const std::vector<std::string>& arguments) {
  TransformOptions options;
  try {
    options = parse_transform_options(arguments);
  } catch (const ConfigException& error) {
    say(error.what());
    std::fprintf(stderr, "Usage: millrace %s\n", kTransformUsage);
    return kBadConfiguration;
  }
  std::unique_ptr<TransformSetup> setup;
  std::unique_ptr<Run> run;
  try {
    setup = std::make_unique<TransformSetup>(options);
    run = std::make_unique<Run>(options, *setup);
  } catch (const std::exception& error) {
    say(error.what());
    return kBadConfiguration;
  }
  try {
    return run->run();
  } catch (const std::exception& error) {
    say(error.what());
    return kSomeFailed;
  }
}

}  // namespace millrace
