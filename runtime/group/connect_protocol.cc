#include "runtime/group/connect_protocol.h"

#include <array>
#include <map>

#include "runtime/group/java_order.h"
#include "runtime/group/linked_set.h"
#include "runtime/group/wire.h"

namespace millrace::group {
namespace {

constexpr int32_t kConnectorInstance = -1;  // among task numbers
constexpr std::string_view kVersion = "version";
constexpr std::array<std::string_view, 3> kNames = {"default", "compatible", "sessioned"};

/// Connectors with their task numbers, in the order in which each connector came first.
class WorkByConnector {
 public:
  void add(const std::string& connector, int32_t number) {
    const auto [place, added] = places_.try_emplace(connector, entries_.size());
    if (added) entries_.push_back({connector, {}});
    entries_[place->second].numbers.push_back(number);
  }

  void write(WireWriter& out) const {
    out.count(entries_.size());
    for (const Entry& entry : entries_) {
      out.string(entry.connector);
      out.count(entry.numbers.size());
      for (const int32_t number : entry.numbers) out.int32(number);
    }
  }

 private:
  struct Entry {
    std::string connector;
    std::vector<int32_t> numbers;
  };
  std::vector<Entry> entries_;
  std::map<std::string, size_t> places_;
};

void write_work(WireWriter& out, const std::vector<std::string>& connectors,
                const std::vector<ConnectorTaskId>& tasks) {
  WorkByConnector work;
  for (const std::string& connector : connectors) work.add(connector, kConnectorInstance);
  for (const ConnectorTaskId& task : tasks) work.add(task.connector, task.task);
  work.write(out);
}

void read_work(WireReader& in, std::vector<std::string>& connectors,
               std::vector<ConnectorTaskId>& tasks) {
  const int32_t entries = in.count("list of connectors");
  for (int32_t i = 0; i < entries; ++i) {
    const std::string connector = in.string("connector");
    const int32_t numbers = in.count("list of tasks");
    if (numbers == WireReader::kNull) in.fail("list of tasks", "is null");
    for (int32_t j = 0; j < numbers; ++j) {
      const int32_t number = in.int32("task");
      if (number == kConnectorInstance) {
        connectors.push_back(connector);
      } else {
        tasks.push_back({connector, number});
      }
    }
  }
}

void read_version(WireReader& in) {
  // Later versions may append fields, which readers of this one pass over.
  if (in.int16(kVersion) < 0) in.fail(kVersion, "is negative");
}

}  // namespace

std::string_view protocol_name(ProtocolVersion version) noexcept {
  return kNames[static_cast<size_t>(version)];
}

std::optional<ProtocolVersion> protocol_version(std::string_view name) noexcept {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ProtocolVersion>(i);
  }
  return std::nullopt;
}

std::string encode(const Assignment& assignment, ProtocolVersion version) {
  WireWriter out;
  out.int16(static_cast<int16_t>(version));
  out.int16(assignment.error);
  out.string(assignment.leader);
  out.string(assignment.leader_url);
  out.int64(assignment.offset);
  const auto capacity = java_set_capacity(assignment.connectors.size());
  const LinkedSet<std::string> connectors(assignment.connectors);
  write_work(out, arranged_as_java_set(connectors.items(), capacity), assignment.tasks);
  if (version == ProtocolVersion::Eager) return out.take();
  const LinkedSet<std::string> revoked(assignment.revoked_connectors);
  write_work(out, revoked.items(), assignment.revoked_tasks);
  out.int32(assignment.delay_ms);
  return out.take();
}

std::string encode(const Subscription& subscription, ProtocolVersion version) {
  WireWriter out;
  out.int16(static_cast<int16_t>(version));
  out.string(subscription.url);
  out.int64(subscription.offset);
  if (version == ProtocolVersion::Eager) return out.take();
  if (subscription.allocation) {
    out.bytes(encode(*subscription.allocation, version));
  } else {
    out.null_bytes();
  }
  return out.take();
}

std::optional<Assignment> decode_assignment(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  WireReader in(bytes, "an assignment of the group");
  read_version(in);
  Assignment assignment;
  assignment.error = in.int16("error");
  assignment.leader = in.string("leader");
  assignment.leader_url = in.string("leader url");
  assignment.offset = in.int64("config offset");
  if (!in.at_end()) read_work(in, assignment.connectors, assignment.tasks);
  if (!in.at_end()) read_work(in, assignment.revoked_connectors, assignment.revoked_tasks);
  if (!in.at_end()) assignment.delay_ms = in.int32("delay");
  return assignment;
}

Subscription decode_subscription(std::string_view bytes) {
  WireReader in(bytes, "a subscription of the group");
  read_version(in);
  Subscription subscription;
  subscription.url = in.string("url");
  subscription.offset = in.int64("config offset");
  if (in.at_end()) return subscription;
  constexpr std::string_view kAllocation = "allocation";
  std::string_view allocation;
  if (!in.nullable_bytes(kAllocation, allocation)) return subscription;
  subscription.allocation = decode_assignment(allocation);
  if (!subscription.allocation) in.fail(kAllocation, "is empty");
  return subscription;
}

}  // namespace millrace::group
