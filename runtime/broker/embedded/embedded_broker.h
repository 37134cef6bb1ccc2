#pragma once
// A durable log in this process instead of a Kafka cluster. Its code is a shared object of its own,
// loaded on first use, so that workers with a cluster carry neither its memory nor its start-up.

#include <memory>

#include "runtime/broker/broker.h"

namespace millrace::embedded {

/// Opens the log of `embedded.log.dir`. Throws ConfigException for a setting, else
/// ConnectException, e.g. when another process has the folder open, or when it is foreign or
/// damaged.
std::unique_ptr<Broker> open_embedded_broker(const Properties& worker);

/// Entry point of millrace-embedded.so. On failure null, with kind and reason.
using OpenFunction = Broker* (*)(const Properties& worker, ErrorKind& kind, std::string& error);
inline constexpr const char* kOpenSymbol = "millrace_open_embedded_log";
inline constexpr const char* kLibraryName = "millrace-embedded.so";

}  // namespace millrace::embedded
