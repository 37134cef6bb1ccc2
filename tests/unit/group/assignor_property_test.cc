// Whatever happened to a group: once it is left alone, everything configured has one owner, and no
// member has two connectors or tasks more than another.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/group/small_cluster.h"

namespace millrace::group {
namespace {

constexpr int kQuietRounds = 30;  // enough for every delay and back-off to end

class Life {
 public:
  explicit Life(uint32_t seed)
      : random_(seed), max_delay_ms_(pick(3) == 0 ? 0 : 60'000), cluster_(max_delay_ms_) {
    cluster_.join("W0");
  }

  void disturb() {
    const std::string member = "W" + std::to_string(pick(6));
    const std::string connector = "c" + std::to_string(pick(5));
    switch (pick(6)) {
      case 0:
      case 1:
        cluster_.join(member);
        break;
      case 2:
        if (cluster_.members().size() > 1) cluster_.leave(member);
        break;
      case 3:
        cluster_.configure(connector, static_cast<int32_t>(pick(6)));
        break;
      case 4:
        cluster_.remove(connector);
        break;
      default:
        cluster_.pass(pick(70'000));
    }
    if (pick(8) == 0) return cluster_.rebalance_in_vain();
    cluster_.rebalance();
  }

  void settle() {
    for (int i = 0; i < kQuietRounds; ++i) {
      cluster_.rebalance();
      cluster_.pass(cluster_.delay_ms);
    }
  }

  void check() const {
    std::map<std::string, int> owners;
    std::vector<size_t> connectors;
    std::vector<size_t> tasks;
    for (const auto& [member, worker] : cluster_.members()) {
      connectors.push_back(worker.held->connectors.size());
      tasks.push_back(worker.held->tasks.size());
      for (const std::string& connector : worker.held->connectors) ++owners[connector];
      for (const ConnectorTaskId& task : worker.held->tasks) ++owners[task.to_string()];
    }
    std::map<std::string, int> wanted;
    for (const auto& [connector, count] : cluster_.config().connectors) {
      wanted[connector] = 1;
      for (int32_t task = 0; task < count; ++task) {
        wanted[ConnectorTaskId{connector, task}.to_string()] = 1;
      }
    }
    EXPECT_EQ(owners, wanted);
    EXPECT_LE(spread(connectors), 1U);
    EXPECT_LE(spread(tasks), 1U);
  }

 private:
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  static size_t spread(const std::vector<size_t>& counts) {
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    return *most - *least;
  }

  std::mt19937 random_;
  const int32_t max_delay_ms_;
  SmallCluster cluster_;
};

TEST(AssignorPropertyTest, AQuietGroupRunsEverythingOnceAndEvenly) {
  constexpr uint32_t kFirstSeed = 20250101;
  for (uint32_t seed = kFirstSeed; seed < kFirstSeed + 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    for (int i = 0; i < 25; ++i) life.disturb();
    life.settle();
    life.check();
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace millrace::group
