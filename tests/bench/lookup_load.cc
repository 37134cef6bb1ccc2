// Lookups on a worker that runs: lookup_load PORT CLIENTS SECONDS RATE KIND KEYS [BATCH]
//
// KIND is pk-read, feature_store or batch_feature_store (BATCH keys each), of table txn_1 and view v of project bank with
// the key `id` below KEYS. RATE is requests a second of all clients, sent when they are due; what comes late counts from
// when it was due. 0: one after the other. Prints one JSON object.

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/http_client.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  uint16_t port;
  int clients;
  double seconds;
  double rate;
  std::string kind;
  unsigned keys;
  unsigned batch;
};

std::string body_of(const Load& load, unsigned key) {
  if (load.kind == "pk-read") {
    return bench::lookup_request("bank/txn_1/pk-read",
                                 fmt::format(R"({{"filters":[{{"column":"id","value":{}}}]}})", key % load.keys));
  }
  constexpr std::string_view kView = R"("featureStoreName":"bank","featureViewName":"v","featureViewVersion":1)";
  if (load.kind == "feature_store") {
    return bench::lookup_request("feature_store", fmt::format(R"({{{},"entries":{{"id":{}}}}})", kView, key % load.keys));
  }
  std::string entries;
  for (unsigned i = 0; i < load.batch; ++i) {
    entries += fmt::format(R"({}{{"id":{}}})", i == 0 ? "" : ",", (key + i * 7919U) % load.keys);
  }
  return bench::lookup_request("batch_feature_store", fmt::format(R"({{{},"entries":[{}]}})", kView, entries));
}

void run(const Load& load, unsigned client, std::vector<double>& times, size_t& failed) {
  bench::HttpClient http(load.port);
  unsigned key = client * 7919U + 1;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(load.seconds));
  const std::chrono::duration<double> gap(load.rate > 0 ? load.clients / load.rate : 0);
  for (int i = 0;; ++i) {
    auto due = Clock::now();
    if (load.rate > 0) {
      due = start + std::chrono::duration_cast<Clock::duration>(gap * (i + client / static_cast<double>(load.clients)));
      std::this_thread::sleep_until(due);
    }
    if (due >= end) return;
    const std::string text = body_of(load, key);
    if (load.rate <= 0) due = Clock::now();
    if (http.call(text) == 0) ++failed;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - due).count());
    key = key * 1664525U + 1013904223U;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  const Load load{static_cast<uint16_t>(std::atoi(argv[1])), std::atoi(argv[2]), std::atof(argv[3]), std::atof(argv[4]),
                  argv[5], static_cast<unsigned>(std::atoi(argv[6])),
                  argc > 7 ? static_cast<unsigned>(std::atoi(argv[7])) : 1};
  std::vector<std::vector<double>> times(static_cast<size_t>(load.clients));
  std::vector<size_t> failed(times.size());
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (size_t c = 0; c < times.size(); ++c) {
    threads.emplace_back([&, c] { run(load, static_cast<unsigned>(c), times[c], failed[c]); });
  }
  for (auto& thread : threads) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  size_t bad = 0;
  for (const size_t count : failed) bad += count;
  if (all.empty()) return 1;
  fmt::print(R"({{"count":{},"failed":{},"rate":{:.0f},"p50_us":{:.1f},"p99_us":{:.1f},"worst_us":{:.1f}}})"
             "\n",
             all.size(), bad, static_cast<double>(all.size()) / wall, all[all.size() / 2], all[all.size() * 99 / 100],
             all.back());
}
