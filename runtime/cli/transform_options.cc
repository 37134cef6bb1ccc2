#include "runtime/cli/transform_options.h"

#include <charconv>

#include "millrace/errors.h"

namespace millrace {
namespace {

int64_t parse_number(const std::string& option, const std::string& text, int64_t least) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < least) {
    throw ConfigException(option + " takes a number of at least " + std::to_string(least) +
                          ", not \"" + text + "\"");
  }
  return number;
}

/// True when `argument` is an option with a value, which is then stored.
bool take_value(const std::string& argument, const std::string* value, TransformOptions& options) {
  std::string* text = argument == "--worker"  ? &options.worker_file
                      : argument == "--input" ? &options.input_file
                      : argument == "--topic" ? &options.topic
                                              : nullptr;
  if (text == nullptr && argument != "--timestamp" && argument != "--max-line-bytes") return false;
  if (value == nullptr) throw ConfigException(argument + " needs a value");
  if (text != nullptr) {
    *text = *value;
  } else if (argument == "--timestamp") {
    options.timestamp = parse_number(argument, *value, 0);
  } else {
    options.max_line_bytes = static_cast<size_t>(parse_number(argument, *value, 1));
  }
  return true;
}

bool take_flag(const std::string& argument, TransformOptions& options) {
  bool* flag = argument == "--records"    ? &options.records
               : argument == "--json"     ? &options.json
               : argument == "--continue" ? &options.keep_going
                                          : nullptr;
  if (flag == nullptr) return false;
  *flag = true;
  return true;
}

}  // namespace

TransformOptions parse_transform_options(const std::vector<std::string>& arguments) {
  TransformOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (take_flag(argument, options)) continue;
    if (take_value(argument, i + 1 < arguments.size() ? &arguments[i + 1] : nullptr, options)) {
      ++i;
    } else if (argument.starts_with("-")) {
      throw ConfigException("no option " + argument);
    } else if (!options.connector_file.empty()) {
      throw ConfigException("one connector configuration, not also " + argument);
    } else {
      options.connector_file = argument;
    }
  }
  if (options.connector_file.empty()) throw ConfigException("which connector configuration?");
  if (options.input_file == "-") options.input_file.clear();
  return options;
}

}  // namespace millrace
