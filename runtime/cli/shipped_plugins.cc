#include "runtime/cli/shipped_plugins.h"

#include <filesystem>

namespace millrace {

std::string shipped_plugins() {
  std::error_code error;
  const auto exe = std::filesystem::read_symlink("/proc/self/exe", error);
  return (exe.parent_path().parent_path() / "plugins").string();
}

}  // namespace millrace
