#include "connectors/file/file_source_task.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "connectors/file/line_splitter.h"
#include "millrace/errors.h"
#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::file {
namespace {

constexpr std::string_view kLogger = "org.apache.kafka.connect.file.FileStreamSourceTask";
constexpr size_t kInitialBuffer = size_t{256} * 1024;
constexpr size_t kMaxLine = size_t{1} << 30U;  // a longer line cannot be a record
constexpr auto kIdleWait = std::chrono::seconds(1);  // as Java between two looks
constexpr int kStdinSliceMs = 100;

void wait_a_second(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, kIdleWait, [] { return false; });
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Value single_entry_map(Arena& arena, const char* key, Value value) {
  const auto entries = arena.make_array<MapEntry>(1);
  entries[0] = {Value::string(key), value};
  return Value::map(entries);
}

}  // namespace

FileStreamSourceTask::~FileStreamSourceTask() { stop(); }

void FileStreamSourceTask::start(const Properties& config, SourceTaskContext& context) {
  options_ = SourceOptions::def().parse(config);
  if (options_.file && options_.file->empty()) options_.file.reset();
  context_ = &context;
  capacity_ = kInitialBuffer;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  if (!options_.file) fd_ = STDIN_FILENO;
}

void FileStreamSourceTask::stop() noexcept {
  if (fd_ > STDIN_FILENO) ::close(fd_);
  fd_ = -1;
}

bool FileStreamSourceTask::open() {
  if (fd_ >= 0) return true;
  fd_ = ::open(options_.file->c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    if (errno != ENOENT) {
      throw ConnectException("opening " + *options_.file + ": " + std::strerror(errno));
    }
    log(LogLevel::Warn, kLogger,
        "Couldn't find file " + *options_.file +
            " for FileStreamSourceTask, sleeping to wait for it to be created");
    return false;
  }
  seek_to_stored_offset();
  log(LogLevel::Debug, kLogger, "Opened " + *options_.file + " for reading");
  return true;
}

void FileStreamSourceTask::seek_to_stored_offset() {
  Arena arena;
  const Value partition = single_entry_map(arena, kFilenameField, Value::string(*options_.file));
  const Value offset = context_->offset_storage_reader().offset(partition, arena);
  if (offset.type() != Type::Map) return;
  for (const MapEntry& entry : offset.as_map()) {
    if (entry.key.as_string() != kPositionField || entry.value.is_null()) continue;
    if (entry.value.type() != Type::Int64) {
      throw ConnectException("Offset position is the incorrect type");
    }
    position_ = entry.value.as_int();
  }
  struct stat info {};
  if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < position_) {
    log(LogLevel::Error, kLogger,
        "File " + *options_.file + " has " + std::to_string(info.st_size) +
            " bytes but the stored position is " + std::to_string(position_) +
            ": it was truncated or replaced. Waiting for it to grow past that; to read it from the "
            "start, stop the connector and reset its offsets");
  }
  if (::lseek(fd_, position_, SEEK_SET) < 0) {
    throw ConnectException("seeking in " + *options_.file + ": " + std::strerror(errno));
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
    throw ConnectException("reading " + options_.file.value_or("standard input") + " at position " +
                           std::to_string(position_) + ": a line is longer than " +
                           std::to_string(kMaxLine) + " bytes");
  }
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_ * 2);
  std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ *= 2;
}

bool FileStreamSourceTask::fill(std::stop_token stop) {
  if (fd_ == STDIN_FILENO) {
    pollfd ready{fd_, POLLIN, 0};
    // Short slices, so that a stop is noticed while nobody types.
    if (stop.stop_requested() || ::poll(&ready, 1, kStdinSliceMs) <= 0) return false;
  }
  make_room();
  const ssize_t n = ::read(fd_, buffer_.get() + end_, capacity_ - end_);
  if (n < 0 && errno != EINTR && errno != EAGAIN) {
    throw ConnectException("reading " + options_.file.value_or("standard input") + ": " +
                           std::strerror(errno));
  }
  if (n <= 0) return false;
  end_ += static_cast<size_t>(n);
  return true;
}

void FileStreamSourceTask::poll(RecordBatch& out, std::stop_token stop) {
  const auto rows = static_cast<uint32_t>(std::max(options_.batch_size, 1));
  out.set_limit(rows);
  if (!open()) return wait_a_second(stop);
  // Leftover lines first; then what a read brings, until the batch is full or the file is.
  add_lines(out);
  while (out.empty() && fill(stop)) add_lines(out);
  if (out.empty()) wait_a_second(stop);
}

void FileStreamSourceTask::add_lines(RecordBatch& out) {
  if (begin_ == end_) return;
  const std::string_view all = unread();
  // One copy per batch instead of one per record: the records point into it.
  std::string_view rest = all;
  std::string_view stable;
  size_t taken = 0;
  uint32_t lines = out.size();
  while (lines < out.limit()) {
    const auto line = first_line(rest);
    if (!line) break;
    taken += line->consumed;
    rest.remove_prefix(line->consumed);
    ++lines;
  }
  if (taken == 0) return;
  stable = out.arena().copy(all.substr(0, taken));
  Arena& arena = out.arena();
  const Value partition = single_entry_map(
      arena, kFilenameField, options_.file ? Value::string(arena.copy(*options_.file)) : Value());
  while (!stable.empty()) {
    // A return at the very end of the copy was complete in the buffer.
    auto line = first_line(stable);
    if (!line) line = Line{stable.substr(0, stable.size() - 1), stable.size()};
    stable.remove_prefix(line->consumed);
    position_ += static_cast<int64_t>(line->consumed);
    begin_ += line->consumed;
    add_record(out, line->text, partition);
  }
}

void FileStreamSourceTask::add_record(RecordBatch& out, std::string_view line,
                                      const Value& partition) {
  Arena& arena = out.arena();
  const bool first = out.empty();
  const int64_t timestamp = first ? now_ms() : out[out.size() - 1].timestamp;
  const std::string_view topic = first ? arena.copy(options_.topic) : out[out.size() - 1].topic;
  Record& record = out.add();
  record.topic = topic;
  record.timestamp = timestamp;
  record.source_partition = partition;
  record.source_offset = single_entry_map(
      arena, kPositionField, options_.file ? Value::int64(position_) : Value());
  record.value.schema = primitive_schema(Type::String).get();
  record.value.value = Value::string(valid_utf8(line, arena));
}

}  // namespace millrace::file
