#include "connectors/feature_store/mysql/mysql_store.h"

#include <gmock/gmock.h>

#include "connectors/feature_store/mysql/mysql_table.h"
#include "tests/unit/feature_store/mysql/mysql_fixture.h"

namespace millrace::feature_store::testing_support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMoment = 1'767'323'045'678'901;  // 2026-01-02 03:04:05.678901

TEST_F(MysqlStoreTest, RowsAreWrittenAndOverwrittenWhole) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(7, kMoment, 9.25, "hi"));
  first.add(plan, sample_row(8, kMoment, 1.5, "there"));
  ASSERT_TRUE(first.apply(*store, -1, 2));
  EXPECT_THAT(rows("SELECT id, ts, amount, note FROM bank.txn_1 ORDER BY id"),
              ElementsAre("7|2026-01-02 03:04:05|9.25|hi", "8|2026-01-02 03:04:05|1.5|there"));
  Batch second;
  second.add(plan, sample_row(7, std::nullopt, 2));
  second.add(plan, sample_delete(8), {.is_delete = true});
  second.add(plan, sample_delete(9), {.is_delete = true});
  ASSERT_TRUE(second.apply(*store, 2, 5));
  EXPECT_EQ(second[1].status, RowStatus::Deleted);
  EXPECT_THAT(rows("SELECT id, ts, amount, note FROM bank.txn_1"), ElementsAre("7|NULL|2|NULL"));
  EXPECT_EQ(position(*store), 5);
  EXPECT_EQ(one("SELECT * FROM millrace.kafka_offsets"), "sink|bank_onlinefs|0|5");
}

