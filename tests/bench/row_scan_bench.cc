// Nanoseconds for each row of 10 features: row_scan_bench [ROUNDS]. A row is what a Hopsworks client sends:
// 3 long, 3 double, 2 string of 12 characters, 1 timestamp, 1 boolean, each nullable.

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "connectors/avro/binary.h"
#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/feature_store/wire/row_plan.h"

namespace millrace::feature_store {
namespace {

double cpu_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

RowPlan some_plan() {
  auto group = std::make_shared<FeatureGroup>();
  group->id = 1;
  group->name = "bench";
  group->primary_key = {"id"};
  group->event_time = "ts";
  return RowPlan(group, 1, avro::Schema::parse(R"({"type":"record","name":"bench_1","fields":[
      {"name":"id","type":["null","long"]},{"name":"l1","type":["null","long"]},
      {"name":"l2","type":["null","long"]},{"name":"d1","type":["null","double"]},
      {"name":"d2","type":["null","double"]},{"name":"d3","type":["null","double"]},
      {"name":"s1","type":["null","string"]},{"name":"s2","type":["null","string"]},
      {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
      {"name":"ok","type":["null","boolean"]}]})"));
}

std::vector<std::string> some_rows() {
  constexpr size_t kRows = 10'000;
  std::mt19937_64 random(1);
  std::vector<std::string> rows(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    avro::Writer out(rows[i]);
    const auto branch = [&] { out.write_long(1); };
    for (const int64_t whole : {static_cast<int64_t>(i), static_cast<int64_t>(random() % 1'000'000),
                                static_cast<int64_t>(random() % 10'000'000'000)}) {
      branch();
      out.write_long(whole);
    }
    for (int real = 0; real < 3; ++real) {
      branch();
      out.write_double(static_cast<double>(random() % 1'000'000) / 100);
    }
    for (int text = 0; text < 2; ++text) {
      branch();
      out.write_bytes("merchant" + std::to_string(1000 + random() % 9000));
    }
    branch();
    out.write_long(1'767'323'045'000'000 + static_cast<int64_t>(i * 1'000 + random() % 1'000));
    branch();
    out.write_boolean(random() % 2 == 0);
  }
  return rows;
}

/// The least of several rounds: what the machine does beside is in the others.
template <typename Action>
double nanoseconds(int rounds, const std::vector<std::string>& rows, const Action& action) {
  double least = 1e300;
  for (int round = 0; round < rounds; ++round) {
    const double begin = cpu_nanoseconds();
    for (const std::string& row : rows) action(row);
    least = std::min(least, (cpu_nanoseconds() - begin) / static_cast<double>(rows.size()));
  }
  return least;
}

void require(bool holds) {
  if (holds) return;
  std::fputs("a row was refused\n", stderr);
  std::abort();
}

void run(int rounds) {
  const RowPlan plan = some_plan();
  const std::vector<std::string> rows = some_rows();
  std::string key;
  ScannedRow found;
  std::array<Cell, 10> cells;
  std::string json;
  const double scan = nanoseconds(rounds, rows, [&](const std::string& row) {
    key.clear();
    require(!plan.scan(row, false, key, found));
  });
  const double read =
      nanoseconds(rounds, rows, [&](const std::string& row) { require(plan.read(row, cells)); });
  const double text = nanoseconds(rounds, rows, [&](const std::string& row) {
    json.clear();
    require(plan.read(row, cells));
    for (size_t i = 0; i < cells.size(); ++i) require(append_cell_json(json, plan.fields()[i], cells[i], {}));
  });
  std::printf("scan %.1f ns, read %.1f ns, read and JSON %.1f ns for each row of %zu bytes\n", scan, read,
              text, rows[0].size());
}

}  // namespace
}  // namespace millrace::feature_store

int main(int argc, char** argv) {
  constexpr int kRounds = 200;
  millrace::feature_store::run(argc > 1 ? std::max(std::atoi(argv[1]), 1) : kRounds);
  return 0;
}
