#pragma once
// How large a record is to Kafka's clients, for the limits that are given in its bytes.

#include <cstddef>

#include "millrace/record.h"

namespace millrace::embedded {

/// AbstractRecords.estimateSizeInBytesUpperBound of one record in its own batch (magic 2): what
/// Java's producer compares with max.request.size.
size_t kafka_size(const Record& record) noexcept;

}  // namespace millrace::embedded
