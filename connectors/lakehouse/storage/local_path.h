#pragma once
// Locations of files of this machine, as tables spell them.

#include <string>
#include <string_view>

namespace millrace::lakehouse {

/// The scheme of a URI in lower case (`file`, `s3`); empty for a plain path.
std::string scheme_of(std::string_view location);

/// The path that `/a/b`, `file:/a/b`, `file:///a/b` or `file://localhost/a/b` means. Nothing is
/// decoded: Hadoop's and PyIceberg's readers take `%2F` in a name as it is, and partition folders
/// have it. Throws ConnectException for another machine's file, a URI that is not absolute or has
/// no path, and other schemes.
std::string local_path(std::string_view location);

}  // namespace millrace::lakehouse
