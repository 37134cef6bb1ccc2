// For each line `ALGORITHM KEY BODY HEADER` prints the header as this worker signs, and what it
// says of the given one: `true`, `false` or the error.

#include <iostream>
#include <sstream>
#include <string>

#include "runtime/herder/internal_request.h"
#include "runtime/worker/request_exception.h"
#include "tests/oracle/notation.h"

namespace millrace {
namespace {

using oracle::bytes_of;

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
    key = bytes_of(key);
    body = bytes_of(body);
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
