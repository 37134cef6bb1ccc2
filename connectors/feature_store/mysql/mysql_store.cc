#include "connectors/feature_store/mysql/mysql_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "connectors/feature_store/mysql/mysql_groups.h"
#include "connectors/feature_store/mysql/mysql_progress.h"
#include "connectors/feature_store/mysql/table_writer.h"

namespace millrace::feature_store {
namespace {

constexpr int kDeadlockTries = 5;      // of one batch, before the caller waits
constexpr size_t kMaxTables = 10'000;  // plans that are remembered

class MysqlStore : public OnlineStore {
 public:
  explicit MysqlStore(MysqlOptions options)
      : options_(std::move(options)),
        groups_(options_, dialect_),
        progress_(options_),
        markers_(options_) {
    dialect_.ndb = options_.ndb;
    dialect_.hidden_columns = options_.hidden_columns;
    run("opening the online store", [this](MysqlConnection& connection) {
      dialect_.collation =
          connection.is_mariadb() && !options_.ndb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin";
      groups_.make_metadata(connection);
    });
  }

  OffsetMap positions(std::span<const TopicPartition> partitions) override {
    return run("reading offsets", [&](MysqlConnection& connection) {
      return progress_.positions(connection, partitions);
    });
  }
  void prepare(const RowPlan& plan) override { enter(plan); }
  bool apply(ApplyBatch& batch) override;
  void flush() override {}  // a commit is durable
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) override {
    run("setting offsets", [&](MysqlConnection& connection) {
      for (const auto& [partition, offset] : positions)
        progress_.set(connection, partition, offset);
    });
  }
  avro::SchemaPtr schema(int64_t schema_id) override {
    return run("reading a schema",
               [&](MysqlConnection& connection) { return groups_.schema(connection, schema_id); });
  }
  void drop_group(int64_t /*project_id*/, int64_t group_id) override {
    run("dropping a feature group",
        [&](MysqlConnection& connection) { groups_.drop(connection, group_id); });
    std::erase_if(tables_,
                  [group_id](const auto& one) { return one.second.group_id() == group_id; });
  }

  Ingestion begin_ingestion(int64_t group_id, std::optional<int64_t> entries) override {
    return run("beginning an ingestion", [&](MysqlConnection& connection) {
      return progress_.begin(connection, group_id, entries);
    });
  }
  std::vector<Ingestion> ingestions(int64_t group_id, size_t limit) override {
    return run("reading ingestions", [&](MysqlConnection& connection) {
      return progress_.newest(connection, group_id, limit);
    });
  }
  std::optional<Ingestion> ingestion(int64_t group_id, int64_t id) override {
    return run("reading an ingestion", [&](MysqlConnection& connection) {
      return progress_.find(connection, group_id, id);
    });
  }

 private:
  /// What does no harm when it is done twice: a connection that was cut while it was idle is made
  /// again.
  template <typename Work>
  auto run(std::string_view doing, Work&& work)
      -> decltype(work(std::declval<MysqlConnection&>())) {
    for (;;) {
      const bool was_open = connection_ != nullptr;
      try {
        return work(connect());
      } catch (const MysqlError& error) {
        if (error.is_lost()) connection_.reset();
        if (!error.is_lost() || !was_open) error.rethrow(fmt::format("{} in {}", doing, where()));
      }
    }
  }
  MysqlConnection& connect() {
    if (connection_ == nullptr) connection_ = std::make_unique<MysqlConnection>(options_);
    return *connection_;
  }
  std::string where() const {
    return options_.socket.empty() ? fmt::format("{}:{}", options_.host, options_.port)
                                   : options_.socket;
  }
  MysqlTable& enter(const RowPlan& plan);
  MysqlTable& table_of(const RowPlan& plan);
  bool apply_once(ApplyBatch& batch);
  bool write_rows(ApplyBatch& batch);
  void purge() noexcept;
  void roll_back() noexcept;

  MysqlOptions options_;
  MysqlDialect dialect_;
  MysqlGroups groups_;
  MysqlProgress progress_;
  MysqlMarkers markers_;
  std::unique_ptr<MysqlConnection> connection_;
  bool has_begun_ = false;  // a transaction of the open connection
  std::unordered_map<const RowPlan*, MysqlTable>
      tables_;  // prepare() renews what an address stands for
};

MysqlTable& MysqlStore::enter(const RowPlan& plan) {
  MysqlTable table =
      run(fmt::format("making table {}", table_name(plan.group())),
          [&](MysqlConnection& connection) { return groups_.enter(connection, plan); });
  if (tables_.size() >= kMaxTables) tables_.clear();
  return tables_.insert_or_assign(&plan, std::move(table)).first->second;
}

MysqlTable& MysqlStore::table_of(const RowPlan& plan) {
  const auto at = tables_.find(&plan);
  return at == tables_.end() ? enter(plan) : at->second;
}

/// The batch is committed, whatever becomes of this.
void MysqlStore::purge() noexcept {
  try {
    markers_.purge(*connection_);
  } catch (const MysqlError&) {
    connection_.reset();
  }
}

void MysqlStore::roll_back() noexcept {
  try {
    if (connection_ != nullptr && has_begun_) connection_->run("ROLLBACK");
  } catch (const MysqlError&) {
    connection_.reset();
  }
  has_begun_ = false;
}

bool MysqlStore::apply(ApplyBatch& batch) {
  for (const RowChange& change : batch.changes)
    table_of(*change.plan);  // a table cannot be made in between
  for (int turn = 1;; ++turn) {
    const bool was_open = connection_ != nullptr;
    try {
      has_begun_ = false;
      const bool all_right = apply_once(batch);
      if (!all_right)
        roll_back();
      else if (options_.hidden_columns)
        purge();
      return all_right;
    } catch (const MysqlError& error) {
      const bool was_idle = error.is_lost() && was_open && !has_begun_;
      if (error.is_lost()) connection_.reset();
      roll_back();
      if (was_idle || (error.is_deadlock() && turn < kDeadlockTries)) continue;
      error.rethrow("writing a batch to " + where());
    } catch (...) {
      roll_back();
      throw;
    }
  }
}

bool MysqlStore::apply_once(ApplyBatch& batch) {
  MysqlConnection& connection = connect();
  connection.run("START TRANSACTION");
  has_begun_ = true;
  progress_.advance(connection, batch);
  if (!write_rows(batch)) return false;
  progress_.count(connection, tally(batch));
  connection.run("COMMIT");
  has_begun_ = false;
  return true;
}

/// Tables and their rows in one order for all writers.
bool MysqlStore::write_rows(ApplyBatch& batch) {
  std::map<std::pair<int64_t, const RowPlan*>, std::vector<RowChange*>> by_plan;
  for (RowChange& change : batch.changes) {
    change.failure = {};
    change.failure_text.clear();
    by_plan[{change.plan->group().id, change.plan}].push_back(&change);
  }
  bool all_right = true;
  for (auto& [plan, changes] : by_plan) {
    std::ranges::sort(changes, {}, [](const RowChange* change) { return change->key; });
    TableWriter writer(*connection_, table_of(*plan.second), markers_,
                       static_cast<size_t>(std::max(options_.rows_per_statement, 1)));
    all_right = writer.write(changes) && all_right;
  }
  return all_right;
}

}  // namespace

std::unique_ptr<OnlineStore> open_mysql(MysqlOptions options) {
  return std::make_unique<MysqlStore>(std::move(options));
}

}  // namespace millrace::feature_store
