// Rows per CPU second into Parquet files: parquet_bench [ROWS [CODEC [BATCH_ROWS]]].
// A row is an order of six columns, 94 bytes as JSON.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "connectors/lakehouse/storage/file_io.h"

namespace millrace::lakehouse {
namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Order {
  int64_t id;
  int64_t customer;
  int64_t time;
  double amount;
  std::string item;
  std::string status;
};

std::vector<Order> some_orders() {
  constexpr size_t kOrders = 100'000;
  constexpr const char* kStatus[] = {"NEW", "PAID", "PACKED", "SENT", "DONE", "BACK"};
  std::mt19937_64 random(1);
  std::vector<Order> orders;
  for (size_t i = 0; i < kOrders; ++i) {
    orders.push_back({static_cast<int64_t>(i), static_cast<int64_t>(random() % 1'000'000),
                      1'700'000'000'000'000 + static_cast<int64_t>(i * 1000 + random() % 1000),
                      static_cast<double>(random() % 1'000'000) / 100,
                      "item-" + std::to_string(random() % 100'000),
                      kStatus[random() % std::size(kStatus)]});
  }
  return orders;
}

TableSchemaPtr schema() {
  TableSchema schema;
  schema.fields = {{1, "id", true, primitive(TypeId::Long)},
                   {2, "customer", false, primitive(TypeId::Long)},
                   {3, "ts", false, primitive(TypeId::Timestamptz)},
                   {4, "amount", false, primitive(TypeId::Double)},
                   {5, "item", false, primitive(TypeId::String)},
                   {6, "status", false, primitive(TypeId::String)}};
  return std::make_shared<TableSchema>(schema);
}

struct Bench {
  int64_t rows;
  std::string codec;
  int64_t batch_rows;
  std::vector<Order> orders = some_orders();
  int64_t next = 0;
  double append_seconds = 0;
  double measure_seconds = 0;
  double write_seconds = 0;
  double finish_seconds = 0;
  int64_t peak_memory = 0;

  template <class Work>
  static void timed(double& sum, Work&& work) {
    const double begin = cpu_seconds();
    work();
    sum += cpu_seconds() - begin;
  }
  void fill(ColumnBatch& batch) {
    batch.clear();
    std::vector<Column>& columns = batch.columns();
    for (int64_t n = std::min(batch_rows, rows - next); n > 0; --n, ++next) {
      const Order& order = orders[static_cast<size_t>(next) % orders.size()];
      columns[0].append_fixed(next);
      columns[1].append_fixed(order.customer);
      columns[2].append_fixed(order.time + next);
      columns[3].append_fixed(order.amount);
      columns[4].append_bytes(order.item);
      columns[5].append_bytes(order.status);
    }
  }
  DataFile run(const std::string& path) {
    const TableSchemaPtr table = schema();
    const DataFileOptions options =
        data_file_options(*table, {{"write.parquet.compression-codec", codec}});
    const auto writer = make_parquet_writer(local_files()->create(path), table, options);
    MetricsCollector metrics(table, options.metrics);  // once more, to tell what it takes
    ColumnBatch batch(table);
    while (next < rows) {
      timed(append_seconds, [&] { fill(batch); });
      timed(measure_seconds, [&] { metrics.add(batch); });
      timed(write_seconds, [&] { writer->write(batch); });
      peak_memory = std::max(peak_memory, writer->memory_bytes());
    }
    DataFile file;
    timed(finish_seconds, [&] { file = writer->finish(); });
    return file;
  }
};

int run(Bench bench) {
  const std::string path = std::filesystem::temp_directory_path() / "millrace-bench.parquet";
  const DataFile file = bench.run(path);
  std::filesystem::remove(path);
  const auto rate = [&](double seconds) {
    return static_cast<double>(bench.rows) / seconds / 1e6;
  };
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("rows %ld, codec %s, batches of %ld rows, file %.1f MB, %zu row groups\n",
              static_cast<long>(bench.rows), bench.codec.c_str(),
              static_cast<long>(bench.batch_rows), static_cast<double>(file.file_size) / 1e6,
              file.metrics.split_offsets.size());
  std::printf("million rows per CPU second: append %.1f, metrics %.1f, write with metrics %.2f, "
              "all %.2f\n",
              rate(bench.append_seconds), rate(bench.measure_seconds),
              rate(bench.write_seconds + bench.finish_seconds),
              rate(bench.append_seconds + bench.write_seconds + bench.finish_seconds));
  std::printf("memory of the writer at most %.1f MB, of the process %.1f MB\n",
              static_cast<double>(bench.peak_memory) / 1e6,
              static_cast<double>(usage.ru_maxrss) / 1e3);
  return 0;
}

}  // namespace
}  // namespace millrace::lakehouse

int main(int argc, char** argv) {
  return millrace::lakehouse::run({argc > 1 ? std::stol(argv[1]) : 5'000'000,
                                   argc > 2 ? argv[2] : "zstd",
                                   argc > 3 ? std::stol(argv[3]) : 50'000});
}
