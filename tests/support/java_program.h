#pragma once
// Asks a JDK: runs a Java source file with lines of text in and out.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace millrace::testing_support {

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<uint8_t>(c) >> 4U];
    out += kDigits[static_cast<uint8_t>(c) & 15U];
  }
  return out;
}

/// The lines that `source` prints for `arguments` (as a shell takes them) and `input`. A failure
/// of the program fails the test.
inline std::vector<std::string> run_java(const std::string& source, const std::string& arguments,
                                         const std::vector<std::string>& input = {}) {
  const TemporaryFolder folder;
  const auto quoted = [&folder](const char* name) { return "'" + (folder / name).string() + "'"; };
  std::string text;
  for (const std::string& line : input) text += line + '\n';
  write_text(folder / "in", text);
  const std::string command = "java -Xshare:auto -XX:TieredStopAtLevel=1 '" + source + "' " +
                              arguments + " < " + quoted("in") + " > " + quoted("out");
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::istringstream out(read_text(folder / "out"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(out, line);) lines.push_back(line);
  return lines;
}

}  // namespace millrace::testing_support
