#pragma once
// Java's serialised java.util.HashMap<byte[], byte[]>: the standalone offset file
// (connect-cluster.md §1.7).

#include <string>
#include <string_view>
#include <vector>

#include "runtime/storage/offset_store.h"

namespace millrace {

/// Bytes that java.io.ObjectInputStream reads back as the same map.
std::string write_java_map(const OffsetEntries& entries);

/// Reads such bytes; accepts any capacity, load factor, null values and shared arrays. An entry
/// with a null key is passed over, as no task can ask for it. Throws ConnectException that says what
/// is wrong and at which byte, for anything else: truncated, damaged, another class, trailing bytes.
OffsetEntries read_java_map(std::string_view bytes);

}  // namespace millrace
