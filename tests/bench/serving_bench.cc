// Lookups over loopback, keep-alive: how many one core of the server answers in a second, and how
// late. serving_bench [clients] [requests of each]; prints one line for each API.

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "connectors/feature_store/serving/server.h"
#include "connectors/feature_store/wire/cell_parse.h"
#include "tests/bench/http_client.h"

namespace {

using namespace millrace;
using namespace millrace::feature_store;
using Clock = std::chrono::steady_clock;

constexpr int kRows = 100'000;
constexpr int kFeatures = 50;

std::string catalog_json() {
  std::string fields = R"({"name":"id","type":["null","long"]})";
  std::string names = "\"id\"";
  for (int i = 1; i < kFeatures; ++i) {
    fields +=
        fmt::format(R"(,{{"name":"f{}","type":["null","{}"]}})", i, i % 5 == 0 ? "long" : "double");
    names += fmt::format(R"(,"f{}")", i);
  }
  return fmt::format(
      R"({{"featureGroups":[{{"project":"bank","projectId":1,"id":1,"name":"wide","version":1,"primaryKey":["id"],
      "schemas":{{"1":{{"type":"record","name":"wide_1","fields":[{}]}}}}}}],
      "featureViews":[{{"project":"bank","name":"all","version":1,"features":[{{"featureGroup":1,"features":[{}]}}]}},
      {{"project":"bank","name":"ten","version":1,"features":[{{"featureGroup":1,"features":["id","f1","f2","f3","f4","f5",
      "f6","f7","f8","f9"]}}]}}]}})",
      fields, names);
}

void fill(RocksDatabase& database, const RowPlanPtr& plan) {
  const RowEncoder encoder(plan);
  std::vector<Cell> cells(kFeatures);
  database.local().prepare(*plan);
  for (int begin = 0; begin < kRows; begin += 1'000) {
    std::vector<std::string> keys(1'000);
    std::vector<std::string> rows(1'000);
    std::vector<RowChange> changes;
    for (size_t n = 0; n < rows.size(); ++n) {
      for (int i = 0; i < kFeatures; ++i) {
        Cell& cell = cells[static_cast<size_t>(i)];
        if (i % 5 == 0) {
          cell.kind = Cell::Kind::Integer;
          cell.integer = begin + static_cast<int>(n);
        } else {
          cell.kind = Cell::Kind::Double;
          cell.real = 0.37 * (begin + static_cast<int>(n)) + i;
        }
      }
      encoder.encode(cells, rows[n]);
      ScannedRow scanned;
      plan->scan(rows[n], false, keys[n], scanned);
      changes.push_back({.plan = plan.get(), .key = keys[n], .row = rows[n]});
    }
    ApplyBatch batch{.changes = changes, .counted = {}, .next = {}, .expected = {}};
    database.local().apply(batch);
  }
}

double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Make>
void measure(std::string_view name, uint16_t port, int clients, int requests, const Make& make) {
  std::vector<std::vector<double>> times(static_cast<size_t>(clients));
  std::vector<double> client_cpu(static_cast<size_t>(clients));
  const double before = cpu_seconds(RUSAGE_SELF);
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (size_t c = 0; c < times.size(); ++c) {
    threads.emplace_back([&, c] {
      bench::HttpClient client(port);
      unsigned key = static_cast<unsigned>(c) * 7919U + 1;
      for (int i = 0; i < requests; ++i) {
        const std::string text = make(key);
        const auto sent = Clock::now();
        if (client.call(text) == 0) std::abort();
        times[c].push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
        key = key * 1664525U + 1013904223U;
      }
      client_cpu[c] = cpu_seconds(RUSAGE_THREAD);
    });
  }
  for (auto& thread : threads) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  double server = cpu_seconds(RUSAGE_SELF) - before;
  for (const double cpu : client_cpu) server -= cpu;
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  fmt::print(
      "{}: {:.0f}/s, {:.0f} a core of the server, {:.1f} us CPU each, p50 {:.0f} us, p99 {:.0f} "
      "us\n",
      name, static_cast<double>(all.size()) / wall, static_cast<double>(all.size()) / server,
      1e6 * server / static_cast<double>(all.size()), all[all.size() / 2],
      all[all.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const int clients = argc > 1 ? std::atoi(argv[1]) : 4;
  const int requests = argc > 2 ? std::atoi(argv[2]) : 20'000;
  std::string folder = (std::filesystem::temp_directory_path() / "serving-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  {
    const auto catalog =
        std::make_shared<const Catalog>(parse_catalog(catalog_json(), "the benchmark"));
    const auto database = RocksDatabase::open({.path = folder + "/store"});
    const FeatureGroupPtr group = catalog->group_ptr(1);
    fill(*database, std::make_shared<const RowPlan>(group, 1, group->schemas.at(1)));
    ServingOptions options;
    options.rondb_port = 0;
    const Server server(options, database, [catalog] { return catalog; });
    const uint16_t port = server.rondb_port();
    const auto id = [](unsigned key) { return key % kRows; };
    measure("pk-read, 10 columns", port, clients, requests, [&](unsigned key) {
      std::string columns;
      for (int i = 1; i <= 10; ++i)
        columns += fmt::format(R"({}{{"column":"f{}"}})", i == 1 ? "" : ",", i);
      return bench::lookup_request(
          "bank/wide_1/pk-read",
          fmt::format(R"({{"filters":[{{"column":"id","value":{}}}],"readColumns":[{}]}})", id(key),
                      columns));
    });
    measure("feature_store, 10 features", port, clients, requests, [&](unsigned key) {
      return bench::lookup_request("feature_store",
                     fmt::format(R"({{"featureStoreName":"bank","featureViewName":"ten",
          "featureViewVersion":1,"entries":{{"id":{}}},"options":{{"includeDetailedStatus":true}}}})",
                                 id(key)));
    });
    measure("batch_feature_store, 100 keys of 50 features", port, clients,
            std::max(requests / 50, 1), [&](unsigned key) {
              std::string entries;
              for (unsigned i = 0; i < 100; ++i)
                entries += fmt::format(R"({}{{"id":{}}})", i == 0 ? "" : ",", id(key + 97 * i));
              return bench::lookup_request("batch_feature_store",
                             fmt::format(R"({{"featureStoreName":"bank","featureViewName":"all",
          "featureViewVersion":1,"entries":[{}]}})",
                                         entries));
            });
  }
  std::filesystem::remove_all(folder);
  return 0;
}
