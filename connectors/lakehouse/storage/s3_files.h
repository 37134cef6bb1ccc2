#pragma once
// FileIO over an S3-compatible object store (iceberg-sink.md §7).

#include <memory>

#include "connectors/lakehouse/storage/file_io.h"

namespace millrace::lakehouse {

/// `s3`, `s3a` and `s3n`.
bool is_s3_scheme(std::string_view scheme);

/// Any bucket of one endpoint. Throws ConfigException for keys that are missing or wrong.
std::shared_ptr<FileIO> s3_files(const Properties& settings, RenewCredentials renew);

}  // namespace millrace::lakehouse
