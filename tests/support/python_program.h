#pragma once
// Asks Python programs that read tables; the interpreter has the packages of
// tests/support/python/requirements.txt.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

#ifndef MILLRACE_TEST_PYTHON
#error "the test's CMakeLists.txt defines MILLRACE_TEST_PYTHON"
#endif

namespace millrace::testing_support {

/// What `script` prints for `arguments`. A failure of the program fails the test.
inline std::string run_python(const std::string& script,
                              const std::vector<std::string>& arguments) {
  EXPECT_TRUE(std::filesystem::exists(MILLRACE_TEST_PYTHON)) << "run scripts/setup --test first";
  const TemporaryFolder folder;
  const auto quoted = [](const std::string& text) { return "'" + text + "' "; };
  std::string command = quoted(MILLRACE_TEST_PYTHON) + quoted(script);
  for (const std::string& argument : arguments) command += quoted(argument);
  command += "> " + quoted((folder / "out").string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return read_text(folder / "out");
}

}  // namespace millrace::testing_support
