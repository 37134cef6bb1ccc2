#include "connectors/lakehouse/commit/merge_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace millrace::lakehouse {
namespace {

std::vector<ManifestFile> manifests_of(const std::vector<int64_t>& lengths) {
  std::vector<ManifestFile> manifests;
  for (const int64_t length : lengths) {
    ManifestFile manifest;
    manifest.path = "m" + std::to_string(manifests.size());
    manifest.length = length;
    manifests.push_back(manifest);
  }
  return manifests;
}

using Plan = std::vector<MergeGroup>;

TEST(MergePlan, TheNewestWaitForEnoughOfThem) {
  const auto manifests = manifests_of({1, 1, 1});
  EXPECT_EQ(plan_merges(manifests, {true, 4, 100}, {}), (Plan{{0}, {1}, {2}}));
  EXPECT_EQ(plan_merges(manifests, {true, 3, 100}, {}), (Plan{{0, 1, 2}}));
  EXPECT_EQ(plan_merges(manifests, {false, 3, 100}, {}), (Plan{{0}, {1}, {2}}));
  EXPECT_EQ(plan_merges({}, {true, 3, 100}, {}), Plan());
}

TEST(MergePlan, OlderOnesAreFilledUpFromTheEnd) {
  const auto manifests = manifests_of({1, 4, 4, 5, 5});
  EXPECT_EQ(plan_merges(manifests, {true, 100, 10}, {}), (Plan{{0}, {1}, {2}, {3, 4}}));
  EXPECT_EQ(plan_merges(manifests, {true, 3, 10}, {}), (Plan{{0, 1, 2}, {3, 4}}));
  EXPECT_EQ(plan_merges(manifests_of({1, 11, 1, 1}), {true, 100, 10}, {}), (Plan{{0}, {1}, {2, 3}}))
      << "one that is too large alone stays as it is";
}

TEST(MergePlan, SpecsAndContentsStayApart) {
  auto manifests = manifests_of({1, 1, 1, 1, 1, 1});
  manifests[1].spec_id = manifests[3].spec_id = 7;
  manifests[2].content = manifests[5].content = ManifestContent::Deletes;
  EXPECT_EQ(plan_merges(manifests, {true, 2, 100}, {}), (Plan{{1, 3}, {0, 4}, {2, 5}}));
  EXPECT_EQ(plan_merges(manifests, {true, 100, 100}, {}), (Plan{{1, 3}, {0}, {4}, {2}, {5}}))
      << "the newest data manifest and the newest with deletes wait";
}

TEST(MergePlan, WhatCannotBeMergedStaysInItsPlace) {
  auto manifests = manifests_of({1, 1, 1, 1, 1});
  EXPECT_EQ(plan_merges(manifests, {true, 2, 100}, {"m2"}), (Plan{{0, 1}, {2}, {3, 4}}));
  manifests[3].key_metadata = "encrypted";
  EXPECT_EQ(plan_merges(manifests, {true, 2, 100}, {}), (Plan{{0, 1, 2}, {3}, {4}}));
}

TEST(MergePlan, MergesOfOneCommitAreLimited) {
  const auto manifests = manifests_of(std::vector<int64_t>(2 * (kMaxMergesPerCommit + 3), 5));
  const Plan plan = plan_merges(manifests, {true, 2, 10}, {});
  const auto merges = std::count_if(plan.begin(), plan.end(), [](const auto& g) { return g.size() > 1; });
  EXPECT_EQ(static_cast<size_t>(merges), kMaxMergesPerCommit);
}

TEST(MergePlan, EachManifestIsInOneGroupAndGroupsFit) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<int64_t> lengths(random() % 40);
    for (int64_t& length : lengths) length = 1 + static_cast<int64_t>(random() % 12);
    auto manifests = manifests_of(lengths);
    std::set<std::string> fixed;
    for (ManifestFile& manifest : manifests) {
      manifest.spec_id = static_cast<int32_t>(random() % 2);
      manifest.content = static_cast<ManifestContent>(random() % 2);
      if (random() % 8 == 0) fixed.insert(manifest.path);
    }
    std::vector<size_t> seen;
    for (const MergeGroup& group : plan_merges(manifests, {true, 1 + random() % 6, 10}, fixed)) {
      int64_t bytes = 0;
      for (const size_t place : group) {
        seen.push_back(place);
        bytes += manifests[place].length;
        EXPECT_EQ(manifests[place].spec_id, manifests[group[0]].spec_id);
        EXPECT_EQ(manifests[place].content, manifests[group[0]].content);
        EXPECT_TRUE(group.size() == 1 || !fixed.contains(manifests[place].path));
      }
      EXPECT_TRUE(std::is_sorted(group.begin(), group.end()));
      EXPECT_TRUE(group.size() == 1 || bytes <= 10);
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), manifests.size());
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i);
  }
}

TEST(MergeRules, AreTheTables) {
  NewTable what;
  what.location = "/w/t";
  const auto rules = [&](std::map<std::string, std::string> properties) {
    what.properties = std::move(properties);
    return merge_rules(TableMetadata::create(what, new_uuid(), 0));
  };
  EXPECT_TRUE(rules({}).enabled);
  EXPECT_EQ(rules({}).min_count, 100U);
  EXPECT_EQ(rules({}).target_bytes, 8 << 20);
  EXPECT_FALSE(rules({{"commit.manifest-merge.enabled", "FALSE"}}).enabled);
  EXPECT_EQ(rules({{"commit.manifest.min-count-to-merge", "7"}}).min_count, 7U);
  EXPECT_EQ(rules({{"commit.manifest.min-count-to-merge", "-7"}}).min_count, 1U);
  EXPECT_EQ(rules({{"commit.manifest.min-count-to-merge", "7x"}}).min_count, 100U);
  EXPECT_EQ(rules({{"commit.manifest.target-size-bytes", "99"}}).target_bytes, 99);
}

}  // namespace
}  // namespace millrace::lakehouse
