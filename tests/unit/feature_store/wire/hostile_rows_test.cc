// Bytes that are no rows, or no longer: refused, without a crash and without a look behind their end.

#include <memory>
#include <random>

#include "connectors/avro/binary.h"

#include "tests/unit/feature_store/wire/random_rows.h"
#include "tests/unit/pipeline/allocations/counting_new.h"

namespace millrace::feature_store {
namespace {

/// On the heap with nothing behind, so that a sanitizer sees the first byte too many.
Failure scan_exactly(const RowPlan& plan, std::string_view row) {
  const std::unique_ptr<char[]> bytes(new char[row.size()]);
  row.copy(bytes.get(), row.size());
  const std::string_view exact(bytes.get(), row.size());
  const Scan result = scan(plan, exact);
  if (result.failure) {
    EXPECT_EQ(result.key, "");
    EXPECT_NE(result.failure.reason, nullptr);
  }
  std::vector<Cell> cells(plan.fields().size());
  const bool readable = plan.read(exact, cells);
  EXPECT_TRUE(readable || result.failure.type == FailureType::Deserialization);
  std::string out;
  for (size_t i = 0; readable && i < cells.size(); ++i) {
    const bool written = append_cell_json(out, plan.fields()[i], cells[i], {});
    EXPECT_TRUE(written || result.failure) << "what was accepted can be shown";
  }
  return result.failure;
}

TEST(HostileRow, CutAtEveryByte) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  for (size_t size = 0; size < kTxnRow.size(); ++size) {
    EXPECT_EQ(scan_exactly(*plan, kTxnRow.substr(0, size)).type, FailureType::Deserialization) << size;
  }
}

TEST(HostileRow, BytesBehindTheEnd) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  for (const char byte : {'\0', '\2', '\x7f', '\xff'}) {
    const Failure failure = scan_exactly(*plan, kTxnRow + byte);
    EXPECT_EQ(failure.type, FailureType::Deserialization);
    EXPECT_THAT(failure.reason, testing::HasSubstr("another schema"));
  }
}

TEST(HostileRow, ConfluentFramingIsNoRow) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  EXPECT_TRUE(scan_exactly(*plan, from_hex("00 00000011") + kTxnRow));
}

TEST(HostileRow, ComplexValuesThatAreNone) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  const std::string head = "02ce49 00 00 00 00 00 ";
  for (const char* recent : {
           "02 00",                                    // no bytes
           "02 02 04",                                 // a branch that is not there
           "02 04 02 02",                              // the array ends early
           "02 04 0000",                               // something behind a null
           "02 08 02 00 00 00",                        // something behind an empty array
           "02 18 02 feffffffffffffffff01 00",         // more items than bytes
           "02 18 02 ffffffffffffffffff01 00",         // a count without its positive
           "02 06 02 01 7e",                           // a block larger than the value
           "02 feffffffffffffffff01 00",               // a length beyond the end
           "02 01",                                    // a negative length
           "02 16 02 ffffffffffffffffff"               // a number without end
       }) {
    EXPECT_EQ(scan_exactly(*plan, from_hex(head + recent + " 00")).type, FailureType::Deserialization) << recent;
  }
}

TEST(HostileRow, DeepAndEndlessValues) {
  std::string type = "\"int\"";
  for (int i = 0; i < 60; ++i) type = R"({"type":"array","items":)" + type + "}";
  const RowPlanPtr plan = plan_of_fields(R"({"name":"id","type":"long"},{"name":"a","type":)" + type +
                                             R"(},{"name":"n","type":{"type":"array","items":
                                             {"type":"record","name":"e","fields":[]}}})",
                                         keyed_by({"id"}));
  // 60 arrays of one item each: within the limit of levels.
  const std::string deep = std::string(60, '\2') + from_hex("0a") + std::string(60, '\0');
  std::string row = from_hex("0a 02");
  avro::Writer(row).write_bytes(deep);
  EXPECT_FALSE(scan_exactly(*plan, row + from_hex("00")));
  // Items without bytes: a count is not enough.
  row = from_hex("0a 00 02");
  avro::Writer(row).write_bytes(from_hex("feffffff0f 00"));
  EXPECT_EQ(scan_exactly(*plan, row).type, FailureType::Deserialization);
}

TEST(HostileRow, MutatedRows) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRows random(seed);
  int refused = 0;
  for (int i = 0; i < 100 && !testing::Test::HasFailure(); ++i) {
    const RowPlanPtr plan = random.plan();
    SCOPED_TRACE(plan->schema()->to_text());
    const std::string row = row_of(plan, random_values(random, *plan));
    for (int round = 0; round < 60; ++round) {
      std::string changed = row;
      for (size_t n = random.below(3) + 1; n > 0; --n) {
        const size_t at = random.below(changed.size() + 1);
        switch (random.below(4)) {
          case 0: changed.insert(at, 1, static_cast<char>(random.bits())); break;
          case 1: changed.erase(at, random.below(4)); break;
          case 2: changed.resize(at); break;
          default:
            if (at < changed.size()) changed[at] = static_cast<char>(random.bits());
        }
      }
      if (scan_exactly(*plan, changed)) ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(HostileRow, RandomBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRows random(seed);
  const RowPlanPtr plan = plan_of(kTxnSchema);
  for (int i = 0; i < 20'000; ++i) {
    std::string row;
    for (size_t n = random.below(40); n > 0; --n) {
      row.push_back(static_cast<char>(random.below(3) == 0 ? random.bits() : random.below(6)));
    }
    scan_exactly(*plan, row);
  }
}

TEST(Scan, AllocatesNothing) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  std::string key;
  key.reserve(64);
  ScannedRow row;
  std::vector<Cell> cells(plan->fields().size());
  const size_t before = allocations();
  for (int i = 0; i < 100; ++i) {
    key.clear();
    ASSERT_FALSE(plan->scan(kTxnRow, false, key, row));
    ASSERT_TRUE(plan->scan(std::string_view(kTxnRow).substr(1), false, key, row));
    ASSERT_TRUE(plan->read(kTxnRow, cells));
  }
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace millrace::feature_store
