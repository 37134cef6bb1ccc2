#pragma once
// One dead letter, back to the record it was made of (runtime/pipeline/dead_letter).

#include <optional>
#include <string>
#include <string_view>

#include "millrace/record.h"
#include "runtime/cli/replay_options.h"

namespace millrace {

/// What the worker has noted of a record. Points into the letter.
struct LetterOrigin {
  std::string_view topic = {};      // empty: not noted
  int32_t partition = kNoPartition;  // kNoPartition: not noted
  int64_t offset = -1;
  std::string_view connector = {};
  std::string_view message = {};
  bool of_source = false;  // the letter is JSON of a source's record, not its bytes
};

/// Of names that repeat, the last counts: a letter may be of a record that was one before.
LetterOrigin origin_of(const Record& letter);

/// Whether `options` mean this letter.
bool is_chosen(const Record& letter, const LetterOrigin& origin, const ReplayOptions& options);

/// Makes the letter the record that it was: its topic, its partition while the topic has `partitions` of them,
/// its headers without those of failures (`__connect.errors.*`, `__millrace.errors.*`, `fs.*`); with `if_newer`
/// the header `upsertIfNewer` is 1. New memory comes from `arena`, the letter's own.
void restore(Record& letter, const LetterOrigin& origin, int32_t partitions, bool if_newer,
             Arena& arena);

}  // namespace millrace
