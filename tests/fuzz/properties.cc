// Properties files in both encodings: what is parsed and written is parsed again to the same.

#include <fmt/format.h>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "millrace/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace millrace;
using fuzz::check;

/// As Properties.store writes: ASCII, the rest as UTF-16 escapes.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const utf8::Decoded decoded = utf8::decode(text);
    check(decoded.valid, "a parsed text is not UTF-8");
    text.remove_prefix(decoded.length);
    const auto code = static_cast<uint32_t>(decoded.code_point);
    if (code >= 0x10000) {
      out += fmt::format("\\u{:04x}\\u{:04X}", 0xD800 + ((code - 0x10000) >> 10U),
                         0xDC00 + ((code - 0x10000) & 0x3FFU));
    } else if (code < 0x20 || code > 0x7E) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      if (std::string_view(" \\=:#!").find(static_cast<char>(code)) != std::string_view::npos) {
        out += '\\';
      }
      out += static_cast<char>(code);
    }
  }
  return out;
}

}  // namespace

/// The first byte chooses the encoding.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const auto encoding = input.flag() ? PropertiesEncoding::Utf8 : PropertiesEncoding::Latin1;
  Properties parsed;
  try {
    parsed = parse_properties(input.rest(), encoding);
  } catch (const ConfigException& error) {
    check(*error.what() != '\0', "a refusal without reason");
    return 0;
  }
  std::string written;
  for (const auto& [key, value] : parsed) written += escaped(key) + "=" + escaped(value) + "\n";
  check(parse_properties(written, encoding) == parsed, "the properties change", written);
  return 0;
}
