#include "runtime/group/connect_protocol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "millrace/errors.h"

namespace millrace::group {
namespace {

using Version = ProtocolVersion;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4U];
    hex += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return hex;
}

constexpr std::string_view kUrl = "http://w1:8083/";
const std::string kSubscription0 = "0000000f687474703a2f2f77313a383038332f0000000000000005";
const std::string kSubscription2 = "0002000f687474703a2f2f77313a383038332f0000000000000005ffffffff";
const std::string kAssignment0 =
    "0000000000026d31000f687474703a2f2f77313a383038332f0000000000000005000000010002633100000003"
    "ffffffff0000000000000001";
const std::string kAssignment2 =
    "0002000000026d31000f687474703a2f2f77313a383038332f0000000000000005000000010002633100000003"
    "ffffffff000000000000000100000001000263320000000100000000000493e0";
const std::string kFullSubscription2 =
    "0002000f687474703a2f2f77313a383038332f00000000000000050000004d" + kAssignment2;
const std::string kMismatch2 =
    "0002000100026d31000f687474703a2f2f77313a383038332f0000000000000009000000000000000000000000";

/// The golden bytes of version 1 are those of version 2 with another number at each start.
std::string as_version_1(std::string hex) {
  hex[3] = '1';
  if (const size_t inner = hex.find("0000004d0002"); inner != std::string::npos)
    hex[inner + 11] = '1';
  return hex;
}

Assignment golden_assignment() {
  Assignment assignment;
  assignment.leader = "m1";
  assignment.leader_url = kUrl;
  assignment.offset = 5;
  assignment.connectors = {"c1"};
  assignment.tasks = {{"c1", 0}, {"c1", 1}};
  assignment.revoked_tasks = {{"c2", 0}};
  assignment.delay_ms = 300'000;
  return assignment;
}

Assignment golden_mismatch() {
  Assignment assignment;
  assignment.error = static_cast<int16_t>(AssignmentError::ConfigMismatch);
  assignment.leader = "m1";
  assignment.leader_url = kUrl;
  assignment.offset = 9;
  return assignment;
}

TEST(ConnectProtocolTest, WritesTheGoldenBytes) {
  const Subscription empty{std::string(kUrl), 5, {}};
  const Subscription full{std::string(kUrl), 5, golden_assignment()};
  EXPECT_EQ(to_hex(encode(empty, Version::Eager)), kSubscription0);
  EXPECT_EQ(to_hex(encode(full, Version::Eager)), kSubscription0);
  EXPECT_EQ(to_hex(encode(empty, Version::Sessioned)), kSubscription2);
  EXPECT_EQ(to_hex(encode(full, Version::Sessioned)), kFullSubscription2);
  EXPECT_EQ(to_hex(encode(golden_assignment(), Version::Eager)), kAssignment0);
  EXPECT_EQ(to_hex(encode(golden_assignment(), Version::Sessioned)), kAssignment2);
  EXPECT_EQ(to_hex(encode(golden_mismatch(), Version::Sessioned)), kMismatch2);
}

TEST(ConnectProtocolTest, WritesVersionOneWithItsNumber) {
  const Subscription full{std::string(kUrl), 5, golden_assignment()};
  const Subscription empty{std::string(kUrl), 5, {}};
  EXPECT_EQ(to_hex(encode(empty, Version::Compatible)), as_version_1(kSubscription2));
  EXPECT_EQ(to_hex(encode(full, Version::Compatible)), as_version_1(kFullSubscription2));
  EXPECT_EQ(to_hex(encode(golden_assignment(), Version::Compatible)), as_version_1(kAssignment2));
  EXPECT_EQ(to_hex(encode(golden_mismatch(), Version::Compatible)), as_version_1(kMismatch2));
}

TEST(ConnectProtocolTest, ReadsTheGoldenBytes) {
  Assignment version_0 = golden_assignment();
  version_0.revoked_tasks.clear();
  version_0.delay_ms = 0;
  EXPECT_EQ(decode_assignment(from_hex(kAssignment0)), version_0);
  EXPECT_EQ(decode_assignment(from_hex(kAssignment2)), golden_assignment());
  EXPECT_EQ(decode_assignment(from_hex(kMismatch2)), golden_mismatch());
  EXPECT_TRUE(decode_assignment(from_hex(kMismatch2))->failed());
  const Subscription empty{std::string(kUrl), 5, {}};
  EXPECT_EQ(decode_subscription(from_hex(kSubscription0)), empty);
  EXPECT_EQ(decode_subscription(from_hex(kSubscription2)), empty);
  const Subscription full{std::string(kUrl), 5, golden_assignment()};
  EXPECT_EQ(decode_subscription(from_hex(kFullSubscription2)), full);
  EXPECT_EQ(decode_subscription(from_hex(as_version_1(kFullSubscription2))), full);
}

