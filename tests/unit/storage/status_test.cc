#include "runtime/storage/status.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(StatusTest, NamesAreThoseOfTheRestApi) {
  EXPECT_EQ(target_state_name(TargetState::Started), "STARTED");
  EXPECT_EQ(target_state_name(TargetState::Paused), "PAUSED");
  EXPECT_EQ(target_state_name(TargetState::Stopped), "STOPPED");
  EXPECT_EQ(state_name(State::Unassigned), "UNASSIGNED");
  EXPECT_EQ(state_name(State::Running), "RUNNING");
  EXPECT_EQ(state_name(State::Paused), "PAUSED");
  EXPECT_EQ(state_name(State::Failed), "FAILED");
  EXPECT_EQ(state_name(State::Destroyed), "DESTROYED");
  EXPECT_EQ(state_name(State::Restarting), "RESTARTING");
  EXPECT_EQ(state_name(State::Stopped), "STOPPED");
}

TEST(MemoryStatusStoreTest, KeepsTheLatestStatus) {
  MemoryStatusStore store;
  EXPECT_EQ(store.connector("a"), nullptr);
  store.put_connector("a", {State::Running, "w:1", "", "1.0", 0});
  store.put_connector("a", {State::Failed, "w:1", "trace", "1.0", 1});
  ASSERT_NE(store.connector("a"), nullptr);
  EXPECT_EQ(store.connector("a")->state, State::Failed);
  EXPECT_EQ(store.connector("a")->trace, "trace");
}

TEST(MemoryStatusStoreTest, TasksAreSortedByNumberAndBelongToOneConnector) {
  MemoryStatusStore store;
  for (const int32_t task : {10, 2, 0}) store.put_task({"b", task}, Status{State::Running, "", "", "", 0});
  store.put_task({"a", 1}, Status{State::Failed, "", "", "", 0});
  store.put_task({"ba", 1}, Status{State::Failed, "", "", "", 0});
  std::vector<int32_t> numbers;
  for (const auto& [task, status] : store.tasks("b")) numbers.push_back(task);
  EXPECT_EQ(numbers, (std::vector<int32_t>{0, 2, 10}));
}

TEST(MemoryStatusStoreTest, RemovingAConnectorRemovesItsTasksOnly) {
  MemoryStatusStore store;
  store.put_connector("a", {});
  store.put_task({"a", 0}, {});
  store.put_task({"ab", 0}, {});
  store.remove_connector("a");
  EXPECT_EQ(store.connector("a"), nullptr);
  EXPECT_EQ(store.task({"a", 0}), nullptr);
  EXPECT_NE(store.task({"ab", 0}), nullptr);
  store.remove_task({"ab", 0});
  EXPECT_EQ(store.task({"ab", 0}), nullptr);
}

}  // namespace
}  // namespace millrace
