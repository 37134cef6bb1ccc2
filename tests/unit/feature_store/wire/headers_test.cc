#include "connectors/feature_store/wire/headers.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

namespace millrace::feature_store {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

RecordHeaders read(const std::vector<Pair>& pairs) {
  std::vector<Header> headers;
  for (const auto& [name, text] : pairs) headers.push_back({.key = name, .data = {}, .wire = WireBytes::of(text)});
  Record record;
  record.headers = headers.data();
  record.header_count = static_cast<uint32_t>(headers.size());
  return read_headers(record);
}

TEST(Headers, OfAnUpsert) {
  const RecordHeaders headers = read({{"projectId", "119"},
                                      {"featureGroupId", "42"},
                                      {"subjectId", "17"},
                                      {"onlineIngestionId", "7"},
                                      {"somethingElse", "x"}});
  EXPECT_EQ(headers.error, nullptr);
  EXPECT_EQ(headers.project_id, 119);
  EXPECT_EQ(headers.feature_group_id, 42);
  EXPECT_EQ(headers.subject_id, 17);
  EXPECT_EQ(headers.ingestion_id, 7);
  EXPECT_EQ(headers.operation, Operation::Upsert);
  EXPECT_EQ(headers.storage, StorageMark::Both);
  EXPECT_FALSE(headers.upsert_if_newer);
}

TEST(Headers, AbsentOnes) {
  const RecordHeaders headers = read({});
  EXPECT_EQ(headers.error, nullptr);
  EXPECT_EQ(headers.feature_group_id, kNoId);
  EXPECT_EQ(headers.subject_id, kNoId);
  EXPECT_EQ(headers.ingestion_id, kNoId);
}

TEST(Headers, Storage) {
  EXPECT_EQ(read({{"storage", "online"}}).storage, StorageMark::Online);
  EXPECT_EQ(read({{"storage", "offline"}}).storage, StorageMark::Offline);
  EXPECT_EQ(read({{"storage", "0"}}).storage, StorageMark::Offline) << "of older clients";
  EXPECT_EQ(read({{"storage", "1"}}).storage, StorageMark::Both) << "1 is not online only";
  for (const std::string_view none : {"", "Online", "OFFLINE", "2", "online "}) {
    EXPECT_NE(read({{"storage", none}}).error, nullptr) << none;
  }
}

TEST(Headers, Operation) {
  EXPECT_EQ(read({{"operation", "delete"}, {"storage", "online"}}).operation, Operation::Delete);
  EXPECT_NE(read({{"operation", "Delete"}}).error, nullptr);
  EXPECT_NE(read({{"operation", ""}}).error, nullptr);
  EXPECT_EQ(read({{"Operation", "delete"}}).operation, Operation::Upsert) << "names are exact";
}

TEST(Headers, UpsertIfNewer) {
  EXPECT_TRUE(read({{"upsertIfNewer", "1"}}).upsert_if_newer);
  EXPECT_FALSE(read({{"upsertIfNewer", "0"}}).upsert_if_newer);
  EXPECT_EQ(read({{"upsertIfNewer", "0"}}).error, nullptr);
}

TEST(Headers, NumbersAreDecimalText) {
  for (const std::string_view none : {"", "x", "-1", "+1", " 1", "1 ", "1.0", "9223372036854775808", "0x1"}) {
    EXPECT_NE(read({{"featureGroupId", none}}).error, nullptr) << none;
    EXPECT_NE(read({{"subjectId", none}}).error, nullptr) << none;
  }
  EXPECT_EQ(read({{"subjectId", "9223372036854775807"}}).subject_id, INT64_MAX);
}

TEST(Headers, TheLastOneOfANameCounts) {
  const RecordHeaders headers = read({{"featureGroupId", "bad"},
                                      {"operation", "delete"},
                                      {"storage", "offline"},
                                      {"featureGroupId", "2"},
                                      {"storage", "1"}});
  EXPECT_EQ(headers.error, nullptr) << "what is overruled does not count";
  EXPECT_EQ(headers.feature_group_id, 2);
  EXPECT_EQ(headers.operation, Operation::Delete);
  EXPECT_EQ(headers.storage, StorageMark::Both);
  EXPECT_NE(read({{"featureGroupId", "2"}, {"featureGroupId", "bad"}}).error, nullptr);
}

TEST(Headers, NullIsAbsent) {
  std::vector<Header> headers(2);
  headers[0] = {.key = "operation", .data = {}, .wire = {}};
  headers[1] = {.key = "subjectId", .data = {}, .wire = {}};
  Record record;
  record.headers = headers.data();
  record.header_count = 2;
  const RecordHeaders out = read_headers(record);
  EXPECT_EQ(out.error, nullptr);
  EXPECT_EQ(out.operation, Operation::Upsert);
  EXPECT_EQ(out.subject_id, kNoId);
}

}  // namespace
}  // namespace millrace::feature_store