TEST(ConnectProtocolTest, NoBytesMeanThatTheLeaderLeftTheMemberOut) {
  EXPECT_EQ(decode_assignment(""), std::nullopt);
}

TEST(ConnectProtocolTest, ToleratesMissingFieldsLaterVersionsAndNullLists) {
  const std::string head = "0000000000026d31000f687474703a2f2f77313a383038332f0000000000000005";
  Assignment bare;
  bare.leader = "m1";
  bare.leader_url = kUrl;
  bare.offset = 5;
  EXPECT_EQ(decode_assignment(from_hex(head)), bare);
  EXPECT_EQ(decode_assignment(from_hex("7fff" + head.substr(4) + "ffffffffffffffff00000000ab")),
            bare);
}

TEST(ConnectProtocolTest, EveryTruncationIsRefusedOrEndsAtAField) {
  const std::string assignment = from_hex(kAssignment2);
  const std::vector<size_t> ends = {33, 57, 73};  // offset, assigned and revoked end here
  for (size_t size = 1; size < assignment.size(); ++size) {
    const std::string cut = assignment.substr(0, size);
    if (std::find(ends.begin(), ends.end(), size) != ends.end()) {
      EXPECT_TRUE(decode_assignment(cut).has_value()) << size;
    } else {
      EXPECT_THROW(decode_assignment(cut), ConnectException) << size;
    }
  }
  const std::string subscription = from_hex(kFullSubscription2);
  for (size_t size = 0; size < subscription.size(); ++size) {
    if (size == from_hex(kSubscription0).size()) continue;
    EXPECT_THROW(decode_subscription(subscription.substr(0, size)), ConnectException) << size;
  }
}

TEST(ConnectProtocolTest, RefusesImpossibleLengthsAndVersions) {
  EXPECT_THROW(decode_assignment(from_hex("ffff" + kAssignment2.substr(4))), ConnectException);
  EXPECT_THROW(decode_subscription(from_hex("0002ffff")), ConnectException);
  const std::string head = "0000000000026d31000f687474703a2f2f77313a383038332f0000000000000005";
  EXPECT_THROW(decode_assignment(from_hex(head + "7fffffff")), ConnectException);
  EXPECT_THROW(decode_assignment(from_hex(head + "0000000100026331ffffffff")), ConnectException);
  EXPECT_THROW(decode_subscription(from_hex(kSubscription0 + "00000000")), ConnectException);
}

TEST(ConnectProtocolTest, SaysWhatIsWrongAndWhatToLookAt) {
  try {
    decode_assignment(from_hex("0002000000ff6d31"));
    FAIL() << "expected an exception";
  } catch (const ConnectException& error) {
    EXPECT_STREQ(
        error.what(),
        "reading an assignment of the group: leader needs 255 bytes, 2 are left; check that "
        "only Connect workers use this group id");
  }
}

TEST(ConnectProtocolTest, RandomBytesAreReadOrRefused) {
  const auto seed =
      static_cast<uint32_t>(testing::UnitTest::GetInstance()->random_seed() + 20250101);
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = from_hex(i % 2 == 0 ? kAssignment2 : kFullSubscription2);
    for (uint32_t flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size() + 1);
    try {
      if (i % 2 == 0) {
        const auto assignment = decode_assignment(bytes);
        ASSERT_TRUE(assignment.has_value());
      } else {
        decode_subscription(bytes);
      }
    } catch (const ConnectException&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(ConnectProtocolTest, RefusesToWriteTextThatIsTooLong) {
  Assignment assignment = golden_assignment();
  assignment.leader = std::string(32'767, 'x');
  EXPECT_EQ(decode_assignment(encode(assignment, Version::Sessioned)), assignment);
  assignment.leader += 'x';
  EXPECT_THROW(encode(assignment, Version::Sessioned), ConnectException);
}

TEST(ConnectProtocolTest, KnowsTheSubprotocolsByName) {
  for (const Version version : {Version::Eager, Version::Compatible, Version::Sessioned}) {
    EXPECT_EQ(protocol_version(protocol_name(version)), version);
  }
  EXPECT_EQ(protocol_name(Version::Eager), "default");
  EXPECT_EQ(protocol_version("range"), std::nullopt);
}

}  // namespace
}  // namespace millrace::group
