#include "runtime/security/jaas.h"

#include <algorithm>
#include <array>
#include <optional>

#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::security {
namespace {

const std::string kWhere = "reading sasl.jaas.config: ";

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool starts_number(char c) { return is_digit(c) || c == '.' || c == '-'; }

struct Token {
  enum class Kind : uint8_t { End, Text, Symbol } kind;
  std::string text;  // of a word or a quoted text
  char symbol = 0;   // a number is a symbol too: Java's parser has no use for it
};

/// Cuts as java.io.StreamTokenizer does with the settings of Kafka's parser, or leniently.
class Tokens {
 public:
  Tokens(std::string_view text, bool lenient) : rest_(text), lenient_(lenient) {}

  Token next() {
    skip();
    if (rest_.empty()) return {Token::Kind::End, {}};
    const char c = rest_.front();
    if (c == '"' || c == '\'') return {Token::Kind::Text, read_quoted(c)};
    if (lenient_) return c == '=' || c == ';' ? read_symbol() : read_until_blank();
    if (starts_number(c)) return read_number();
    return is_word(rest_) ? read_word() : read_symbol();
  }

 private:
  void drop(size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

  void skip() {
    while (!rest_.empty()) {
      if (is_blank(rest_.front())) {
        drop(1);
      } else if (rest_.starts_with("/*")) {
        const size_t end = rest_.find("*/", 2);
        drop(end == std::string_view::npos ? rest_.size() : end + 2);
      } else if (rest_.starts_with("//") || (!lenient_ && rest_.front() == '/')) {
        // One slash is enough for Java, which then does not look at the character behind it.
        drop(rest_.find_first_of("\r\n", 2));
      } else {
        return;
      }
    }
  }

  /// Letters, `_`, `$` and everything from U+00A0 on begin a word.
  static bool is_word(std::string_view text) {
    const char c = text.front();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$') return true;
    constexpr char32_t kFirstLetter = 0xA0;
    return static_cast<unsigned char>(c) >= 0x80 && utf8::decode(text).code_point >= kFirstLetter;
  }

  Token read_symbol() {
    const char c = rest_.front();
    drop(static_cast<unsigned char>(c) < 0x80 ? 1 : utf8::decode(rest_).length);
    return {Token::Kind::Symbol, {}, c};
  }

  Token read_number() {
    if (rest_.front() == '-') {
      drop(1);
      if (rest_.empty() || !(is_digit(rest_.front()) || rest_.front() == '.')) {
        return {Token::Kind::Symbol, {}, '-'};
      }
    }
    bool dot = false;
    while (!rest_.empty() && (is_digit(rest_.front()) || (rest_.front() == '.' && !dot))) {
      dot = dot || rest_.front() == '.';
      drop(1);
    }
    return {Token::Kind::Symbol, {}, '0'};
  }

  Token read_word() {
    Token token{Token::Kind::Text, {}};
    while (!rest_.empty() && (starts_number(rest_.front()) || is_word(rest_))) {
      const size_t length = utf8::decode(rest_).length;
      token.text += rest_.substr(0, length);
      drop(length);
    }
    return token;
  }

  Token read_until_blank() {
    size_t end = 0;
    while (end < rest_.size() && !is_blank(rest_[end]) &&
           std::string_view("=;\"'").find(rest_[end]) == std::string_view::npos) {
      ++end;
    }
    Token token{Token::Kind::Text, std::string(rest_.substr(0, end))};
    drop(end);
    return token;
  }

  std::string read_quoted(char quote) {
    drop(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote && rest_.front() != '\n' &&
           rest_.front() != '\r') {
      const char c = rest_.front();
      drop(1);
      if (c == '\\') read_escape(text);
      else text += c;
    }
    if (!rest_.empty() && rest_.front() == quote) drop(1);
    return text;
  }

  void read_escape(std::string& text) {
    if (rest_.empty()) return;
    const char c = rest_.front();
    drop(1);
    constexpr std::string_view kNames = "abfnrtv";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
    if (const size_t at = kNames.find(c); at != std::string_view::npos) {
      text += kMeanings[at];
      return;
    }
    if (!is_octal(c)) {
      text += c;
      return;
    }
    char32_t code = static_cast<char32_t>(c - '0');  // three digits only up to 0377
    for (int more = c <= '3' ? 2 : 1; more > 0 && !rest_.empty() && is_octal(rest_.front());
         --more) {
      code = code * 8 + static_cast<char32_t>(rest_.front() - '0');
      drop(1);
    }
    utf8::append(text, code);
  }

  std::string_view rest_;
  bool lenient_;
};

bool is_flag(const Token& token) {
  static constexpr std::array<std::string_view, 4> kFlags = {"REQUIRED", "REQUISITE", "SUFFICIENT",
                                                             "OPTIONAL"};
  std::string upper = token.text;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return token.kind == Token::Kind::Text &&
         std::find(kFlags.begin(), kFlags.end(), upper) != kFlags.end();
}

/// Throws ConfigException. An option's name is not shown either: after a missing quote it may be a
/// part of a password.
JaasEntry parse(std::string_view text, bool lenient) {
  Tokens tokens(text, lenient);
  const auto is_symbol = [](const Token& token, char c) {
    return token.kind == Token::Kind::Symbol && token.symbol == c;
  };
  JaasEntry entry;
  const Token module = tokens.next();
  if (module.kind == Token::Kind::End) throw ConfigException(kWhere + "it is empty");
  if (module.text.empty()) throw ConfigException(kWhere + "it must begin with a login module class");
  entry.module = module.text;
  if (!is_flag(tokens.next())) {
    throw ConfigException(kWhere + "after " + entry.module +
                          " a control flag such as `required` must follow");
  }
  Token key = tokens.next();
  for (; key.kind != Token::Kind::End && !is_symbol(key, ';'); key = tokens.next()) {
    if (key.kind != Token::Kind::Text) {
      throw ConfigException(kWhere + "an option name is missing; quote values that hold more than "
                                     "letters and digits");
    }
    if (!is_symbol(tokens.next(), '=')) {
      throw ConfigException(kWhere + "`=` must follow each option's name; quote values that hold "
                                     "blanks");
    }
    Token value = tokens.next();
    if (value.kind != Token::Kind::Text) {
      throw ConfigException(kWhere + "an option has no value; write it as name=\"value\"");
    }
    entry.options.insert_or_assign(key.text, std::move(value.text));
  }
  if (key.kind == Token::Kind::End) {
    if (!lenient) throw ConfigException(kWhere + "it does not end with `;`");
    entry.warnings.emplace_back("sasl.jaas.config does not end with `;`, which Java insists on");
  }
  if (tokens.next().kind != Token::Kind::End) {
    throw ConfigException(kWhere + "it must hold exactly one login module");
  }
  return entry;
}

}  // namespace

JaasEntry parse_jaas(std::string_view text) {
  try {
    return parse(text, false);
  } catch (const ConfigException&) {
    JaasEntry entry = parse(text, true);
    if (entry.warnings.empty()) {
      entry.warnings.emplace_back(
          "sasl.jaas.config has unquoted values that Java refuses; put them in quotes");
    }
    return entry;
  }
}

}  // namespace millrace::security
