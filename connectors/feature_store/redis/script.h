#pragma once
// What Redis runs for a batch (feature-store-sink.md §10).

#include <string_view>

namespace millrace::feature_store {

/// Keys: offsets; of each row its key, then, if its operation says `m`, that of its marker;
/// counters.
///
/// Arguments: number of partitions, then of each the expected and the next offset; number of
/// shapes, then of each `p` or `t` (how event times are kept: protobuf or microseconds as text),
/// `w` or `f` (a row is the whole key or only fields of it), the fields of event time and place,
/// and two lists of fields, each with its number first: those an upsert removes and those a delete
/// removes; number of rows, then of each its shape, operation (`u` or `d`, then `n` for newer only,
/// `m` for a marker), event time in two numbers (seconds and the rest, empty: none), expiry in ms
/// (empty: none), place and offset (empty: not guarded), number of fields and values, and these;
/// milliseconds that markers are kept; number of counts, then of each its row (0: none), its
/// counter's number, its status without a row, and how many.
///
/// Answer: a letter for each row: `1` written, `0` ignored, `x` the key holds something else, and
/// then nothing at all was done. An error that begins with FENCED: an offset is not the expected
/// one. Everything that may fail comes before the first write, because nothing is undone.
extern const std::string_view kApplyScript;

}  // namespace millrace::feature_store
