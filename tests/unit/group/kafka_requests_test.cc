// Golden bytes of connect-cluster.md §2.4, tried on a mock broker by its authors.

#include "runtime/group/kafka_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "runtime/group/connect_protocol.h"

namespace millrace::group {
namespace {

using ::testing::HasSubstr;

std::string bytes(std::string_view hex) {
  std::string out;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return out;
}

TEST(KafkaRequestsTest, FramesAreTheGoldenOnes) {
  EXPECT_EQ(frame(ApiKey::FindCoordinator, 2, 1, "c", find_coordinator_body("g")),
            bytes("0000000f 000a 0002 00000001 000163 000167 00"));
  const std::string subscription = encode({"http://w1:8083/", 5, {}}, ProtocolVersion::Eager);
  const JoinRequest join{"g", std::chrono::seconds(10), std::chrono::seconds(60), "",
                         {{"default", subscription}}};
  EXPECT_EQ(frame(ApiKey::JoinGroup, 5, 2, "c", join_body(join, 5)),
            bytes("0000004f 000b 0005 00000002 000163 000167 00002710 0000ea60 0000 ffff 0007 "
                  "636f6e6e656374 00000001 0007 64656661756c74 0000001b") +
                subscription);
  EXPECT_EQ(frame(ApiKey::SyncGroup, 3, 3, "c", sync_body({"g", 1, "m", {}}, 3)),
            bytes("0000001b 000e 0003 00000003 000163 000167 00000001 00016d ffff 00000000"));
  EXPECT_EQ(frame(ApiKey::Heartbeat, 3, 4, "c", heartbeat_body("g", 1, "m", 3)),
            bytes("00000017 000c 0003 00000004 000163 000167 00000001 00016d ffff"));
}

TEST(KafkaRequestsTest, OlderVersionsHaveNoInstanceId) {
  EXPECT_EQ(heartbeat_body("g", 1, "m", 2), bytes("000167 00000001 00016d"));
  EXPECT_EQ(sync_body({"g", 1, "m", {{"m", "x"}}}, 2),
            bytes("000167 00000001 00016d 00000001 00016d 00000001 78"));
  EXPECT_EQ(join_body({"g", {}, {}, "m", {}}, 4),
            bytes("000167 00000000 00000000 00016d 0007 636f6e6e656374 00000000"));
}

TEST(KafkaRequestsTest, ResponsesAreRead) {
  const JoinResponse joined = read_join(
      bytes("00000000 0000 00000007 0009") + "sessioned" + bytes("00016c 00016d 00000002 00016c "
            "ffff 00000001 61 00016d ffff 00000000"), 5);
  EXPECT_EQ(joined.generation, 7);
  EXPECT_EQ(joined.protocol, "sessioned");
  EXPECT_EQ(joined.leader, "l");
  ASSERT_EQ(joined.members.size(), 2U);
  EXPECT_EQ(joined.members[0].metadata, "a");
  const auto found = read_find_coordinator(bytes("00000000 0000 ffff 00000001 00026262 00002384"));
  EXPECT_EQ(found.node.host, "bb");
  EXPECT_EQ(found.node.port, 9092);
  EXPECT_EQ(read_sync(bytes("00000000 001b 00000000")).error, KafkaError::RebalanceInProgress);
  EXPECT_EQ(read_error(bytes("00000000 0019"), "x"), KafkaError::UnknownMemberId);
}

TEST(KafkaRequestsTest, EveryTruncationIsRefused) {
  const std::string whole =
      bytes("00000000 0000 00000007 0001 73 00016c 00016d 00000001 00016c ffff 00000001 61");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(read_join(whole.substr(0, size), 5), ConnectException) << size;
  }
  EXPECT_NO_THROW(read_join(whole, 5));
}

TEST(KafkaRequestsTest, VersionsAreTheNewestBothKnow) {
  const BrokerVersions broker{{ApiKey::JoinGroup, {2, 9}}, {ApiKey::SyncGroup, {0, 2}},
                              {ApiKey::Heartbeat, {4, 6}}};
  EXPECT_EQ(choose_version(ApiKey::JoinGroup, broker), 5);
  EXPECT_EQ(choose_version(ApiKey::SyncGroup, broker), 2);
  try {
    choose_version(ApiKey::Heartbeat, broker);
    FAIL();
  } catch (const ConnectException& error) {
    EXPECT_THAT(error.what(), HasSubstr("versions 4 to 6 of Heartbeat, this worker 1 to 3"));
  }
  EXPECT_THROW(choose_version(ApiKey::LeaveGroup, broker), ConnectException);
}

}  // namespace
}  // namespace millrace::group
