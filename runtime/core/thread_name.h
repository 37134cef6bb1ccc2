#pragma once
// Names for threads, as `top -H`, gdb and perf show them.

#include <pthread.h>

#include <string>

namespace millrace {

/// Names the calling thread; the system keeps the first 15 bytes.
inline void set_thread_name(const std::string& name) noexcept {
  constexpr size_t kLimit = 15;
  pthread_setname_np(pthread_self(), name.substr(0, kLimit).c_str());
}

}  // namespace millrace
