#include "connectors/lakehouse/catalog/catalog.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw ConfigException("table name `" + text + "`: " + why);
}

std::string quoted(const std::string& part) {
  if (part.find_first_of(".`") == std::string::npos) return part;
  std::string text = "`";
  for (char c : part) text.append(c == '`' ? 2 : 1, c);
  return text + '`';
}

/// The part that begins at `at`, which is moved behind it.
std::string take_part(const std::string& text, size_t& at) {
  std::string part;
  if (at >= text.size() || text[at] != '`') {
    while (at < text.size() && text[at] != '.') part += text[at++];
    return part;
  }
  for (++at; at < text.size(); ++at) {
    if (text[at] == '`' && (++at >= text.size() || text[at] != '`')) return part;
    part += text[at];
  }
  refuse(text, "a backquote is not closed");
}

void check_part(const std::string& text, const std::string& part) {
  if (part.empty()) refuse(text, "a part is empty");
  const bool climbs = part == "." || part == "..";
  const bool has_slash = part.find_first_of(std::string("/\\\0", 3)) != std::string::npos;
  if (climbs || has_slash) refuse(text, "a part cannot be `.` or `..`, or have slashes");
}

}  // namespace

std::string TableName::to_string() const {
  std::string text;
  for (const std::string& level : levels) text += quoted(level) + '.';
  return text + quoted(name);
}

void check_table_name(const TableName& table) {
  for (const std::string& level : table.levels) check_part(table.to_string(), level);
  check_part(table.to_string(), table.name);
}

TableName parse_table_name(const std::string& text) {
  TableName table;
  size_t at = 0;
  while (true) {
    std::string part = take_part(text, at);
    if (at == text.size()) {
      table.name = std::move(part);
      check_table_name(table);
      return table;
    }
    if (text[at] != '.') refuse(text, "a dot must follow the closing backquote");
    table.levels.push_back(std::move(part));
    ++at;
  }
}

}  // namespace millrace::lakehouse
