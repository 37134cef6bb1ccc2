#pragma once
// Tails a file, or standard input, line by line (FileStreamSourceTask).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/file/file_options.h"
#include "millrace/connector.h"

namespace millrace::file {

/// Positions are byte offsets. Java counts characters but skips bytes, so it goes wrong after the
/// first multi-byte character; for ASCII both agree.
class FileStreamSourceTask final : public SourceTask {
 public:
  ~FileStreamSourceTask() override;
  void start(const Properties& config, SourceTaskContext& context) override;
  void poll(RecordBatch& out, std::stop_token stop) override;
  void stop() noexcept override;

 private:
  bool open();
  void seek_to_stored_offset();
  /// Reads once into the buffer; false when nothing came.
  bool fill(std::stop_token stop);
  void make_room();
  void add_lines(RecordBatch& out);
  void add_record(RecordBatch& out, std::string_view line, const Value& partition);
  std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }

  SourceOptions options_;
  SourceTaskContext* context_ = nullptr;
  int fd_ = -1;
  int64_t position_ = 0;  // of begin_ in the file
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t scanned_ = 0;  // bytes after begin_ known to hold no line end
};

}  // namespace millrace::file
