#pragma once
// The folder of an embedded log and the small file that says that it is one. A folder with other
// content is never taken for a log, and a log whose store is damaged is never begun anew.

#include <cstdint>
#include <string>

namespace millrace::embedded {

inline constexpr const char* kFolderFile = "millrace-log.properties";

enum class FolderState {
  New,    // claimed, but no log was completed in it: nothing can be lost
  Ready,  // holds a log
};

/// Creates the folder and claims it when it is empty. Throws ConnectException, with the folder's
/// name and what to do, when it holds something else, another format, or cannot be used.
FolderState claim_folder(const std::string& dir);

/// Notes that the folder holds a complete log from now on. Durable. Throws ConnectException.
void mark_folder_ready(const std::string& dir);

/// True when a file of `bytes` can be made in the folder and synced.
bool folder_has_room(const std::string& dir, int64_t bytes) noexcept;

}  // namespace millrace::embedded
