#include "connectors/lakehouse/commit/snapshot_expiry.h"

#include <gtest/gtest.h>

#include <numeric>

#include "connectors/lakehouse/commit/positions.h"

namespace millrace::lakehouse {
namespace {

using Ids = std::vector<int64_t>;

/// A table whose snapshots have ids from 1 on, a second after each other.
class SnapshotExpiry : public ::testing::Test {
 protected:
  SnapshotExpiry() : table_(create()) {}

  static TableMetadata create() {
    NewTable what;
    what.location = "/w/t";
    what.schema.fields = {{1, "a", false, primitive(TypeId::Long)}};
    return TableMetadata::create(what, new_uuid(), 0);
  }
  void apply(const std::vector<Json>& updates) { table_ = table_.apply(updates, last_ * 1000); }
  void grow(int64_t count, bool ours = true, const std::string& branch = "main") {
    for (int64_t i = 0; i < count; ++i) {
      Snapshot snapshot;
      snapshot.id = ++last_;
      snapshot.parent_id = table_.ref(branch);
      snapshot.sequence_number = table_.last_sequence_number() + 1;
      snapshot.timestamp_ms = last_ * 1000;
      snapshot.manifest_list = "/w/t/list";
      snapshot.summary = {{"operation", "append"}};
      if (ours) snapshot.summary[kOffsetsKey] = "{}";
      apply({change::add_snapshot(snapshot), change::set_branch(table_, branch, snapshot.id)});
    }
  }
  void tag(const std::string& name, int64_t id) {
    apply({{{"action", "set-snapshot-ref"}, {"ref-name", name}, {"type", "tag"}, {"snapshot-id", id}}});
  }
  void retention(const std::string& branch, const char* member, int64_t value) {
    Json update = change::set_branch(branch, *table_.ref(branch));
    update[member] = value;
    apply({update});
  }
  Ids expired(const ExpiryRules& rules) const {
    return expired_snapshots(table_, "main", rules, last_ * 1000 + 500);
  }

  TableMetadata table_;
  int64_t last_ = 0;
};

TEST_F(SnapshotExpiry, IsOffByDefault) {
  grow(5);
  EXPECT_EQ(expired({}), Ids());
  EXPECT_EQ(expired_snapshots(table_, "other", {.keep = 1}, 0), Ids()) << "no such branch yet";
}

TEST_F(SnapshotExpiry, TheNewestStayTheNewOneIncluded) {
  grow(5);
  EXPECT_EQ(expired({.keep = 6}), Ids());
  EXPECT_EQ(expired({.keep = 3}), (Ids{1, 2, 3}));
  EXPECT_EQ(expired({.keep = 1}), (Ids{1, 2, 3, 4, 5}));
}

TEST_F(SnapshotExpiry, YoungOnesStayBeyondTheNumber) {
  grow(5);
  EXPECT_EQ(expired({.keep = 2, .max_age_ms = 2600}), (Ids{1, 2}));
  EXPECT_EQ(expired({.keep = 4, .max_age_ms = 600}), (Ids{1, 2}));
  EXPECT_EQ(expired({.max_age_ms = 600}), (Ids{1, 2, 3, 4}));
}

TEST_F(SnapshotExpiry, TagsStay) {
  grow(5);
  tag("release", 2);
  EXPECT_EQ(expired({.keep = 2}), (Ids{1, 3, 4}));
}

TEST_F(SnapshotExpiry, OffsetsOfWhatStaysCanBeReached) {
  grow(2);
  grow(3, false);
  EXPECT_EQ(expired({.keep = 2}), Ids{1}) << "2 is the newest with offsets for 5, which stays";
  EXPECT_EQ(expired({.keep = 1}), (Ids{1, 2, 3, 4, 5})) << "the new one has offsets of its own";
  grow(1);
  tag("release", 4);
  EXPECT_EQ(expired({.keep = 1}), (Ids{1, 5, 6})) << "the tag's way to offsets stays";
}

TEST_F(SnapshotExpiry, TheBranchsRetentionIsRespected) {
  grow(5);
  retention("main", "min-snapshots-to-keep", 4);
  EXPECT_EQ(expired({.keep = 2}), (Ids{1, 2}));
  retention("main", "max-snapshot-age-ms", 3600);
  EXPECT_EQ(expired({.keep = 2}), Ids{1});
}

TEST_F(SnapshotExpiry, OtherBranchesKeepTheirHistory) {
  grow(4);
  apply({change::set_branch("audit", 4)});
  grow(2);
  EXPECT_EQ(expired({.keep = 2}), Ids{5}) << "all are younger than five days";
  retention("audit", "max-snapshot-age-ms", 1);
  EXPECT_EQ(expired({.keep = 2}), (Ids{1, 2, 3, 5}));
  retention("audit", "min-snapshots-to-keep", 2);
  EXPECT_EQ(expired({.keep = 2}), (Ids{1, 2, 5}));
}

TEST_F(SnapshotExpiry, TheTablesPropertiesAreThoseOfOtherBranches) {
  grow(4);
  apply({change::set_branch("audit", 3),
         change::set_properties({{"history.expire.max-snapshot-age-ms", "1"},
                                 {"history.expire.min-snapshots-to-keep", "2"}})});
  EXPECT_EQ(expired({.keep = 1}), (Ids{1, 4}));
}

TEST_F(SnapshotExpiry, WhatIsOnNoBranchStays) {
  grow(5);
  apply({change::set_branch("main", 3)});
  EXPECT_EQ(expired({.keep = 1}), (Ids{1, 2, 3})) << "4 and 5 tell of the rollback";
}

TEST_F(SnapshotExpiry, OneCommitTakesALimitedNumberOldestFirst) {
  const auto count = static_cast<int64_t>(kMaxExpiredPerCommit);
  grow(count + 20);
  Ids first(kMaxExpiredPerCommit);
  std::iota(first.begin(), first.end(), 1);
  EXPECT_EQ(expired({.keep = 2}), first);
  apply({change::remove_snapshots(first)});
  EXPECT_EQ(expired({.keep = 2}).size(), 19U);
}

}  // namespace
}  // namespace millrace::lakehouse
