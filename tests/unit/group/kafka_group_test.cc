// The member and its connections on a real broker (MILLRACE_TEST_BOOTSTRAP).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdlib>
#include <random>

#include "millrace/errors.h"
#include "runtime/group/group_member.h"
#include "runtime/group/kafka_coordinator_client.h"
#include "tests/support/io_executor.h"

namespace millrace::group {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Millis = std::chrono::milliseconds;
using testing::IoExecutor;
using Clock = std::chrono::steady_clock;

struct Peer final : GroupListener {
  Peer(boost::asio::io_context& io, IoExecutor& control, const std::string& group,
       const std::string& bootstrap, const std::string& own)
      : name(own),
        client(io, parse_bootstrap(bootstrap), {.client_id = own}),
        member(control, client, {.group_id = group},
               [] { return std::chrono::duration_cast<Millis>(Clock::now().time_since_epoch()); },
               1) {
    member.start(*this);
  }
  std::vector<ProtocolMetadata> metadata() override {
    return {{"sessioned", "s-" + name}, {"compatible", "c-" + name}};
  }
  void prepare_join(std::function<void()> ready) override { ready(); }
  std::vector<MemberAssignment> assign(const std::string&, const std::string&,
                                       const std::vector<MemberMetadata>& members) override {
    std::vector<MemberAssignment> result;
    for (const auto& m : members) result.push_back({m.member, "work for " + m.metadata});
    led = members.size();
    return result;
  }
  void on_joined(const Joined& joined) override { rounds.push_back(joined); }
  void on_lost(const std::string& why, bool) override { lost.push_back(why); }
  void on_fatal(std::exception_ptr error) override {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      fatal = known.what();
    }
  }

  std::string name;
  std::vector<Joined> rounds;
  std::vector<std::string> lost;
  std::string fatal;
  size_t led = 0;
  KafkaCoordinatorClient client;
  GroupMember member;
};

class KafkaGroupTest : public ::testing::Test {
 protected:
  static std::string bootstrap() {
    const char* value = std::getenv("MILLRACE_TEST_BOOTSTRAP");
    return value == nullptr ? "" : value;
  }
  std::unique_ptr<Peer> peer(const std::string& name) {
    return std::make_unique<Peer>(io_, control_, group_, bootstrap(), name);
  }
  template <class Condition>
  bool run_until(const Condition& condition, Millis limit = std::chrono::seconds(30)) {
    const auto end = Clock::now() + limit;
    while (!condition()) {
      if (Clock::now() > end) return false;
      io_.restart();
      io_.run_for(Millis{5});
    }
    return true;
  }

  boost::asio::io_context io_;
  IoExecutor control_{io_};
  const std::string group_ =
      "group-" + std::to_string(::getpid()) + "-" + std::to_string(std::random_device{}());
};

TEST_F(KafkaGroupTest, TwoMembersShareRoundsAndOneLeaves) {
  ASSERT_NE(bootstrap(), "");
  const auto a = peer("a");
  ASSERT_TRUE(run_until([&] { return !a->rounds.empty(); })) << a->fatal;
  EXPECT_EQ(a->rounds[0].protocol, "sessioned");
  EXPECT_TRUE(a->rounds[0].leader);
  EXPECT_EQ(a->rounds[0].assignment, "work for s-a");
  auto b = peer("b");
  ASSERT_TRUE(run_until([&] { return a->rounds.size() >= 2 && !b->rounds.empty(); }));
  EXPECT_EQ(b->rounds.back().assignment, "work for s-b");
  EXPECT_EQ(a->rounds.back().generation, b->rounds.back().generation);
  EXPECT_EQ(a->led, 2U);
  EXPECT_FALSE(b->rounds.back().leader);
  // The one that leaves is missed at once, not after its session.
  const auto left_at = Clock::now();
  bool left = false;
  b->member.stop(std::chrono::seconds(5), [&left](const Outcome<Done>&) { left = true; });
  ASSERT_TRUE(run_until([&] { return left; }));
  ASSERT_TRUE(run_until([&] { return a->led == 1; }));
  EXPECT_LT(Clock::now() - left_at, std::chrono::seconds(9));
  EXPECT_THAT(a->lost, SizeIs(0));
}

TEST_F(KafkaGroupTest, AConsumerGroupOfThisNameIsRefused) {
  ASSERT_NE(bootstrap(), "");
  const auto a = peer("a");
  ASSERT_TRUE(run_until([&] { return !a->rounds.empty(); }));
  // Another type in the same group: here the other way round, a member with no common protocol.
  struct Foreign final : GroupListener {
    std::vector<ProtocolMetadata> metadata() override { return {{"other", ""}}; }
    void prepare_join(std::function<void()> ready) override { ready(); }
    std::vector<MemberAssignment> assign(const std::string&, const std::string&,
                                         const std::vector<MemberMetadata>&) override {
      return {};
    }
    void on_joined(const Joined&) override {}
    void on_lost(const std::string&, bool) override {}
    void on_fatal(std::exception_ptr error) override { failure = error; }
    std::exception_ptr failure;
  } foreign;
  KafkaCoordinatorClient client(io_, parse_bootstrap(bootstrap()), {.client_id = "f"});
  GroupMember member(control_, client, {.group_id = group_}, [] { return Millis{0}; }, 2);
  member.start(foreign);
  ASSERT_TRUE(run_until([&] { return foreign.failure != nullptr; }));
  try {
    std::rethrow_exception(foreign.failure);
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("group.id of its own"));
  }
}

}  // namespace
}  // namespace millrace::group
