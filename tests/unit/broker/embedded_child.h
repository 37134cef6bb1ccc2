#pragma once
// Between the tests of crashes and their child program: records that prove themselves, the lines in
// which the child reports, and the check of a log against them.
//
//   A id partition offset   the append of record `id` was acknowledged
//   c partition offset      a commit of the group begins
//   C partition offset      it was acknowledged

#include <sstream>

#include "embedded_support.h"

namespace millrace::embedded {

inline const std::string kChildTopic = "crash";
inline const std::string kChildGroup = "readers";
inline constexpr int32_t kChildPartitions = 3;

/// Record `id`: everything in it follows from the number.
inline PlainRecord numbered(uint64_t id, size_t longest = 30'000) {
  std::mt19937_64 random(id);
  PlainRecord record;
  if (random() % 4 != 0) record.key = std::to_string(random() % 100);
  std::string payload(random() % 8 == 0 ? random() % (longest + 1) : random() % 200, ' ');
  for (char& c : payload) c = static_cast<char>(random());
  record.value = std::to_string(id) + ":" + payload;
  for (uint64_t i = random() % 3; i > 0; --i) {
    record.headers.emplace_back("h", random() % 2 == 0 ? Text() : Text(std::to_string(random())));
  }
  record.timestamp = static_cast<int64_t>(1 + random() % 1'000'000);
  record.partition = static_cast<int32_t>(random() % kChildPartitions);
  return record;
}

inline EmbeddedOptions child_options(const std::string& dir) {
  EmbeddedOptions options = TestLog::options(dir);
  options.partitions = kChildPartitions;
  options.memory_bytes = 4 * 1024 * 1024;  // flushes and compactions happen, too
  return options;
}

/// What the child said, over all its lives.
struct Reported {
  std::map<std::pair<int32_t, int64_t>, uint64_t> acknowledged;  // partition, offset: id
  std::map<int32_t, int64_t> commits_begun;                      // the last of each partition
  std::map<int32_t, int64_t> commits_done;

  void add(const std::string& line) {
    std::istringstream in(line);
    char kind = 0;
    uint64_t id = 0;
    int32_t partition = 0;
    int64_t offset = 0;
    in >> kind;
    if (kind == 'A') in >> id;
    in >> partition >> offset;
    if (!in) throw std::runtime_error("line of the child: " + line);
    if (kind == 'A') acknowledged[{partition, offset}] = id;
    if (kind == 'c') commits_begun[partition] = offset;
    if (kind == 'C') commits_done[partition] = offset;
  }
};

/// Empty when the log holds all that was acknowledged, whole, once and without gaps.
inline std::string find_fault(const TestLog& log, const Reported& reported,
                              size_t longest = 30'000) {
  std::ostringstream fault;
  std::map<int32_t, int64_t> next;
  std::set<uint64_t> ids;
  size_t found = 0;
  TestConsumer consumer(log, "check");
  consumer.consumer->subscribe({kChildTopic}, consumer);
  for (const auto& [offset, record] : consumer.drain()) {
    const int32_t p = record.partition;
    if (offset != next[p]) fault << "offset " << offset << " instead of " << next[p] << "\n";
    next[p] = offset + 1;
    const uint64_t id = std::strtoull(record.value.value_or("0").c_str(), nullptr, 10);
    if (record != numbered(id, longest)) fault << "torn record at " << p << "@" << offset << "\n";
    if (!ids.insert(id).second) fault << "record " << id << " twice\n";
    const auto promised = reported.acknowledged.find({p, offset});
    if (promised == reported.acknowledged.end()) continue;
    ++found;
    if (promised->second != id) fault << "another record at " << p << "@" << offset << "\n";
  }
  if (found != reported.acknowledged.size()) {
    fault << reported.acknowledged.size() - found << " acknowledged records are gone\n";
  }
  for (const auto& [tp, offset] : log.store->group_offsets(kChildGroup)) {
    const auto begun = reported.commits_begun.find(tp.partition);
    if (begun == reported.commits_begun.end() || raw(offset) > begun->second) {
      fault << "group offset " << raw(offset) << " of " << tp.to_string() << " never committed\n";
    }
    if (raw(offset) > next[tp.partition]) fault << "group offset behind the end\n";
  }
  for (const auto& [partition, offset] : reported.commits_done) {
    const OffsetMap offsets = log.store->group_offsets(kChildGroup);
    const auto kept = offsets.find({kChildTopic, partition});
    if (kept == offsets.end() || raw(kept->second) < offset) fault << "a commit is gone\n";
  }
  return fault.str();
}

}  // namespace millrace::embedded
