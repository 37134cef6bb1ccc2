#include "millrace/java_regex.h"

#include <algorithm>
#include <boost/regex.hpp>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "millrace/errors.h"

namespace millrace {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorKind::IllegalArgument, reason);
}

/// Writes a Java pattern in the engine's Perl syntax. What Perl would read differently is
/// translated where that is easy, else refused.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  /// Names of groups and their numbers, complete after translate().
  std::vector<std::pair<std::string, int>> names() && { return std::move(names_); }

  std::string translate() {
    refuse_scoped_case();
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        class_member(c);
      } else if (c == '[') {
        open_class();
      } else {
        if (c == '(') count_group();
        copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  std::string_view ahead(size_t count) const { return pattern_.substr(at_, count); }
  void copy(size_t count) {
    out_ += ahead(count);
    at_ += std::min(count, pattern_.size() - at_);
  }
  [[noreturn]] void refuse_here(const std::string& what) const {
    refuse(what + " near index " + std::to_string(at_) + " of " + std::string(pattern_));
  }

  /// Numbers the groups and notes their names, to which replacement texts refer.
  void count_group() {
    if (ahead(2) != "(?") {
      ++groups_;
      return;
    }
    const std::string_view name = pattern_.substr(std::min(at_ + 3, pattern_.size()));
    if (ahead(3) != "(?<" || name.empty() || name[0] == '=' || name[0] == '!') return;
    std::string group(name.substr(0, name.find('>')));
    for (const auto& [known, number] : names_) {
      if (known == group) refuse_here("Named capturing group <" + group + "> is already defined");
    }
    names_.emplace_back(std::move(group), ++groups_);
  }

  void open_class() {
    in_class_ = true;
    copy(ahead(2) == "[^" ? 2 : 1);
    // Java takes a `]` that comes first as a member, as Perl does.
    if (ahead(1) == "]") copy(1);
  }

  void class_member(char c) {
    // Ordinary characters to Perl, union and intersection to Java.
    if (c == '[' || ahead(2) == "&&") {
      refuse_here("character classes within character classes are not supported");
    }
    if (c == ']') in_class_ = false;
    copy(1);
  }

  void escape() {
    if (at_ + 1 == pattern_.size()) refuse_here("Unexpected internal error");
    const char c = pattern_[at_ + 1];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == 'Q') return quotation();
    if (c == 'u') return unicode();
    if (c == 'p' || c == 'P') return property();
    // Letters that are an escape of Java; Perl has more, with other meanings.
    constexpr std::string_view kLetters = "tnrfaecxdDhHsSvVwWbBAGZzRXk";
    if (letter && kLetters.find(c) == std::string_view::npos) {
      refuse_here("Illegal/unsupported escape sequence");
    }
    // A quoted sign is itself in Java; to this engine `\<` and the like are anchors.
    constexpr std::string_view kAnchors = "<>`'";
    if (kAnchors.find(c) == std::string_view::npos) return copy(2);
    at_ += 1;
    copy(1);
  }

  /// `\Q...\E`; without its end it reaches to the end of the pattern.
  void quotation() {
    if (in_class_) refuse_here("quotation within a character class is not supported");
    const size_t end = pattern_.find("\\E", at_ + 2);
    const std::string_view text = pattern_.substr(at_ + 2, end - at_ - 2);
    at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
    for (const char c : text) {
      constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}";
      if (kSpecial.find(c) != std::string_view::npos) out_ += '\\';
      out_ += c;
    }
  }

  void unicode() {
    const std::string_view digits = pattern_.substr(at_ + 2).substr(0, 4);
    unsigned code = 0;
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, code, 16);
    if (error != std::errc() || digits.size() != 4 || end != last) {
      refuse_here("Illegal Unicode escape sequence");
    }
    if (code >= 0x80) {
      refuse_here("\\u escapes above \\u007F are not supported, write the character itself,");
    }
    out_ += "\\x";
    out_ += digits.substr(2);
    at_ += 6;
  }

  bool has_case_flag() const { return pattern_.starts_with("(?i"); }

  /// The engine forgets where the flag `i` ends when it goes back into a repeated group.
  void refuse_scoped_case() {
    for (at_ = pattern_.find("(?"); at_ != std::string_view::npos;
         at_ = pattern_.find("(?", at_ + 1)) {
      const size_t end = pattern_.find_first_not_of("idmsuxU-", at_ + 2);
      const std::string_view flags = pattern_.substr(at_ + 2, end - at_ - 2);
      const bool for_all = at_ == 0 && pattern_.substr(0, 4) == "(?i)";
      if (flags.find('i') != std::string_view::npos && !for_all) {
        refuse_here("the flag i is only supported as (?i) at the start of a pattern,");
      }
    }
    at_ = 0;
  }

  /// The classes of ASCII characters. Others, such as `\p{L}`, need whole characters, not bytes.
  void property() {
    constexpr std::string_view kNames[] = {"Lower", "Upper", "Alpha", "Digit", "Alnum",  "Punct",
                                           "Graph", "Print", "Blank", "Cntrl", "XDigit", "Space"};
    const size_t end = pattern_.find('}', at_);
    std::string_view name;
    if (ahead(3).ends_with('{') && end != std::string_view::npos) {
      name = pattern_.substr(at_ + 3, end - at_ - 3);
    }
    if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) {
      refuse_here("Unknown or unsupported character property");
    }
    // With case ignored the engine takes any letter for these, Java does not.
    if ((name == "Lower" || name == "Upper") && has_case_flag()) {
      refuse_here("\\p{Lower} and \\p{Upper} are not supported together with (?i)");
    }
    std::string posix = pattern_[at_ + 1] == 'P' ? "[:^" : "[:";
    for (const char c : name) posix += static_cast<char>(c | 0x20);  // lower case
    posix += ":]";
    out_ += in_class_ ? posix : "[" + posix + "]";
    at_ = end + 1;
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool in_class_ = false;
  int groups_ = 0;
  std::vector<std::pair<std::string, int>> names_;
  std::string out_;
};

}  // namespace

