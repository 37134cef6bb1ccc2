#include "runtime/cli/replay_letter.h"

#include <algorithm>
#include <array>

#include "millrace/text.h"

namespace millrace {
namespace {

constexpr std::string_view kErrors = "__connect.errors.";
constexpr std::string_view kSourceErrors = "__millrace.errors.";
constexpr std::array<std::string_view, 3> kOfFailures = {kErrors, kSourceErrors, "fs."};
constexpr std::string_view kIfNewer = "upsertIfNewer";

bool is_of_failure(std::string_view key) {
  return std::any_of(kOfFailures.begin(), kOfFailures.end(),
                     [key](std::string_view prefix) { return key.starts_with(prefix); });
}

std::string_view text_of(const Header& header) {
  return header.wire.is_null() ? std::string_view() : header.wire.text();
}

}  // namespace

LetterOrigin origin_of(const Record& letter) {
  LetterOrigin origin;
  for (const Header& header : letter.header_span()) {
    origin.of_source = origin.of_source || header.key.starts_with(kSourceErrors);
    if (!header.key.starts_with(kErrors)) continue;
    const std::string_view name = header.key.substr(kErrors.size());
    const std::string_view text = text_of(header);
    if (name == "topic") origin.topic = text;
    if (name == "partition") origin.partition = whole_number<int32_t>(text).value_or(kNoPartition);
    if (name == "offset") origin.offset = whole_number<int64_t>(text).value_or(-1);
    if (name == "connector.name") origin.connector = text;
    if (name == "exception.message") origin.message = text;
  }
  return origin;
}

bool is_chosen(const Record& letter, const LetterOrigin& origin, const ReplayOptions& options) {
  const auto one_of = [](const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!one_of(options.topics, origin.topic) || !one_of(options.connectors, origin.connector)) {
    return false;
  }
  return std::all_of(options.headers.begin(), options.headers.end(), [&](const auto& wanted) {
    const auto headers = letter.header_span();
    return std::any_of(headers.begin(), headers.end(), [&wanted](const Header& header) {
      return header.key == wanted.first && text_of(header) == wanted.second;
    });
  });
}

void restore(Record& letter, const LetterOrigin& origin, int32_t partitions, bool if_newer,
             Arena& arena) {
  const auto kept = arena.make_array<Header>(letter.header_count + 1);
  uint32_t count = 0;
  for (const Header& header : letter.header_span()) {
    if (is_of_failure(header.key) || (if_newer && header.key == kIfNewer)) continue;
    kept[count++] = header;
  }
  if (if_newer) kept[count++] = Header{kIfNewer, {}, WireBytes::of(std::string_view("1"))};
  letter.topic = origin.topic;
  letter.partition = origin.partition < partitions ? origin.partition : kNoPartition;
  letter.headers = kept.data();
  letter.header_count = count;
}

}  // namespace millrace