TEST_F(MysqlStoreTest, MoreRowsThanAStatementHas) {
  MysqlOptions with = options();
  with.rows_per_statement = 100;
  const auto store = open_mysql(with);
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  for (int64_t id = 999; id >= 0; --id)
    batch.add(plan, sample_row(id, kMoment, static_cast<double>(id)));
  ASSERT_TRUE(batch.apply(*store, -1, 1'000));
  EXPECT_EQ(one("SELECT COUNT(*), SUM(amount) FROM bank.txn_1"), "1000|499500");
  Batch remove;
  for (int64_t id = 0; id < 777; ++id) remove.add(plan, sample_delete(id), {.is_delete = true});
  ASSERT_TRUE(remove.apply(*store, 1'000, 1'777));
  EXPECT_EQ(one("SELECT COUNT(*), MIN(id) FROM bank.txn_1"), "223|777");
}

TEST_F(MysqlStoreTest, KeysOfSeveralPartsAreExactBytes) {
  FeatureGroup group = sample_group();
  group.primary_key = {"name", "day"};
  group.event_time.clear();
  const RowPlanPtr plan =
      plan_of(group, schema_of({{"v", "\"int\""}, {"day", kDate}, {"name", "\"string\""}}));
  const auto store = open();
  Batch batch;
  for (const std::string name : {"a", "A", "a ", "\xC3\xA4", "\xF0\x9F\x98\x80"}) {
    batch.add(plan, RowText().whole(1).whole(20'455).bytes(name));
  }
  batch.add(plan, RowText().whole(1).whole(20'456).bytes("a"));
  ASSERT_TRUE(batch.apply(*store, -1, 6));
  EXPECT_EQ(one("SELECT COUNT(*) FROM bank.txn_1"), "6");
  Batch remove;
  remove.add(plan, RowText().null().whole(20'455).bytes("a"), {.is_delete = true});
  remove.add(plan, RowText().null().whole(20'455).bytes("\xF0\x9F\x98\x80"), {.is_delete = true});
  ASSERT_TRUE(remove.apply(*store, 6, 8));
  EXPECT_THAT(rows("SELECT HEX(name), day FROM bank.txn_1 ORDER BY day, name"),
              ElementsAre("41|2026-01-02", "6120|2026-01-02", "C3A4|2026-01-02", "61|2026-01-03"));
}

TEST_F(MysqlStoreTest, EveryTypeComesBackAsItWas) {
  FeatureGroup group = sample_group();
  group.event_time.clear();
  group.online_types["t6"] = parse_column_type("timestamp(6)");
  group.online_types["body"] = parse_column_type("text");
  group.online_types["raw"] = parse_column_type("blob");
  group.feature_types["tiny"] = parse_feature_type("tinyint");
  const std::string array = R"({"type":"array","items":["null","double"]})";
  const RowPlanPtr plan = plan_of(group, schema_of({{"id", "\"long\""},
                                                    {"tiny", "\"int\""},
                                                    {"i", "\"int\""},
                                                    {"l", "\"long\""},
                                                    {"f", "\"float\""},
                                                    {"d", "\"double\""},
                                                    {"b", "\"boolean\""},
                                                    {"s", "\"string\""},
                                                    {"body", "\"string\""},
                                                    {"bin", "\"bytes\""},
                                                    {"raw", "\"bytes\""},
                                                    {"day", kDate},
                                                    {"t", kTimestamp},
                                                    {"t6", kTimestamp},
                                                    {"dec", decimal_type(20, 2)},
                                                    {"a", array}}));
  const auto store = open();
  const std::string long_text(60'000, 'x');
  const std::string nested("\x02\x02\x02\0\0\0\0\0\0\xf8\x3f\0", 12);
  Batch batch;
  batch.add(plan, RowText()
                      .whole(INT64_MIN)
                      .whole(-128)
                      .whole(INT32_MIN)
                      .whole(INT64_MAX)
                      .small_real(0.1F)
                      .real(-1.0e300)
                      .truth(true)
                      .bytes("\xC3\xA4\xF0\x9F\x98\x80")
                      .bytes(long_text)
                      .bytes(std::string("\0\xFF", 2))
                      .bytes(long_text)
                      .whole(-141'427)
                      .whole(kMoment)
                      .whole(kMoment)
                      .bytes("\xCF\xC7")
                      .bytes(nested));
  RowText nulls;
  nulls.whole(2);
  for (int i = 0; i < 15; ++i) nulls.null();
  batch.add(plan, nulls);
  RowText infinite;
  infinite.whole(3)
      .null()
      .null()
      .null()
      .small_real(std::numeric_limits<float>::infinity())
      .real(std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < 10; ++i) infinite.null();
  batch.add(plan, infinite);
  ASSERT_TRUE(batch.apply(*store, -1, 3));
  EXPECT_EQ(
      one("SELECT id, tiny, i, l, f, d, b, HEX(s), LENGTH(body), HEX(bin), LENGTH(raw), day, t, "
          "t6, `dec`, "
          "HEX(a) FROM bank.txn_1 WHERE id < 0"),
      "-9223372036854775808|-128|-2147483648|9223372036854775807|0.1|-1e300|1|C3A4F09F9880|60000|"
      "00FF|60000|"
      "1582-10-15|2026-01-02 03:04:05|2026-01-02 03:04:05.678901|-123.45|020202000000000000F83F00");
  EXPECT_EQ(one("SELECT tiny, i, l, f, d, b, s, body, bin, raw, day, t, t6, `dec`, a FROM "
                "bank.txn_1 WHERE id = 2"),
            "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL");
  EXPECT_EQ(one("SELECT f, d FROM bank.txn_1 WHERE id = 3"), "NULL|NULL");
}

TEST_F(MysqlStoreTest, EveryTypeOfKeyIsFoundAgain) {
  FeatureGroup group = sample_group();
  group.primary_key = {"a", "b", "c", "d", "e", "f"};
  group.event_time = "ts";
  group.online_types["ts"] = parse_column_type("timestamp(6)");
  group.online_types["d"] = parse_column_type("timestamp(3)");
  const RowPlanPtr plan = plan_of(group, schema_of({{"a", "\"boolean\""},
                                                    {"b", "\"bytes\""},
                                                    {"c", kDate},
                                                    {"d", kTimestamp},
                                                    {"e", decimal_type(10, 2)},
                                                    {"f", "\"string\""},
                                                    {"ts", kTimestamp},
                                                    {"v", "\"int\""}}));
  const auto store = open();
  const auto row = [](int64_t ts, int64_t value) {
    return RowText()
        .truth(true)
        .bytes(std::string("\0|\xFF", 3))
        .whole(-1)
        .whole(kMoment)
        .bytes("\xCF\xC7")
        .bytes("x|y")
        .whole(ts)
        .whole(value);
  };
  const auto apply = [&](int64_t ts, int64_t value, int64_t expected) {
    Batch batch;
    batch.add(plan, row(ts, value), {.if_newer = true});
    EXPECT_TRUE(batch.apply(*store, expected, expected < 0 ? 1 : expected + 1));
    return batch[0].status;
  };
  EXPECT_EQ(apply(kMoment, 1, -1), RowStatus::Upserted);
  EXPECT_EQ(apply(kMoment - 1, 2, 1), RowStatus::Ignored);
  EXPECT_EQ(apply(kMoment + 1, 3, 2), RowStatus::Upserted);
  EXPECT_EQ(one("SELECT v FROM bank.txn_1"), "3");
}

TEST_F(MysqlStoreTest, NewerModeKeepsTheLargestEventTime) {
  for (const bool hidden : {false, true}) {
    SetUp();
    FeatureGroup group = sample_group();
    group.online_types["ts"] = parse_column_type("timestamp(6)");
    const RowPlanPtr plan = plan_of(group, sample_schema());
    const auto store = open(hidden);
    const auto apply = [&](std::optional<int64_t> ts, double amount, int64_t expected) {
      Batch batch;
      batch.add(plan, sample_row(7, ts, amount), {.if_newer = true, .ingestion = 5});
      EXPECT_TRUE(batch.apply(*store, expected, expected < 0 ? 1 : expected + 1));
      return batch[0].status;
    };
    EXPECT_EQ(apply(std::nullopt, 1, -1), RowStatus::Upserted);
    EXPECT_EQ(apply(kMoment, 2, 1), RowStatus::Upserted) << "no time is the lowest";
    EXPECT_EQ(apply(kMoment - 1, 3, 2), RowStatus::Ignored);
    EXPECT_EQ(apply(kMoment, 4, 3), RowStatus::Upserted) << "at one time, the later arrival";
    EXPECT_EQ(apply(std::nullopt, 5, 4), RowStatus::Ignored);
    EXPECT_EQ(one("SELECT amount, ts FROM bank.txn_1"), "4|2026-01-02 03:04:05.678901");
    EXPECT_THAT(store->ingestion(42, 5)->rows, ElementsAre(3, 0, 2, 0));
  }
}

TEST_F(MysqlStoreTest, ColumnsOfSecondsCannotTellTimesWithinOne) {
  const RowPlanPtr plan = sample_plan();
  for (const bool hidden : {false, true}) {
    SetUp();
    const auto store = open(hidden);
    Batch first;
    first.add(plan, sample_row(7, kMoment, 1), {.if_newer = true});
    ASSERT_TRUE(first.apply(*store, -1, 1));
    Batch older;
    older.add(plan, sample_row(7, kMoment - 100, 2), {.if_newer = true});
    ASSERT_TRUE(older.apply(*store, 1, 2));
    EXPECT_EQ(older[0].status, hidden ? RowStatus::Ignored : RowStatus::Upserted);
    EXPECT_EQ(one("SELECT amount FROM bank.txn_1"), hidden ? "1" : "2");
  }
}

/// What SELECT ... FOR UPDATE cannot see: a row that somebody else inserts after it.
TEST_F(MysqlStoreTest, TheStatementItselfKeepsNewerRows) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  store->prepare(*plan);
  connection_->run("INSERT INTO bank.txn_1 VALUES (7, '2026-01-02 03:04:05', 1, 'new')");
  MysqlTable table(*plan, {}, {"id", "ts", "amount", "note"});
  const auto write = [&](int64_t ts, const std::string& note) {
    Batch batch;
    BoundRows bound;
    ASSERT_FALSE(table.append_row(batch.add(plan, sample_row(7, ts, 2, note)), bound));
    connection_->execute(table.upsert_sql(1, true), bound.parameters);
  };
  write(kMoment - 1'000'000, "old");
  EXPECT_EQ(one("SELECT amount, note FROM bank.txn_1"), "1|new");
  write(kMoment, "as new");
  EXPECT_EQ(one("SELECT amount, note FROM bank.txn_1"), "2|as new");
}

TEST_F(MysqlStoreTest, AMarkerKeepsAnOlderRowFromComingBack) {
  const auto store = open(true);
  const RowPlanPtr plan = sample_plan();
  const auto apply = [&](std::string row, bool is_delete, int64_t expected) {
    Batch batch;
    batch.add(plan, std::move(row), {.is_delete = is_delete, .if_newer = true});
    EXPECT_TRUE(batch.apply(*store, expected, expected < 0 ? 1 : expected + 1));
    return batch[0].status;
  };
  EXPECT_EQ(apply(sample_row(7, kMoment, 1), false, -1), RowStatus::Upserted);
  EXPECT_EQ(apply(sample_delete(7), true, 1), RowStatus::Deleted);
  EXPECT_EQ(apply(sample_row(7, kMoment - 1, 2), false, 2), RowStatus::Ignored);
  EXPECT_EQ(apply(sample_delete(7), true, 3), RowStatus::Deleted);
  EXPECT_EQ(apply(sample_row(7, kMoment - 1, 2), false, 4), RowStatus::Ignored);
  EXPECT_THAT(rows("SELECT * FROM bank.txn_1"), IsEmpty());
  EXPECT_EQ(one("SELECT group_id, event_us FROM millrace.fs_deleted"),
            "42|" + std::to_string(kMoment));
  EXPECT_EQ(apply(sample_row(7, kMoment + 1, 3), false, 5), RowStatus::Upserted);
  EXPECT_THAT(rows("SELECT * FROM millrace.fs_deleted"), IsEmpty());
  EXPECT_EQ(one("SELECT amount FROM bank.txn_1"), "3");
}

TEST_F(MysqlStoreTest, MarkersEndWithTheirRetention) {
  MysqlOptions with = options();
  with.hidden_columns = true;
  with.marker_retention = std::chrono::milliseconds(0);
  const auto store = open_mysql(with);
  const RowPlanPtr plan = sample_plan();
  Batch row;
  row.add(plan, sample_row(7, kMoment, 1), {.if_newer = true});
  ASSERT_TRUE(row.apply(*store, -1, 1));
  Batch remove;
  remove.add(plan, sample_delete(7), {.is_delete = true, .if_newer = true});
  ASSERT_TRUE(remove.apply(*store, 1, 2));
  Batch late;
  late.add(plan, sample_row(7, kMoment - 1, 2), {.if_newer = true});
  ASSERT_TRUE(late.apply(*store, 2, 3));
  EXPECT_EQ(late[0].status, RowStatus::Upserted);
}

TEST_F(MysqlStoreTest, RowsThatDoNotFitAreFoundAndNothingIsDone) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  for (int64_t id = 0; id < 100; ++id) {
    const bool is_long = id == 17 || id == 83;
    batch.add(plan, sample_row(id, kMoment, 1, std::string(is_long ? 101 : 100, 'x')),
              {.ingestion = 1});
  }
  batch.add(plan, sample_row(200, int64_t{5'000'000'000} * 1'000'000, 1));  // 2128: no TIMESTAMP
  batch.add(plan, sample_row(201, INT64_MAX, 1));  // a year that no column has
  EXPECT_FALSE(batch.apply(*store, -1, 102));
  std::vector<size_t> failed;
  // A statement with a row that cannot be bound is not tried, so that it may take more than one
  // round.
  std::vector<RowChange> left = batch.changes();
  for (int round = 0; round < 5; ++round) {
    std::erase_if(left, [&](const RowChange& change) {
      if (change.status != RowStatus::Failed) return false;
      EXPECT_EQ(change.failure.type, FailureType::UserData);
      failed.push_back(static_cast<size_t>(change.offset));
      return true;
    });
    EXPECT_EQ(one("SELECT COUNT(*) FROM bank.txn_1"), "0");
    EXPECT_EQ(position(*store), -1);
    ApplyBatch again{left, {}, {{kPartition, Offset{102}}}, {}};
    if (store->apply(again)) break;
  }
  std::ranges::sort(failed);
  EXPECT_THAT(failed, ElementsAre(17, 83, 100, 101));
  EXPECT_EQ(one("SELECT COUNT(*) FROM bank.txn_1"), "98");
  EXPECT_EQ(position(*store), 102);
  EXPECT_THAT(batch[17].failure_text, HasSubstr("note"));
}

TEST_F(MysqlStoreTest, ATaskThatIsNoLongerTheOwnerWritesNothing) {
  const auto owner = open();
  const auto zombie = open();
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(1, kMoment, 1), {.ingestion = 3});
  ASSERT_TRUE(first.apply(*owner, -1, 1));
  Batch late;
  late.add(plan, sample_row(1, kMoment, 9), {.ingestion = 3});
  EXPECT_THROW(late.apply(*zombie, -1, 1), FencedException);
  EXPECT_THROW(late.apply(*zombie, 5, 6), FencedException);
  EXPECT_THROW(late.apply(*zombie, 5, 5), FencedException) << "also when nothing would move";
  EXPECT_EQ(one("SELECT amount FROM bank.txn_1"), "1");
  EXPECT_EQ(position(*owner), 1);
  EXPECT_THAT(owner->ingestion(42, 3)->rows, ElementsAre(1, 0, 0, 0));
  Batch next;
  next.add(plan, sample_row(1, kMoment, 2));
  ASSERT_TRUE(next.apply(*zombie, 1, 2)) << "with the positions read again it goes on";
  Batch still;
  ASSERT_TRUE(still.apply(*zombie, 2, 2)) << "nothing to move, and ours";
}

TEST_F(MysqlStoreTest, NewFieldsBecomeColumnsAndOldRowsResetThem) {
  const auto store = open();
  const RowPlanPtr old_plan = sample_plan();
  const RowPlanPtr new_plan = plan_of(
      sample_group(),
      schema_of(
          {{"id", "\"long\""}, {"ts", kTimestamp}, {"extra", "\"long\""}, {"more", "\"string\""}}),
      18);
  store->prepare(*old_plan);
  Batch first;
  first.add(old_plan, sample_row(7, kMoment, 1, "n"));
  ASSERT_TRUE(first.apply(*store, -1, 1));
  store->prepare(*new_plan);
  EXPECT_EQ(one("SELECT id, amount, note, extra, more FROM bank.txn_1"), "7|1|n|NULL|NULL");
  Batch second;
  second.add(new_plan, RowText().whole(7).whole(kMoment).whole(3).bytes("m"));
  ASSERT_TRUE(second.apply(*store, 1, 2));
  EXPECT_EQ(one("SELECT id, amount, note, extra, more FROM bank.txn_1"), "7|NULL|NULL|3|m");
  const auto other = open();  // which knows of the new columns
  Batch third;
  third.add(old_plan, sample_row(7, kMoment, 2, "o"));
  ASSERT_TRUE(third.apply(*other, 2, 3));
  EXPECT_EQ(one("SELECT id, amount, note, extra, more FROM bank.txn_1"), "7|2|o|NULL|NULL");
  EXPECT_NE(store->schema(18), nullptr);
  EXPECT_EQ(store->schema(19), nullptr);
}

TEST_F(MysqlStoreTest, TablesOfOthersAreUsedAsTheyAre) {
  connection_->run("CREATE DATABASE bank");
  connection_->run(
      "CREATE TABLE bank.txn_1 (id BIGINT PRIMARY KEY, Amount DOUBLE, status INT NOT NULL DEFAULT "
      "4)");
  MysqlOptions with = options();
  with.create_tables = false;
  const auto store = open_mysql(with);
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  batch.add(plan, sample_row(7, kMoment, 1.5, "nowhere to go"));
  ASSERT_TRUE(batch.apply(*store, -1, 1));
  EXPECT_EQ(one("SELECT * FROM bank.txn_1"), "7|1.5|4");
  FeatureGroup other = sample_group(43);
  other.name = "absent";
  EXPECT_THROW(store->prepare(*plan_of(other, sample_schema())), DataException);
}

TEST_F(MysqlStoreTest, AnotherPrimaryKeyIsRefused) {
  const auto store = open();
  store->prepare(*sample_plan());
  FeatureGroup other = sample_group();
  other.primary_key = {"id", "note"};
  EXPECT_THROW(store->prepare(*plan_of(other, sample_schema())), DataException);
}

TEST_F(MysqlStoreTest, AGroupThatTakesANameDropsTheTableBeforeIt) {
  const auto store = open();
  Batch batch;
  const RowPlanPtr plan = sample_plan(42);
  batch.add(plan, sample_row(1, kMoment, 1), {.ingestion = 1});
  ASSERT_TRUE(batch.apply(*store, -1, 1));
  const RowPlanPtr next = sample_plan(77);
  store->prepare(*next);
  EXPECT_EQ(one("SELECT COUNT(*) FROM bank.txn_1"), "0");
  EXPECT_FALSE(store->ingestion(42, 1));
  store->drop_group(119, 77);
  EXPECT_THAT(rows("SHOW TABLES FROM bank"), IsEmpty());
}

TEST_F(MysqlStoreTest, RecordsCountForTheirWinnersOrAlone) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  EXPECT_EQ(store->begin_ingestion(42, 6).id, 1);
  EXPECT_EQ(store->begin_ingestion(42, std::nullopt).id, 2);
  EXPECT_EQ(store->begin_ingestion(43, std::nullopt).id, 1);
  Batch batch;
  batch.add(plan, sample_row(1, kMoment, 1), {.ingestion = 1});
  batch.add(plan, sample_delete(2), {.is_delete = true, .ingestion = 1});
  batch.count({42, 1, 0, RowStatus::Ignored});
  batch.count({42, 1, -1, RowStatus::Ignored});
  batch.count({42, 1, -1, RowStatus::Failed});
  ASSERT_TRUE(batch.apply(*store, -1, 6));
  const auto found = store->ingestion(42, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entries, 6);
  EXPECT_THAT(found->rows, ElementsAre(2, 1, 1, 1));
  EXPECT_EQ(store->ingestions(42, 10).size(), 2U);
  EXPECT_EQ(store->ingestions(42, 1)[0].id, 2);
  EXPECT_FALSE(store->ingestion(42, 9));
}

TEST_F(MysqlStoreTest, PositionsAreSetAndForgotten) {
  const auto store = open();
  store->set_positions({{kPartition, Offset{10}}, {{"Bank_onlinefs", 0}, Offset{4}}});
  EXPECT_EQ(position(*store), 10) << "names of topics are exact";
  store->set_positions({{kPartition, std::nullopt}});
  EXPECT_EQ(position(*store), -1);
}

TEST_F(MysqlStoreTest, PushedRowsMoveNoOffset) {
  const auto store = open();
  Batch batch;
  batch.add(sample_plan(), sample_row(1, kMoment, 1));
  ASSERT_TRUE(batch.push(*store));
  EXPECT_EQ(one("SELECT COUNT(*) FROM bank.txn_1"), "1");
  EXPECT_THAT(rows("SELECT * FROM millrace.kafka_offsets"), IsEmpty());
}

TEST_F(MysqlStoreTest, WrongConfigurationsAreRefused) {
  MysqlOptions login = options();
  login.user = "nobody_of_that_name";
  login.password = Password("wrong");
  EXPECT_THROW(open_mysql(login), ConfigException);
  MysqlOptions nobody = options();
  nobody.socket = "";
  nobody.port = millrace::testing_support::free_port();
  EXPECT_THROW(open_mysql(nobody), RetriableException);
  MysqlOptions by_port = options();
  by_port.socket = "";
  by_port.port = mariadb().port();
  EXPECT_NE(open_mysql(by_port), nullptr);
}

TEST_F(MysqlStoreTest, AConnectionThatWasCutWhileIdleIsMadeAgain) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(1, kMoment, 1));
  ASSERT_TRUE(first.apply(*store, -1, 1));
  for (const std::string& id :
       rows("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() "
            "AND command = 'Sleep'")) {
    connection_->run("KILL " + id);
  }
  Batch second;
  second.add(plan, sample_row(1, kMoment, 2));
  EXPECT_TRUE(second.apply(*store, 1, 2));
  EXPECT_EQ(position(*store), 2);
}

}  // namespace
}  // namespace millrace::feature_store::testing_support
