#include "connectors/file/file_sink_task.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::file {
namespace {

constexpr size_t kWriteAt = size_t{256} * 1024;  // bytes gathered before a write
constexpr mode_t kMode = 0644;
constexpr int64_t kRetryMs = 1000;

}  // namespace

FileStreamSinkTask::~FileStreamSinkTask() { stop(); }

void FileStreamSinkTask::start(const Properties& config, SinkTaskContext& context) {
  options_ = SinkOptions::def().parse(config);
  context_ = &context;
  buffer_.reserve(kWriteAt * 2);
  if (!options_.file || options_.file->empty()) {
    options_.file.reset();
    fd_ = STDOUT_FILENO;
    return;
  }
  fd_ = ::open(options_.file->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (fd_ < 0) {
    throw ConnectException("Couldn't find or create file '" + *options_.file +
                           "' for FileStreamSinkTask: " + std::strerror(errno));
  }
}

void FileStreamSinkTask::stop() noexcept {
  if (fd_ > STDERR_FILENO) ::close(fd_);
  fd_ = -1;
}

void FileStreamSinkTask::put(RecordBatch& batch, std::stop_token) {
  if (!rows_taken_) {
    for (const Record& record : batch.records()) {
      if (record.state != RowState::Live) continue;
      const Value& value = record.value.value;
      if (value.type() == Type::String) {
        buffer_ += value.as_string();
      } else {
        append_java_string(buffer_, value);
      }
      buffer_ += '\n';
    }
    rows_taken_ = true;
  }
  if (buffer_.size() >= kWriteAt) write_out();
  rows_taken_ = false;
}

void FileStreamSinkTask::flush(const OffsetMap&) { write_out(); }

void FileStreamSinkTask::write_out() {
  while (written_ < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + written_, buffer_.size() - written_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      context_->timeout(kRetryMs);
      throw RetriableException("writing to " + options_.file.value_or("standard output") + ": " +
                               std::strerror(errno));
    }
    written_ += static_cast<size_t>(n);
  }
  buffer_.clear();
  written_ = 0;
}

}  // namespace millrace::file
