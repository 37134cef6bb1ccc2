#pragma once
// Replaces operator new of this program, libraries and plugins included, by one that counts.

#include <cstddef>

namespace millrace {

/// Allocations of this thread since it began.
size_t allocations() noexcept;

}  // namespace millrace
