#include "millrace/text.h"
#include "runtime/core/values_detail.h"

namespace millrace::detail {
namespace {

bool is_delimiter(char c) noexcept {
  return std::string_view(":,{}[]\"").find(c) != std::string_view::npos;
}

}  // namespace

void ValueTokens::rewind(size_t mark) noexcept {
  at_ = mark;
  looked_at_ = false;
}

std::string_view ValueTokens::next() noexcept {
  if (!looked_at_) token_ = cut();
  looked_at_ = false;
  return token_;
}

bool ValueTokens::consume(std::string_view wanted, bool trimmed) noexcept {
  if (!has_next()) return false;
  if (!looked_at_) token_ = cut();
  looked_at_ = true;
  while (trimmed && at_ < text_.size() && java_trim(token_).empty()) token_ = cut();
  if ((trimmed ? java_trim(token_) : token_) != wanted) return false;
  looked_at_ = false;
  return true;
}

std::string_view ValueTokens::cut() noexcept {
  const size_t start = at_;
  bool escaped = false;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\\') {
      escaped = !escaped;
      continue;
    }
    if (is_delimiter(c) && !escaped) {
      if (at_ == start) ++at_;
      break;
    }
    escaped = false;
  }
  return text_.substr(start, at_ - start);
}

}  // namespace millrace::detail
