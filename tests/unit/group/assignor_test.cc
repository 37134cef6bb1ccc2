// The steps of the conformance trace in connect-cluster.md §3, and what a mixed group relies on.

#include "runtime/group/assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/unit/group/small_cluster.h"

namespace millrace::group {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kMaxDelayMs = 300'000;

/// W1 with c1 and c2, four tasks each.
SmallCluster one_worker() {
  SmallCluster cluster(kMaxDelayMs);
  cluster.join("W1");
  cluster.configure("c1", 4);
  cluster.configure("c2", 4);
  cluster.rebalance();
  return cluster;
}

/// Three workers after they have shared them.
SmallCluster three_workers() {
  SmallCluster cluster = one_worker();
  for (const std::string member : {"W2", "W3"}) {
    cluster.join(member);
    cluster.rebalance();
    cluster.rebalance();
    cluster.rebalance();
  }
  return cluster;
}

TEST(AssignorTest, ANewWorkerGetsItsShareInTwoRounds) {
  SmallCluster cluster = one_worker();
  EXPECT_EQ(cluster.held("W1"), " c1 c1-0 c1-1 c1-2 c1-3 c2 c2-0 c2-1 c2-2 c2-3");
  cluster.join("W2");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 -c1 -c1-0 -c1-1 -c1-2 -c1-3"));
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W2 +c1 +c1-0 +c1-1 +c1-2 +c1-3"));
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  cluster.join("W3");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 -c2-0", "W2 -c1-0"));
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W3 +c1-0 +c2-0"));
  EXPECT_EQ(cluster.delay_ms, 0);
}

TEST(AssignorTest, WorkOfALostWorkerWaitsAndGoesToTheOneThatCameInstead) {
  SmallCluster cluster = three_workers();
  cluster.leave("W3");
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  EXPECT_EQ(cluster.delay_ms, 300'000);
  cluster.pass(10'000);
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  EXPECT_EQ(cluster.delay_ms, 290'000);
  cluster.pass(20'000);
  cluster.join("W3b");
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  EXPECT_EQ(cluster.delay_ms, 270'000);
  cluster.pass(270'000);
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W3b +c1-0 +c2-0"));
  EXPECT_EQ(cluster.delay_ms, 0);
}

TEST(AssignorTest, WorkOfAWorkerLostForGoodIsSharedAfterTheDelay) {
  SmallCluster cluster = three_workers();
  cluster.leave("W3");
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  cluster.pass(299'999);
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
  EXPECT_EQ(cluster.delay_ms, 1);
  cluster.pass(1);
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 +c1-0", "W2 +c2-0"));
  EXPECT_EQ(cluster.delay_ms, 0);
}

TEST(AssignorTest, WithoutDelayLostWorkIsReassignedInTheSameRound) {
  SmallCluster cluster(0);
  cluster.configure("c1", 2);
  cluster.configure("c2", 2);
  cluster.join("W1");
  cluster.join("W2");
  cluster.rebalance();
  cluster.rebalance();
  cluster.leave("W2");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 +c1-1 +c2 +c2-1"));
  cluster.join("W2");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 -c1 -c1-0 -c2-0"));
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W2 +c1 +c1-0 +c2-0"));
}

TEST(AssignorTest, RevocationsInARowBackOff) {
  SmallCluster cluster(60'000);
  cluster.configure("c1", 8);
  cluster.join("W1");
  cluster.rebalance();
  cluster.join("W2");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 -c1-0 -c1-1 -c1-2 -c1-3"));
  cluster.join("W3");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W2 +c1-0 +c1-2", "W3 +c1-1 +c1-3"));
  EXPECT_EQ(cluster.delay_ms, 40);
  cluster.pass(40);
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 -c1-4"));
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W2 +c1-4"));
}

TEST(AssignorTest, ADeletedConnectorIsStoppedEverywhere) {
  SmallCluster cluster = three_workers();
  cluster.remove("c2");
  const auto stopped = cluster.rebalance();
  for (const std::string member : {"W1", "W2", "W3"}) {
    EXPECT_THAT(cluster.held(member), testing::Not(testing::HasSubstr("c2"))) << member;
  }
  EXPECT_FALSE(stopped.empty());
  EXPECT_THAT(cluster.leader_state()->revoking, testing::Contains("c2"));
  cluster.rebalance();
  EXPECT_THAT(cluster.leader_state()->revoking, IsEmpty());
  EXPECT_THAT(cluster.rebalance(), IsEmpty());
}

TEST(AssignorTest, TheWorkOfALeaderThatLeftIsReassignedAtOnce) {
  SmallCluster cluster = three_workers();
  cluster.leave("W1");
  const auto changes = cluster.rebalance();
  EXPECT_EQ(cluster.delay_ms, 0);
  EXPECT_FALSE(changes.empty());
  EXPECT_THAT(cluster.held("W2") + cluster.held("W3"), testing::HasSubstr(" c2 "));
}

TEST(AssignorTest, LeavingAfterARevocationCostsTheWholeDelayEvenWithNothingLost) {
  SmallCluster cluster = one_worker();
  cluster.join("W2");
  cluster.rebalance();
  cluster.leave("W2");
  cluster.rebalance();
  EXPECT_EQ(cluster.delay_ms, kMaxDelayMs);
}

TEST(AssignorTest, AnAssignmentThatReachedNobodyIsMadeAgain) {
  SmallCluster cluster(kMaxDelayMs);
  cluster.join("W1");
  cluster.join("W2");
  cluster.configure("c1", 1);
  cluster.rebalance_in_vain();
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 +c1 +c1-0"));
}

TEST(AssignorTest, TheLeaderKnowsTheOwners) {
  SmallCluster cluster = three_workers();
  ASSERT_TRUE(cluster.leader_state().has_value());
  const LeaderState& state = *cluster.leader_state();
  EXPECT_EQ(state.owner_url("c1"), "http://W2/");
  EXPECT_EQ(state.owner_url(ConnectorTaskId{"c2", 0}), "http://W3/");
  EXPECT_EQ(state.owner_url("c3"), std::nullopt);
  EXPECT_EQ(state.owner_url(ConnectorTaskId{"c2", 4}), std::nullopt);
}

TEST(AssignorTest, TheEagerOneDealsConnectorsThenTasksInOneRotation) {
  SmallCluster cluster(kMaxDelayMs, ProtocolVersion::Eager);
  cluster.configure("b", 2);
  cluster.configure("a", 3);
  cluster.join("W2");
  cluster.join("W1");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W1 +a +a-0 +a-2 +b-1", "W2 +a-1 +b +b-0"));
  cluster.leave("W1");
  EXPECT_THAT(cluster.rebalance(), ElementsAre("W2 +a +a-0 +a-1 +a-2 +b +b-0 +b-1"));
}

Round two_members(int64_t leader_offset, int64_t other_offset) {
  Round round;
  round.leader = "W1";
  round.members = {{"W1", {"http://W1/", leader_offset, {}}},
                   {"W2", {"http://W2/", other_offset, {}}}};
  round.config = {leader_offset, {{"c1", 1}}};
  round.latest_config = round.config;
  return round;
}

TEST(AssignorTest, ALeaderThatIsBehindSendsEverybodyBackToRead) {
  for (const auto version : {ProtocolVersion::Eager, ProtocolVersion::Compatible}) {
    Assignor assignor(kMaxDelayMs);
    const RoundResult result = assignor.assign(version, two_members(5, 7));
    EXPECT_FALSE(result.leader_state.has_value());
    ASSERT_EQ(result.assignments.size(), 2U);
    for (const auto& [member, assignment] : result.assignments) {
      EXPECT_EQ(assignment.error, static_cast<int16_t>(AssignmentError::ConfigMismatch));
      EXPECT_EQ(assignment.offset, 7);
      EXPECT_THAT(assignment.connectors, IsEmpty());
    }
  }
}

TEST(AssignorTest, ALeaderThatHasCaughtUpUsesWhatItHasReadByNow) {
  Round round = two_members(5, 7);
  round.latest_config = {8, {{"c1", 1}, {"c2", 0}}};
  Assignor assignor(kMaxDelayMs);
  const RoundResult result = assignor.assign(ProtocolVersion::Sessioned, round);
  EXPECT_EQ(result.assignments.at("W1").offset, 8);
  EXPECT_THAT(result.assignments.at("W2").connectors, ElementsAre("c2"));
}

TEST(AssignorTest, TheViewOfTheSubscriptionCountsWhileNobodyIsAhead) {
  Round round = two_members(7, 5);
  round.latest_config = {8, {{"c2", 0}}};
  Assignor assignor(kMaxDelayMs);
  const RoundResult result = assignor.assign(ProtocolVersion::Sessioned, round);
  EXPECT_EQ(result.assignments.at("W1").offset, 7);
  EXPECT_THAT(result.assignments.at("W1").connectors, ElementsAre("c1"));
}

TEST(AssignorTest, RefusesMembersThatMakeNoGroup) {
  Assignor assignor(kMaxDelayMs);
  Round round = two_members(5, 5);
  round.leader = "W3";
  EXPECT_THROW(assignor.assign(ProtocolVersion::Sessioned, round), ConnectException);
  round = two_members(5, 5);
  round.members.push_back(round.members[0]);
  EXPECT_THROW(assignor.assign(ProtocolVersion::Sessioned, round), ConnectException);
  round.members.clear();
  EXPECT_THROW(assignor.assign(ProtocolVersion::Eager, round), ConnectException);
}

}  // namespace
}  // namespace millrace::group
