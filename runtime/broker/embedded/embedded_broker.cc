#include "runtime/broker/embedded/embedded_broker.h"

#include <dlfcn.h>

#include <filesystem>

namespace millrace::embedded {

std::unique_ptr<Broker> open_embedded_broker(const Properties& worker) {
  std::error_code error;
  const auto exe = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto library = exe.parent_path().parent_path() / "lib" / kLibraryName;
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw ConnectException("loading the embedded log: " + std::string(::dlerror()));
  }
  const auto open = reinterpret_cast<OpenFunction>(::dlsym(handle, kOpenSymbol));
  if (open == nullptr) {
    throw ConnectException("loading the embedded log: " + library.string() + " is not one");
  }
  ErrorKind kind = ErrorKind::Connect;
  std::string reason;
  std::unique_ptr<Broker> broker(open(worker, kind, reason));
  if (!broker && kind == ErrorKind::Config) throw ConfigException(reason);
  if (!broker) throw ConnectException("opening the embedded log: " + reason);
  return broker;
}

}  // namespace millrace::embedded
