#pragma once
// Text notation of schemas, values and bytes that both sides of the oracle read and write
// (README.md beside this file).

#include <optional>
#include <string>
#include <string_view>

#include "millrace/record.h"

namespace millrace::oracle {

/// `x` and hexadecimal digits.
std::string to_hex(std::string_view bytes);
/// nullopt for `-`.
std::optional<std::string> from_hex(std::string_view hex);
/// The same where nothing is as good as no bytes.
inline std::string bytes_of(std::string_view hex) { return from_hex(hex).value_or(""); }

void dump(std::string& out, const Schema* schema);
void dump(std::string& out, const Value& value);

/// Reads schema and value from space-separated tokens. Throws std::runtime_error when malformed.
class Reader {
 public:
  Reader(std::string_view text, Arena& arena) : rest_(text), arena_(arena) {}
  SchemaPtr schema();
  Value value(const Schema* schema);
  std::string_view next();
  int64_t number();
  std::optional<std::string> text() { return from_hex(next()); }

 private:
  std::string_view peek() const;
  SchemaBuilder start(std::string_view type);
  Value structure(const Schema* own);

  std::string_view rest_;
  Arena& arena_;
  std::vector<SchemaPtr> kept_;
};

}  // namespace millrace::oracle
