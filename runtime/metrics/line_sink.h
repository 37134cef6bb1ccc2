#pragma once
// The one sink of the log: Kafka's line format, whole lines, standard output.

#include <spdlog/sinks/base_sink.h>

#include <ctime>
#include <functional>
#include <mutex>
#include <string_view>

namespace millrace::logging {

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Null: standard output.
  void set_writer(std::function<void(std::string_view)> writer);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void append_time(spdlog::log_clock::time_point time);

  std::function<void(std::string_view)> writer_;
  spdlog::memory_buf_t line_;
  std::time_t second_ = -1;  // of date_text_: breaking down local time costs more than the rest
  char date_text_[32] = {};
  size_t date_size_ = 0;
};

}  // namespace millrace::logging
