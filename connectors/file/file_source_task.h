#pragma once
// Tails a file, or standard input, line by line (FileStreamSourceTask).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/file/descriptor.h"
#include "connectors/file/file_options.h"
#include "connectors/file/line_splitter.h"
#include "millrace/connector.h"

namespace millrace::file {

/// Positions are byte offsets. Java counts characters but skips bytes, so it goes wrong after the
/// first multi-byte character; for ASCII both agree.
class FileStreamSourceTask final : public SourceTask {
 public:
  void start(const Properties& config, SourceTaskContext& context) override;
  void poll(RecordBatch& out, std::stop_token stop) override;
  void stop() noexcept override;

 private:
  bool open();
  void stored_position(int fd);
  /// Reads once into the buffer, without waiting; false when nothing came.
  bool fill();
  void make_room();
  bool readable_within(int timeout_ms) const noexcept;
  void wait_for_more(const std::stop_token& stop) const;
  void add_lines(RecordBatch& out);
  void add_record(RecordBatch& out, std::string_view line, const Value& partition);
  std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  std::string name() const { return options_.file.value_or("standard input"); }

  SourceOptions options_;
  SourceTaskContext* context_ = nullptr;
  Descriptor input_;
  bool is_stream_ = false;  // a pipe or terminal, whose reads may block
  bool at_end_ = false;     // the last read found the end
  bool stopped_ = false;
  int64_t position_ = 0;  // of begin_ in the file
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t clean_ = 0;         // bytes after begin_ known to hold no line end
  std::vector<Line> lines_;  // of one add_lines(); kept for its memory
};

}  // namespace millrace::file
