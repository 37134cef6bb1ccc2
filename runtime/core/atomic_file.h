#pragma once
// Replacing files that matter: write a temporary beside it, fsync, rename, fsync the directory.

#include <filesystem>
#include <string>
#include <string_view>

namespace millrace {

/// Replaces `path` with `bytes` so that after a crash either the old or the new content is there.
/// Keeps the permissions of an existing file; a symbolic link stays and the file it points to is
/// replaced. One writer per path: the temporary is `<path>.tmp`, removed again on failure. Throws
/// ConnectException that names the file and the reason; the old file is then untouched, except when
/// only the final sync of its folder failed.
void replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Reads all of `path` into `out`. False when there is no such file; throws ConnectException that
/// names the file and the reason for anything else.
bool read_file(const std::filesystem::path& path, std::string& out);

}  // namespace millrace
