#include "runtime/security/http_post.h"

#include <dlfcn.h>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

constexpr const char* kModule = "libmillrace-http-post.so";  // found by the program's run path
using PostFunction = void (*)(const HttpRequest&, const TlsSettings&, HttpAnswer&);

PostFunction load() {
  void* const module = ::dlopen(kModule, RTLD_NOW | RTLD_LOCAL);
  void* const function = module != nullptr ? ::dlsym(module, "millrace_http_post") : nullptr;
  if (function == nullptr) {
    throw KafkaException(std::string("loading ") + kModule + ": " + ::dlerror() +
                         "; it lies in the worker's lib folder and needs libcurl");
  }
  return reinterpret_cast<PostFunction>(function);
}

}  // namespace

HttpAnswer post(const HttpRequest& request, const TlsSettings& tls) {
  static const PostFunction kPost = load();  // tried again after a failure
  HttpAnswer answer;
  kPost(request, tls, answer);
  return answer;
}

}  // namespace millrace::security
