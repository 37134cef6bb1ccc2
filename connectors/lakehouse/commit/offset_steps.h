#pragma once
// Whether a batch may be committed on what a table says (iceberg-sink.md §4.2, I3).

#include <string>
#include <vector>

#include "connectors/lakehouse/commit/positions.h"
#include "connectors/lakehouse/commit/written_batch.h"

namespace millrace::lakehouse {

/// Empty when each partition is where the batch began; equality, so that neither messages that are
/// there already nor a gap can be committed.
std::string why_not(const WrittenBatch& batch, const Positions& base);
/// Whether each partition is where the batch ends.
bool is_applied(const WrittenBatch& batch, const Positions& base);
void apply(const WrittenBatch& batch, Positions& positions);
/// `{"orders":{"0":[1200,1234]}}` of all batches together, from what `base` says on; -1: no offset.
std::string ranges_text(const std::vector<const WrittenBatch*>& batches, const Positions& base);

}  // namespace millrace::lakehouse
