#include "runtime/metrics/line_sink.h"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

#include "runtime/metrics/level.h"
#include "runtime/metrics/log.h"

namespace millrace::logging {
namespace {

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

}  // namespace

void LineSink::set_writer(std::function<void(std::string_view)> writer) {
  const std::lock_guard lock(mutex_);
  writer_ = std::move(writer);
}

void LineSink::append_time(spdlog::log_clock::time_point time) {
  using namespace std::chrono;
  const auto since_epoch = duration_cast<milliseconds>(time.time_since_epoch()).count();
  const auto second = static_cast<std::time_t>(since_epoch / 1000);
  if (second != second_) {
    std::tm parts{};
    localtime_r(&second, &parts);
    date_size_ = std::strftime(date_text_, sizeof date_text_, "[%Y-%m-%d %H:%M:%S,", &parts);
    second_ = second;
  }
  append(line_, {date_text_, date_size_});
  fmt::format_to(std::back_inserter(line_), "{:03}] ", since_epoch % 1000);
}

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
  line_.clear();
  append_time(message.time);
  append(line_, line_level_name(message.level));
  line_.push_back(' ');
  append(line_, Context::current());
  append(line_, {message.payload.data(), message.payload.size()});
  append(line_, " (");
  append(line_, {message.logger_name.data(), message.logger_name.size()});
  if (message.source.line > 0) {
    fmt::format_to(std::back_inserter(line_), ":{}", message.source.line);
  }
  append(line_, ")\n");
  if (writer_) {
    writer_({line_.data(), line_.size()});
    return;
  }
  // A log that cannot be written must not stop the worker: failures are ignored.
  static_cast<void>(std::fwrite(line_.data(), 1, line_.size(), stdout));
  static_cast<void>(std::fflush(stdout));
}

void LineSink::flush_() {
  static_cast<void>(std::fflush(stdout));
}

}  // namespace millrace::logging
