#pragma once
// The command line of `millrace transform`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Longest line unless `--max-line-bytes` says otherwise: as much as a large message of Kafka.
inline constexpr size_t kDefaultMaxLineBytes = size_t{16} * 1024 * 1024;

struct TransformOptions {
  std::string connector_file;
  std::string worker_file;            // empty: Kafka's sample worker (JsonConverter, schemas)
  std::string input_file;             // empty: standard input
  std::string topic;                  // of rows that do not name theirs; empty: the connector's
  std::optional<int64_t> timestamp;   // of rows that do not have theirs, ms; none: now
  size_t max_line_bytes = kDefaultMaxLineBytes;
  bool records = false;    // lines are records as JSON, not values
  bool json = false;       // results as JSON lines
  bool keep_going = false;  // past errors that fail a task
};

/// Throws ConfigException for what is no option, lacks its value or has a bad one.
TransformOptions parse_transform_options(const std::vector<std::string>& arguments);

}  // namespace millrace
