#pragma once
// Headers of Hopsworks' records (feature-store-sink.md §2).

#include <cstdint>

#include "millrace/record.h"

namespace millrace::feature_store {

enum class Operation : uint8_t { Upsert, Delete };
/// Which of the two consumers a record is for.
enum class StorageMark : uint8_t { Both, Online, Offline };

inline constexpr int64_t kNoId = -1;

struct RecordHeaders {
  int64_t project_id = kNoId;
  int64_t feature_group_id = kNoId;
  int64_t subject_id = kNoId;
  int64_t ingestion_id = kNoId;
  Operation operation = Operation::Upsert;
  StorageMark storage = StorageMark::Both;
  bool upsert_if_newer = false;
  const char* error = nullptr;  // static storage; null: all that are there could be read
};

/// From the bytes of the headers, whatever the header converter makes of them. The last of a name counts,
/// and comparisons are exact. An unknown value of `operation` or `storage` is an error.
RecordHeaders read_headers(const Record& record) noexcept;

}  // namespace millrace::feature_store
