#include "connectors/file/file_source_task.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/source_support.h"
#include "millrace/text.h"

namespace millrace::file {
namespace {

constexpr std::string_view kLogger = "org.apache.kafka.connect.file.FileStreamSourceTask";
constexpr size_t kInitialBuffer = size_t{256} * 1024;
constexpr size_t kMaxLine = size_t{1} << 30U;        // a longer line cannot be a record
constexpr auto kIdleWait = std::chrono::seconds(1);  // as Java between two looks
constexpr int kStreamSliceMs = 100;
constexpr int kStreamSlices = 10;

}  // namespace

void FileStreamSourceTask::start(const Properties& config, SourceTaskContext& context) {
  options_ = SourceOptions::def().parse(config);
  if (options_.file && options_.file->empty()) options_.file.reset();
  context_ = &context;
  capacity_ = kInitialBuffer;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  if (!options_.file) {
    input_ = Descriptor(STDIN_FILENO);
    is_stream_ = true;
  }
}

void FileStreamSourceTask::stop() noexcept {
  stopped_ = true;
  input_.reset();
}

bool FileStreamSourceTask::open() {
  if (input_.is_open()) return true;
  // Without O_NONBLOCK a named pipe would hold this thread until somebody writes to it.
  Descriptor opened(::open(options_.file->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  int problem = 0;
  if (!opened.is_open() || ::fstat(opened.get(), &info) != 0) {
    problem = errno;
  } else if (S_ISDIR(info.st_mode)) {
    problem = EISDIR;
  }
  if (problem != 0) {
    log(LogLevel::Warn, kLogger,
        "Couldn't find file " + *options_.file +
            " for FileStreamSourceTask, sleeping to wait for it to be created" +
            (problem == ENOENT ? std::string() : std::string(": ") + std::strerror(problem)));
    return false;
  }
  stored_position(opened.get());
  is_stream_ = !S_ISREG(info.st_mode);
  if (!is_stream_ && info.st_size < position_) {
    log(LogLevel::Error, kLogger,
        "File " + *options_.file + " has " + std::to_string(info.st_size) +
            " bytes but the stored position is " + std::to_string(position_) +
            ": it was truncated or replaced. Waiting for it to grow past that; to read it from the "
            "start, stop the connector and reset its offsets");
  }
  input_ = std::move(opened);
  log(LogLevel::Debug, kLogger, "Opened " + *options_.file + " for reading");
  return true;
}

void FileStreamSourceTask::stored_position(int fd) {
  Arena arena;
  const Value partition = single_entry_map(arena, kFilenameField, Value::string(*options_.file));
  const Value offset = context_->offset_storage_reader().offset(partition, arena);
  const Value position = map_field(offset, kPositionField);
  if (!position.is_null() && position.type() != Type::Int64) {
    throw ConnectException("Offset position is the incorrect type");
  }
  position_ = position.is_null() ? 0 : position.as_int();
  if (position_ > 0 && ::lseek(fd, position_, SEEK_SET) < 0) {
    throw ConnectException("seeking to position " + std::to_string(position_) + " in " +
                           *options_.file + ": " + std::strerror(errno));
  }
}

void FileStreamSourceTask::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < capacity_) return;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return;
  }
  if (capacity_ >= kMaxLine) {
    throw ConnectException("reading " + name() + " at position " + std::to_string(position_) +
                           ": a line is longer than " + std::to_string(kMaxLine) + " bytes");
  }
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_ * 2);
  std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ *= 2;
}

bool FileStreamSourceTask::readable_within(int timeout_ms) const noexcept {
  pollfd ready{input_.get(), POLLIN, 0};
  return ::poll(&ready, 1, timeout_ms) > 0;
}

bool FileStreamSourceTask::fill() {
  at_end_ = false;
  if (is_stream_ && !readable_within(0)) return false;
  make_room();
  const ssize_t n = ::read(input_.get(), buffer_.get() + end_, capacity_ - end_);
  if (n < 0 && errno != EINTR && errno != EAGAIN) {
    throw ConnectException("reading " + name() + " at position " + std::to_string(position_) +
                           ": " + std::strerror(errno));
  }
  at_end_ = n == 0;
  if (n <= 0) return false;
  end_ += static_cast<size_t>(n);
  return true;
}

void FileStreamSourceTask::wait_for_more(const std::stop_token& stop) const {
  // A stream at its end is always ready, with nothing.
  if (!is_stream_ || at_end_) return wait_idle(stop, kIdleWait);
  // Short slices, so that a stop is noticed while nobody types.
  for (int slice = 0; slice < kStreamSlices; ++slice) {
    if (stop.stop_requested() || readable_within(kStreamSliceMs)) return;
  }
}

void FileStreamSourceTask::poll(RecordBatch& out, std::stop_token stop) {
  if (stopped_) return;
  out.set_limit(static_cast<uint32_t>(std::max(options_.batch_size, 1)));
  if (!open()) return wait_idle(stop, kIdleWait);
  // Leftover lines first; then what one read brings, or several while a line is longer than that.
  add_lines(out);
  while (out.empty() && fill()) {
    add_lines(out);
    if (stop.stop_requested()) return;
  }
  if (out.empty()) wait_for_more(stop);
}

void FileStreamSourceTask::add_lines(RecordBatch& out) {
  lines_.clear();
  size_t taken = 0;
  LineSplitter splitter(unread(), clean_);
  while (out.size() + lines_.size() < out.limit()) {
    const auto line = splitter.next();
    if (!line) break;
    lines_.push_back(*line);
    taken += line->consumed;
  }
  clean_ = lines_.empty() ? splitter.clean() : 0;
  if (lines_.empty()) return;
  // One copy per batch instead of one per record: the records point into it.
  Arena& arena = out.arena();
  const char* text = arena.copy(unread().substr(0, taken)).data();
  const Value partition = single_entry_map(
      arena, kFilenameField, options_.file ? Value::string(arena.copy(*options_.file)) : Value());
  for (const Line& line : lines_) {
    position_ += static_cast<int64_t>(line.consumed);
    add_record(out, {text, line.text.size()}, partition);
    text += line.consumed;
  }
  begin_ += taken;
}

void FileStreamSourceTask::add_record(RecordBatch& out, std::string_view line,
                                      const Value& partition) {
  Arena& arena = out.arena();
  const bool first = out.empty();
  const int64_t timestamp = first ? wall_clock_ms() : out[out.size() - 1].timestamp;
  const std::string_view topic = first ? arena.copy(options_.topic) : out[out.size() - 1].topic;
  Record& record = out.add();
  record.topic = topic;
  record.timestamp = timestamp;
  record.source_partition = partition;
  record.source_offset =
      single_entry_map(arena, kPositionField, options_.file ? Value::int64(position_) : Value());
  record.value.schema = primitive_schema(Type::String).get();
  record.value.value = Value::string(valid_utf8(line, arena));
}

}  // namespace millrace::file
