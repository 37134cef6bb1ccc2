#pragma once
// What the tests of the plugin registry share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "millrace/log.h"
#include "runtime/plugins/registry.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/plugins/modules/test_classes.h"

namespace millrace {

/// What plugins and the registry log, warnings and worse. One at a time.
class CapturedLog {
 public:
  CapturedLog() {
    lines().clear();
    set_log_sink([](LogLevel level, std::string_view, std::string_view message) {
      if (level >= LogLevel::Warn) lines().emplace_back(message);
    });
  }
  ~CapturedLog() { set_log_sink(nullptr); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  static std::vector<std::string>& lines() {
    static std::vector<std::string> kept;
    return kept;
  }
};

class PluginFixture : public testing::Test {
 protected:
  /// A copy of a test module in the test's folder; its path.
  std::string place(const std::string& module, const std::string& as) {
    const auto target = folder_ / as;
    std::filesystem::create_directories(target.parent_path());
    std::filesystem::copy_file(std::filesystem::path(TEST_MODULES) / (module + ".so"), target);
    return target;
  }
  std::vector<std::string> class_names() const {
    std::vector<std::string> names;
    for (const PluginClass* plugin : registry_.all()) names.push_back(plugin->class_name);
    return names;
  }
  static std::string class_of(const PluginClass* plugin) {
    return plugin == nullptr ? "none" : plugin->class_name;
  }
  /// The message of the Error that `call` throws.
  template <class Call>
  static std::string error_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no exception";
  }

  const CapturedLog log_;
  testing_support::TemporaryFolder folder_;
  const std::string path_ = folder_.path();
  PluginRegistry registry_;
};

}  // namespace millrace
