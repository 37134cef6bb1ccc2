#pragma once
// Replacing files that matter: write a temporary beside it, fsync, rename, fsync the directory.

#include <filesystem>
#include <string>
#include <string_view>

namespace millrace {

/// Replaces `path` with `bytes` so that after a crash either the old or the new content is there.
/// Throws ConnectException that names the file and the reason; the old file is then untouched.
void replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Whole content, or nullopt-like: throws ConnectException naming file and reason; a missing file
/// gives false.
bool read_file(const std::filesystem::path& path, std::string& out);

}  // namespace millrace
