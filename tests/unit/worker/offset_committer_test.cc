#include "runtime/worker/offset_committer.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "runtime/storage/memory_offset_store.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;
using Result = OffsetCommitter::Result;

/// Holds writes until the test lets them end.
class HeldStore final : public MemoryOffsetStore {
 public:
  void set(OffsetEntries entries, WriteCallback done) override {
    last = std::move(entries);
    callback = std::move(done);
  }
  void end(const char* error = nullptr) {
    if (error == nullptr) merge(last);
    callback(error != nullptr ? std::make_exception_ptr(ConnectException(error)) : nullptr);
  }
  OffsetEntries last;
  WriteCallback callback;
};

class OffsetCommitterTest : public testing::Test {
 protected:
  HeldStore store_;
  int wakes_ = 0;
  OffsetCommitter committer_{store_, [this] { ++wakes_; }};
};

TEST_F(OffsetCommitterTest, NothingToWriteIsNoFlush) {
  EXPECT_FALSE(committer_.begin_flush());
  EXPECT_EQ(committer_.poll(), Result::Idle);
}

TEST_F(OffsetCommitterTest, AFlushSucceedsOnce) {
  committer_.stage({{"k", "1"}});
  ASSERT_TRUE(committer_.begin_flush());
  EXPECT_EQ(committer_.poll(), Result::Running);
  store_.end();
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(committer_.poll(), Result::Succeeded);
  EXPECT_EQ(committer_.poll(), Result::Idle);
  EXPECT_FALSE(committer_.begin_flush());
}

TEST_F(OffsetCommitterTest, AFailedFlushIsGivenBackUnderNewerValues) {
  committer_.stage({{"a", "1"}, {"b", "1"}});
  ASSERT_TRUE(committer_.begin_flush());
  committer_.stage({{"a", "2"}});
  store_.end("disk full");
  EXPECT_EQ(committer_.poll(), Result::Failed);
  EXPECT_EQ(committer_.reason(), "disk full");
  ASSERT_TRUE(committer_.begin_flush());
  EXPECT_EQ(store_.last, (OffsetEntries{{"a", "2"}, {"b", "1"}}));
}

TEST_F(OffsetCommitterTest, ALateAnswerOfACancelledFlushChangesNothing) {
  committer_.stage({{"k", "1"}});
  ASSERT_TRUE(committer_.begin_flush());
  EXPECT_EQ(committer_.await(1ms), Result::Failed);
  EXPECT_FALSE(committer_.flushing());
  store_.end();
  EXPECT_EQ(wakes_, 0);
  EXPECT_EQ(committer_.poll(), Result::Idle);
  ASSERT_TRUE(committer_.begin_flush()) << "the entries were given back";
}

}  // namespace
}  // namespace millrace
