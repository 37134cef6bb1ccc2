
#include "connectors/lakehouse/columns/column_batch.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kPrefix = "write.metadata.metrics.";
constexpr int32_t kMaxInferred = 100;

[[noreturn]] void bad_value(const std::string& key, const std::string& value,
                            const char* expected) {
  throw ConfigException("Invalid value " + value + " for the table's property " + key + ": " +
                        expected);
}

/// A number above or equal to `least`; none for other text.
bool parse_number(std::string_view text, int32_t least, int32_t& out) noexcept {
  const auto number = whole_number<int32_t>(text);
  out = number.value_or(out);
  return number && out >= least;
}

ColumnMetricsMode parse_mode(const std::string& key, const std::string& value) {
  std::string text;
  for (char c : value) text.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  if (text == "none") return {MetricsMode::None, 0};
  if (text == "counts") return {MetricsMode::Counts, 0};
  if (text == "full") return {MetricsMode::Full, 0};
  constexpr std::string_view kTruncate = "truncate(";
  int32_t length = 0;
  if (!text.starts_with(kTruncate) || !text.ends_with(')') ||
      !parse_number(std::string_view(text).substr(kTruncate.size(),
                                                  text.size() - kTruncate.size() - 1),
                    1, length)) {
    bad_value(key, value, "none, counts, full or truncate(length)");
  }
  return {MetricsMode::Truncate, length};
}

using Modes = std::map<int32_t, ColumnMetricsMode>;

/// Gives `mode` to leaves while there are some `left`, and none to the others.
void infer(const std::vector<NestedField>& fields, const ColumnMetricsMode& mode, int32_t& left,
           Modes& out) {
  for (const NestedField& field : fields) {
    if (!field.type->is_primitive()) continue;
    out[field.id] = left > 0 ? mode : ColumnMetricsMode{MetricsMode::None, 0};
    --left;
  }
  for (const NestedField& field : fields) infer(field.type->fields, mode, left, out);
}

}  // namespace

std::map<int32_t, ColumnMetricsMode> metrics_modes(
    const TableSchema& schema, const std::map<std::string, std::string>& properties) {
  const auto find = [&](const std::string& name) -> const std::string* {
    const auto at = properties.find(std::string(kPrefix) + name);
    return at == properties.end() ? nullptr : &at->second;
  };
  const std::string limit_name = "max-inferred-column-defaults";
  int32_t left = kMaxInferred;
  const std::string* limit = find(limit_name);
  if (limit != nullptr && !parse_number(*limit, 0, left)) {
    bad_value(std::string(kPrefix) + limit_name, *limit, "a number that is not negative");
  }
  ColumnMetricsMode mode;
  if (const std::string* text = find("default")) {
    mode = parse_mode(std::string(kPrefix) + "default", *text);
    left = INT32_MAX;  // what is asked for is not limited
  }
  Modes modes;
  infer(schema.fields, mode, left, modes);
  for (auto& [id, of_column] : modes) {
    const std::string name = "column." + schema.path_of(id);
    if (const std::string* text = find(name)) {
      of_column = parse_mode(std::string(kPrefix) + name, *text);
    }
  }
  return modes;
}

}  // namespace millrace::lakehouse
