// Runs a target on its committed corpus and on every input that once broke it, without a fuzzer.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz.h"

namespace {

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << "reading " << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Aborts at an input that breaks the target, which is named before.
size_t replay(const std::filesystem::path& folder) {
  size_t count = 0;
  if (!std::filesystem::exists(folder)) return count;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string bytes = read_bytes(file.path());
    std::printf("%s\n", file.path().filename().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    ++count;
  }
  return count;
}

TEST(FuzzReplay, EmptyInput) { LLVMFuzzerTestOneInput(nullptr, 0); }

TEST(FuzzReplay, Corpus) {
  EXPECT_GT(replay(MILLRACE_FUZZ_FOLDER "/corpus/" MILLRACE_FUZZ_TARGET), 0U);
}

TEST(FuzzReplay, Regressions) {
  replay(MILLRACE_FUZZ_FOLDER "/regressions/" MILLRACE_FUZZ_TARGET);
}

}  // namespace