struct JavaRegex::Compiled {
  boost::regex expression;
  std::vector<std::pair<std::string, int>> names;
};

JavaRegex::JavaRegex(std::string_view pattern) {
  Translator translator(pattern);
  const std::string perl = translator.translate();
  // As in Java, `.` does not match a line end and `^`, `$` are the ends of the text.
  constexpr auto kSyntax = boost::regex::perl | boost::regex::no_mod_m | boost::regex::no_mod_s;
  try {
    compiled_ = std::make_shared<const Compiled>(
        Compiled{boost::regex(perl, kSyntax), std::move(translator).names()});
  } catch (const boost::regex_error& error) {
    refuse(error.what());
  }
}

namespace {

[[noreturn]] void too_hard(std::string_view text, const boost::regex& expression,
                           const std::runtime_error& error) {
  throw ConnectException("matching '" + std::string(text) + "' with the pattern '" +
                         expression.str() + "': " + error.what());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Writes a replacement text with the groups of a match (Matcher.appendReplacement).
class Replacement {
 public:
  Replacement(const boost::cmatch& match, const std::vector<std::pair<std::string, int>>& names,
              std::string& out)
      : match_(match), names_(names), out_(out) {}

  void append(std::string_view text) {
    for (text_ = text, at_ = 0; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '\\') {
        if (at_ == text_.size()) refuse("character to be escaped is missing");
        out_ += text_[at_++];
      } else if (c == '$') {
        reference();
      } else {
        out_ += c;
      }
    }
  }

 private:
  void reference() {
    if (at_ == text_.size()) refuse("Illegal group reference: group index is missing");
    if (text_[at_] == '{') return named();
    if (!is_digit(text_[at_])) refuse("Illegal group reference");
    const int groups = static_cast<int>(match_.size()) - 1;
    int number = text_[at_++] - '0';
    if (number > groups) {
      throw Error(ErrorKind::IndexOutOfBounds, "No group " + std::to_string(number));
    }
    // Takes as many digits as still name a group.
    while (at_ < text_.size() && is_digit(text_[at_]) &&
           number * 10 + (text_[at_] - '0') <= groups) {
      number = number * 10 + (text_[at_++] - '0');
    }
    append_group(number);
  }

  void named() {
    const size_t from = ++at_;
    while (at_ < text_.size() && (is_digit(text_[at_]) || is_letter(text_[at_]))) ++at_;
    const std::string name(text_.substr(from, at_ - from));
    if (name.empty()) refuse("named capturing group is missing trailing '}'");
    if (at_ == text_.size() || text_[at_] != '}') {
      refuse("named capturing group is missing trailing '}'");
    }
    if (is_digit(name[0])) {
      refuse("capturing group name {" + name + "} starts with digit character");
    }
    ++at_;
    for (const auto& [known, number] : names_) {
      if (known == name) return append_group(number);
    }
    refuse("No group with name {" + name + "}");
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  void append_group(int number) {
    const auto& group = match_[number];
    if (group.matched) out_.append(group.first, group.second);
  }

  const boost::cmatch& match_;
  const std::vector<std::pair<std::string, int>>& names_;
  std::string& out_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool JavaRegex::matches(std::string_view text) const {
  try {
    return boost::regex_match(text.data(), text.data() + text.size(), compiled_->expression);
  } catch (const std::runtime_error& error) {
    too_hard(text, compiled_->expression, error);
  }
}

std::string JavaRegex::replace_first(std::string_view text, std::string_view replacement) const {
  boost::cmatch match;
  try {
    if (!boost::regex_search(text.data(), text.data() + text.size(), match,
                             compiled_->expression)) {
      return std::string(text);
    }
  } catch (const std::runtime_error& error) {
    too_hard(text, compiled_->expression, error);
  }
  std::string out(text.data(), match[0].first);
  Replacement(match, compiled_->names, out).append(replacement);
  out.append(match[0].second, text.data() + text.size());
  return out;
}

}  // namespace millrace
