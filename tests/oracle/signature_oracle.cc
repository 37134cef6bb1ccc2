// For each line `ALGORITHM KEY BODY HEADER` prints the header as this worker signs, and what it
// says of the given one: `true`, `false` or the error.

#include <charconv>
#include <iostream>
#include <sstream>
#include <string>

#include "runtime/herder/internal_request.h"
#include "runtime/worker/request_exception.h"

namespace millrace {
namespace {

std::string from_hex(std::string_view token) {
  std::string bytes;
  for (size_t i = 1; i + 1 < token.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(token.data() + i, token.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::string verdict(const std::string& algorithm, const std::string& key, const std::string& body,
                    const std::string& header) {
  const SessionKey session{key, "HmacSHA256", 0};
  try {
    check_signature(read_signature(&header, &algorithm, body), {algorithm}, &session);
    return "true";
  } catch (const RequestException& e) {
    return e.status() == 403 ? "false" : e.what();
  }
}

int run() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream parts(line);
    std::string algorithm, key, body, header;
    parts >> algorithm >> key >> body;
    std::getline(parts.ignore(1), header);
    key = from_hex(key);
    body = from_hex(body);
    std::cout << signature_header(key, algorithm, body) << '\t'
              << verdict(algorithm, key, body, header) << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace millrace

int main() {
  return millrace::run();
}
