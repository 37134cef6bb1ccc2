#include "connectors/lakehouse/commit/offset_steps.h"

namespace millrace::lakehouse {

std::string why_not(const WrittenBatch& batch, const Positions& base) {
  for (const auto& [partition, step] : batch.steps) {
    if (step.start == OffsetStep::kAny) continue;
    const std::optional<int64_t> next = base.next(batch.cluster, partition);
    if (next.value_or(OffsetStep::kUnknown) == step.start) continue;
    const auto text = [](int64_t offset) {
      return offset == OffsetStep::kUnknown ? std::string("no offset") : std::to_string(offset);
    };
    return "the table has " + text(next.value_or(OffsetStep::kUnknown)) + " for " +
           partition.to_string() + ", and the batch began at " + text(step.start);
  }
  return "";
}

bool is_applied(const WrittenBatch& batch, const Positions& base) {
  for (const auto& [partition, step] : batch.steps) {
    const std::optional<int64_t> next = base.next(batch.cluster, partition);
    if (step.end < 0 ? next.has_value() : next != step.end) return false;
  }
  return true;
}

void apply(const WrittenBatch& batch, Positions& positions) {
  for (const auto& [partition, step] : batch.steps) {
    if (step.end < 0) {
      positions.erase(batch.cluster, partition);
    } else {
      positions.set(batch.cluster, partition, step.end);
    }
  }
}

std::string ranges_text(const std::vector<const WrittenBatch*>& batches, const Positions& base) {
  std::map<TopicPartition, OffsetStep> ranges;
  for (const WrittenBatch* batch : batches) {
    for (const auto& [partition, step] : batch->steps) {
      const int64_t start = base.next(batch->cluster, partition).value_or(OffsetStep::kUnknown);
      ranges.try_emplace(partition, OffsetStep{start, 0}).first->second.end = step.end;
    }
  }
  Json json = Json::object();
  for (const auto& [partition, range] : ranges) {
    json[partition.topic][std::to_string(partition.partition)] = {range.start, range.end};
  }
  return json.dump();
}

}  // namespace millrace::lakehouse
