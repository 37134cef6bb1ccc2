#pragma once
// What tests of this folder share.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/temporary_folder.h"

namespace millrace::core_test {

/// A folder that others may enter, so that tests which drop root's privileges reach its files.
class OpenFolder : public testing_support::TemporaryFolder {
 public:
  OpenFolder() { std::filesystem::permissions(path(), std::filesystem::perms(0755)); }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    testing_support::write_text(*this / name, bytes);
    return *this / name;
  }
};

/// Gives up root's right to pass over permissions while in scope.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    constexpr uid_t kNobody = 65534;
    if (was_root_) {
      EXPECT_EQ(seteuid(kNobody), 0);
    }
  }
  ~WithoutPrivileges() {
    if (was_root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  bool was_root_ = geteuid() == 0;
};

/// The message of the exception `run` throws; empty when it throws nothing.
template <class Run>
std::string message_of(Run run) {
  try {
    run();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// A generator of a property test; failures inside the test print its seed.
class Random {
 public:
  Random() : seed_(std::random_device{}()), engine_(seed_), trace_(__FILE__, __LINE__, note()) {}
  std::mt19937& engine() noexcept { return engine_; }
  /// 0 to `below` - 1.
  size_t operator()(size_t below) { return engine_() % below; }
  bool one_in(size_t n) { return (*this)(n) == 0; }

 private:
  std::string note() const { return "seed " + std::to_string(seed_); }
  std::mt19937::result_type seed_;
  std::mt19937 engine_;
  testing::ScopedTrace trace_;
};

}  // namespace millrace::core_test
