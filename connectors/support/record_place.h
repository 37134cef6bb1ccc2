#pragma once
// Where records were. Those of a partition come in runs, so most questions have the answer of the record
// before.

#include <string>

#include "millrace/ids.h"
#include "millrace/record.h"

namespace millrace {

inline TopicPartition partition_of(const Record& record) {
  return {std::string(record.original_topic), record.original_partition};
}

/// Of records of one batch, whose topics are the same bytes; false only ends a run.
inline bool is_in_run(const Record& record, const Record& next) noexcept {
  return record.original_partition == next.original_partition &&
         record.original_topic.data() == next.original_topic.data();
}

/// The entry of the record's partition, which `last` is mostly.
template <class Map>
typename Map::iterator find_partition(Map& map, typename Map::iterator last, const Record& record) {
  const bool is_last = last != map.end() && last->first.partition == record.original_partition &&
                       last->first.topic == record.original_topic;
  return is_last ? last : map.find(partition_of(record));
}

}  // namespace millrace
