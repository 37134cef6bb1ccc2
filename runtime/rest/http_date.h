#pragma once
// Dates as HTTP headers and the access log write them; UTC, independent of the locale.

#include <cstdint>
#include <string>

namespace millrace::rest {

/// `Fri, 25 Oct 2024 10:00:00 GMT`.
std::string http_date(int64_t epoch_ms);
/// Now; formatted once a second. Control thread only.
const std::string& http_date_now();
/// `25/Oct/2024:10:00:00 +0000`.
std::string access_log_date(int64_t epoch_ms);
/// Milliseconds since the epoch.

}  // namespace millrace::rest
