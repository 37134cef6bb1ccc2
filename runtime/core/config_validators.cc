#include <algorithm>
#include <cctype>

#include "millrace/config_def.h"
#include "millrace/java_map_order.h"
#include "millrace/java_regex.h"
#include "millrace/text.h"

namespace millrace {
namespace {

constexpr std::string_view kNonNull = "Value must be non-null";

std::optional<double> number_of(const ConfigValue& value) {
  if (const auto* v = std::get_if<int16_t>(&value)) return *v;
  if (const auto* v = std::get_if<int32_t>(&value)) return *v;
  if (const auto* v = std::get_if<int64_t>(&value)) return static_cast<double>(*v);
  if (const auto* v = std::get_if<double>(&value)) return *v;
  return std::nullopt;
}

template <class Number>
ConfigValidator range(std::optional<Number> minimum, std::optional<Number> maximum) {
  const auto text = [](const std::optional<Number>& bound) {
    return bound ? config_value_text(ConfigValue{*bound}).value() : std::string("...");
  };
  return {[minimum, maximum, text](const ConfigValue& value) -> std::string {
            const auto number = number_of(value);
            if (!number) return std::string(kNonNull);
            if (minimum && *number < static_cast<double>(*minimum)) {
              return "Value must be at least " + text(minimum);
            }
            if (maximum && *number > static_cast<double>(*maximum)) {
              return "Value must be no more than " + text(maximum);
            }
            return {};
          },
          "[" + text(minimum) + (maximum ? ",...," : ",") + text(maximum) + "]"};
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

ConfigValidator at_least(int64_t minimum) {
  return range<int64_t>(minimum, std::nullopt);
}
ConfigValidator between(int64_t minimum, int64_t maximum) {
  return range<int64_t>(minimum, maximum);
}
ConfigValidator between_real(double minimum, double maximum) {
  return range<double>(minimum, maximum);
}

ConfigValidator one_of(std::vector<std::string> allowed) {
  const std::string names = join(allowed, ", ");
  return {
      [allowed = std::move(allowed), names](const ConfigValue& value) -> std::string {
        const auto* text = std::get_if<std::string>(&value);
        if (text != nullptr && std::find(allowed.begin(), allowed.end(), *text) != allowed.end())
          return {};
        return "String must be one of: " + names;
      },
      "[" + names + "]"};
}

ConfigValidator one_of_ignoring_case(std::vector<std::string> allowed) {
  std::vector<MapEntry> set;
  for (std::string& name : allowed) {
    name = upper(std::move(name));
    set.push_back({Value::string(name), Value()});
  }
  arrange_as_java_map(set);  // Kafka lists them in the order of a HashSet
  std::vector<std::string> listed;
  for (const MapEntry& entry : set) listed.emplace_back(entry.key.as_string());
  const std::string names = join(listed, ", ");
  return {[allowed = std::move(allowed), names](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text != nullptr &&
                std::find(allowed.begin(), allowed.end(), upper(*text)) != allowed.end())
              return {};
            return "String must be one of (case insensitive): " + names;
          },
          "(case insensitive) [" + names + "]"};
}

ConfigValidator non_null() {
  return {[](const ConfigValue& value) -> std::string {
            return std::holds_alternative<std::monostate>(value) ? "entry must be non null" : "";
          },
          "non-null string"};
}

ConfigValidator non_empty_string() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            return text != nullptr && text->empty() ? "String must be non-empty" : "";
          },
          "non-empty string"};
}

ConfigValidator non_empty_string_without_control_chars() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) return {};
            if (text->empty()) return "String may not be empty";
            std::string found;
            for (size_t i = 0; i < text->size(); ++i) {
              const auto c = static_cast<unsigned char>((*text)[i]);
              // ISO control characters: C0, DEL and, as two UTF-8 bytes, C1.
              const bool c1 = c == 0xC2 && i + 1 < text->size() &&
                              static_cast<unsigned char>((*text)[i + 1]) < 0xA0;
              if (c >= 0x20 && c != 0x7F && !c1) continue;
              const int code = c1 ? static_cast<unsigned char>((*text)[i + 1]) : c;
              found += (found.empty() ? "" : ", ") + std::to_string(code);
            }
            if (found.empty()) return {};
            return "String may not contain control sequences but had the following ASCII chars: " +
                   found;
          },
          "non-empty string without ISO control characters"};
}

ConfigValidator non_empty_list() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* list = std::get_if<std::vector<std::string>>(&value);
            return list == nullptr || list->empty() ? "Empty list" : "";
          },
          "non-empty list"};
}

ConfigValidator unique_aliases() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* list = std::get_if<std::vector<std::string>>(&value);
            if (list == nullptr) return {};
            std::vector<std::string> sorted = *list;
            std::sort(sorted.begin(), sorted.end());
            const bool repeated = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
            return repeated ? "Duplicate alias provided." : "";
          },
          "unique aliases"};
}

ConfigValidator valid_regex() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) return {};
            try {
              const JavaRegex pattern(*text);
              return {};
            } catch (const Error& error) {
              return "Invalid regex: " + std::string(error.what());
            }
          },
          "valid regex"};
}

}  // namespace millrace
