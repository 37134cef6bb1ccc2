#include <algorithm>
#include <array>
#include <cctype>

#include "millrace/errors.h"
#include "runtime/broker/kafka/client_translator.h"

namespace millrace::kafka {
namespace {

/// Words, quoted strings and the characters `=` and `;`, as java.io.StreamTokenizer cuts them.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  /// Empty at the end. `quoted` tells a quoted word from a bare one.
  std::string next(bool* quoted = nullptr) {
    skip();
    if (quoted != nullptr) *quoted = false;
    if (rest_.empty()) return {};
    const char c = rest_.front();
    if (c == '=' || c == ';') {
      rest_.remove_prefix(1);
      return {c};
    }
    if (c == '"' || c == '\'') {
      if (quoted != nullptr) *quoted = true;
      return read_quoted(c);
    }
    std::string word;
    while (!rest_.empty() && !std::isspace(static_cast<unsigned char>(rest_.front())) &&
           rest_.front() != '=' && rest_.front() != ';' && rest_.front() != '"' &&
           rest_.front() != '\'') {
      word += rest_.front();
      rest_.remove_prefix(1);
    }
    return word;
  }

 private:
  void skip() {
    while (!rest_.empty()) {
      if (std::isspace(static_cast<unsigned char>(rest_.front()))) {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("//")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string read_quoted(char quote) {
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote && rest_.front() != '\n') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) c = read_escape();
      text += c;
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  char read_escape() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'a': return '\a';
      case 'v': return '\v';
      default: break;
    }
    if (c < '0' || c > '7') return c;
    int code = c - '0';  // up to three octal digits, at most 0377
    for (int i = 0; i < 2 && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '7' &&
                    code * 8 + rest_.front() - '0' <= 0377;
         ++i) {
      code = code * 8 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return static_cast<char>(code);
  }

  std::string_view rest_;
};

}  // namespace

JaasEntry parse_jaas(std::string_view text) {
  const std::string where = "reading sasl.jaas.config: ";
  Tokens tokens(text);
  JaasEntry entry;
  entry.module = tokens.next();
  if (entry.module.empty()) throw ConfigException(where + "it is empty");
  static constexpr std::array<std::string_view, 4> kFlags = {"required", "requisite",
                                                             "sufficient", "optional"};
  const std::string flag = to_lower(tokens.next());
  if (std::find(kFlags.begin(), kFlags.end(), flag) == kFlags.end()) {
    throw ConfigException(where + "after " + entry.module +
                          " a control flag such as `required` must follow");
  }
  while (true) {
    bool quoted = false;
    const std::string key = tokens.next(&quoted);
    if (key.empty() && !quoted) {
      entry.terminated = false;  // leniency is harmless
      return entry;
    }
    if (key == ";" && !quoted) break;
    if (tokens.next() != "=") throw ConfigException(where + "`=` must follow option " + key);
    const std::string value = tokens.next(&quoted);
    if (!quoted && (value.empty() || value == ";" || value == "=")) {
      throw ConfigException(where + "value not specified for key '" + key + "'");
    }
    entry.options.insert_or_assign(key, value);
  }
  if (!tokens.next().empty()) {
    throw ConfigException(where + "it must hold exactly one login module");
  }
  return entry;
}

}  // namespace millrace::kafka
