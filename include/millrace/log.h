#pragma once
// Logging for plugins. Messages go to the worker's log with the connector's context in front.

#include <cstdint>
#include <string_view>

namespace millrace {

enum class LogLevel : uint8_t { Trace, Debug, Info, Warn, Error };

/// `logger` is a dotted name such as `org.apache.kafka.connect.file.FileStreamSourceTask`, whose
/// level REST can change. Any thread. Never throws. Nothing per record above Trace.
void log(LogLevel level, std::string_view logger, std::string_view message) noexcept;

/// Where log() goes: set once by the worker before plugins run; without one, to standard error.
using LogSink = void (*)(LogLevel level, std::string_view logger, std::string_view message);
void set_log_sink(LogSink sink) noexcept;

}  // namespace millrace
