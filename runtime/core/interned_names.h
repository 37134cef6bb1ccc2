#pragma once
// Names of fields that records repeat, kept for the life of the process: values may point to them
// as to static storage, and equal names are found equal by their address.

#include <span>
#include <string_view>

namespace millrace {

/// Bytes of all names together. What does not fit is simply not kept.
inline constexpr size_t kInternedBytes = size_t{128} * 1024;

/// Replaces each of `names` by its kept copy. False, with nothing replaced, when they do not fit.
/// Any thread; takes a lock, so not for every record.
bool intern_names(std::span<std::string_view> names);

/// Whether `text` is a kept name: it has one address only.
bool is_interned(const char* text) noexcept;

}  // namespace millrace
