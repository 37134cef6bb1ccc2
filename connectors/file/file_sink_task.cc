#include "connectors/file/file_sink_task.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::file {
namespace {

constexpr std::string_view kLogger = "org.apache.kafka.connect.file.FileStreamSinkTask";
constexpr mode_t kMode = 0666;  // less the umask, as Java creates files
constexpr int64_t kRetryMs = 1000;

/// The exception java.nio throws for this error of a file operation.
Error file_error(const std::string& path, int error) {
  if (error == ENOENT) return {ErrorKind::NoSuchFile, path};
  if (error == EACCES) return {ErrorKind::AccessDenied, path};
  std::string reason = std::strerror(error);
  if (error == ELOOP) reason += " or unable to access attributes of symbolic link";
  return {ErrorKind::FileSystem, path + ": " + reason};
}

Descriptor open_for_append(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (fd >= 0) return Descriptor(fd);
  try {
    throw file_error(path, errno);
  } catch (const Error&) {
    std::throw_with_nested(
        ConnectException("Couldn't find or create file '" + path + "' for FileStreamSinkTask"));
  }
}

/// Whether the last line of a file has no end: a kill cut its write short.
bool ends_inside_a_line(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  char last = '\n';
  return file.is_open() && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
         info.st_size > 0 && ::pread(file.get(), &last, 1, info.st_size - 1) == 1 && last != '\n';
}

}  // namespace

void FileStreamSinkTask::start(const Properties& config, SinkTaskContext& context) {
  options_ = SinkOptions::def().parse(config);
  context_ = &context;
  if (options_.file && options_.file->empty()) options_.file.reset();
  output_ = options_.file ? open_for_append(*options_.file) : Descriptor(STDOUT_FILENO);
  inside_a_line_ = options_.file && ends_inside_a_line(*options_.file);
}

void FileStreamSinkTask::stop() noexcept {
  output_.reset();
}

void FileStreamSinkTask::put(RecordBatch& batch, std::stop_token) {
  flush({});
  for (const Record& record : batch.records()) {
    if (record.state != RowState::Live) continue;
    if (std::exchange(inside_a_line_, false)) buffer_ += '\n';
    const Value& value = record.value.value;
    if (value.type() == Type::String) {
      buffer_ += value.as_string();
    } else {
      append_java_string(buffer_, value);
    }
    buffer_ += '\n';
  }
  // The rows are taken: a failure is for the next put() or commit to report.
  if (const int error = write_out(); error != 0) log(LogLevel::Warn, kLogger, failure(error));
}

void FileStreamSinkTask::flush(const OffsetMap&) {
  const int error = write_out();
  if (error == 0) return;
  context_->timeout(kRetryMs);
  throw RetriableException(failure(error));
}

OffsetMap FileStreamSinkTask::pre_commit(const OffsetMap& current) {
  const int error = write_out();
  if (error == 0) return current;
  // Throwing would rewind to the last commit and write the lines after it a second time.
  log(LogLevel::Error, kLogger, "Not committing offsets: " + failure(error));
  return {};
}

int FileStreamSinkTask::write_out() noexcept {
  while (written_ < buffer_.size()) {
    const ssize_t n = ::write(output_.get(), buffer_.data() + written_, buffer_.size() - written_);
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) written_ += static_cast<size_t>(n);
  }
  buffer_.clear();
  written_ = 0;
  return 0;
}

std::string FileStreamSinkTask::failure(int error) const {
  return "writing to " + options_.file.value_or("standard output") + ": " + std::strerror(error) +
         "; " + std::to_string(buffer_.size() - written_) + " bytes wait until that is possible";
}

}  // namespace millrace::file
