#include "connectors/feature_store/mysql/table_writer.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "millrace/text.h"

namespace millrace::feature_store {

TableWriter::TableWriter(MysqlConnection& connection, MysqlTable& table, MysqlMarkers& markers,
                         size_t rows_per_statement)
    : connection_(connection),
      table_(table),
      markers_(markers),
      rows_per_statement_(std::clamp<size_t>(rows_per_statement, 1, table.max_rows())) {}

bool TableWriter::write(Rows changes) {
  std::vector<RowChange*> newer;
  for (RowChange* const change : changes) {
    change->status = change->is_delete ? RowStatus::Deleted : RowStatus::Upserted;
    if (change->if_newer && table_.has_guard()) newer.push_back(change);
  }
  decide(newer);
  std::vector<RowChange*> upserts;
  std::vector<RowChange*> guarded;
  std::vector<RowChange*> deletes;
  for (RowChange* const change : changes) {
    if (change->status == RowStatus::Ignored) continue;
    if (change->is_delete)
      deletes.push_back(change);
    else
      (change->if_newer && table_.has_guard() ? guarded : upserts).push_back(change);
  }
  bool all_right = run(Statement::Upsert, upserts);
  all_right = run(Statement::GuardedUpsert, guarded) && all_right;
  all_right = run(Statement::Delete, deletes) && all_right;
  if (!all_right) return false;
  markers_.put(connection_, table_.group_id(), new_markers_);
  markers_.remove(connection_, table_.group_id(), old_markers_);
  return true;
}

void TableWriter::decide(Rows newer) {
  while (!newer.empty()) {
    const size_t count = take(newer);
    decide_some(newer.first(count));
    newer = newer.subspan(count);
  }
}

void TableWriter::decide_some(Rows newer) {
  const std::vector<std::optional<Stored>> stored = read_stored(newer);
  for (size_t i = 0; i < newer.size(); ++i) decide_one(*newer[i], stored[i]);
}

/// What is known of the rows' keys. Rows that are there stay locked until the end of the
/// transaction.
std::vector<std::optional<TableWriter::Stored>> TableWriter::read_stored(Rows rows) {
  std::vector<std::optional<Stored>> stored(rows.size());
  if (!bind(Statement::Delete, rows)) return stored;  // told when it is written
  std::unordered_map<std::string, std::optional<std::string>> found;
  for (MysqlConnection::Row& row :
       connection_.query(table_.select_sql(rows.size()), bound_.parameters)) {
    std::string key;
    for (size_t i = 0; i < table_.key_size(); ++i) append_key_part(key, row[i].value_or(""));
    found.emplace(std::move(key), std::move(row.back()));
  }
  std::vector<std::string_view> absent;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = found.find(table_.key_text(*rows[i]));
    if (at != found.end())
      stored[i] = Stored{false, at->second};
    else if (table_.has_hidden())
      absent.push_back(rows[i]->key);
  }
  const auto markers = markers_.find(connection_, table_.group_id(), absent);
  for (size_t i = 0; i < rows.size() && !markers.empty(); ++i) {
    const auto at = markers.find(rows[i]->key);
    if (!stored[i] && at != markers.end()) stored[i] = Stored{true, at->second};
  }
  return stored;
}

void TableWriter::decide_one(RowChange& change, const std::optional<Stored>& stored) {
  const std::optional<std::string> mine = table_.guard_text(change);
  std::optional<std::string> last = stored ? stored->event_time : std::nullopt;
  // A delete without a time is taken as it comes.
  const bool is_older = last && (mine ? table_.is_before(*mine, *last) : !change.is_delete);
  if (is_older) {
    change.status = RowStatus::Ignored;
    return;
  }
  if (!table_.has_hidden()) return;
  if (!change.is_delete) {
    if (stored && stored->is_marker) old_markers_.push_back(change.key);
    return;
  }
  if (mine) last = mine;
  if (const auto micros = last ? whole_number<int64_t>(*last) : std::nullopt) {
    new_markers_.push_back({change.key, *micros});
  }
}

/// Few sizes, so that few statements have to be prepared.
size_t TableWriter::take(Rows rows) const {
  size_t count =
      rows.size() >= rows_per_statement_ ? rows_per_statement_ : std::bit_floor(rows.size());
  const auto bytes = [&] {
    size_t sum = 0;
    for (const RowChange* row : rows.first(count)) sum += row->row.size();
    return sum;
  };
  while (count > 1 && bytes() > kMaxStatementBytes) count = std::bit_floor(count / 2);
  return count;
}

bool TableWriter::run(Statement statement, Rows rows) {
  bool all_right = true;
  while (!rows.empty()) {
    const size_t count = take(rows);
    all_right = run_some(statement, rows.first(count)) && all_right;
    rows = rows.subspan(count);
  }
  return all_right;
}

bool TableWriter::run_some(Statement statement, Rows rows) {
  if (!bind(statement, rows)) return false;
  try {
    execute(statement, rows);
    return true;
  } catch (const MysqlError& error) {
    if (!error.is_bad_value()) throw;
    find_bad(statement, rows, error);
    return false;
  }
}

/// False: some cannot be bound, and are marked.
bool TableWriter::bind(Statement statement, Rows rows) {
  bound_.clear();
  bool all_right = true;
  for (RowChange* const change : rows) {
    change->failure = statement == Statement::Delete ? table_.append_key(*change, bound_)
                                                     : table_.append_row(*change, bound_);
    if (!change->failure) continue;
    change->status = RowStatus::Failed;
    all_right = false;
  }
  return all_right;
}

void TableWriter::execute(Statement statement, Rows rows) {
  connection_.execute(statement == Statement::Delete
                          ? table_.delete_sql(rows.size())
                          : table_.upsert_sql(rows.size(), statement == Statement::GuardedUpsert),
                      bound_.parameters);
}

/// Half by half. The transaction is rolled back afterwards, whatever went well here.
void TableWriter::find_bad(Statement statement, Rows rows, const MysqlError& error) {
  if (rows.size() == 1) {
    rows[0]->status = RowStatus::Failed;
    rows[0]->failure = {FailureType::UserData, "the database refuses the row"};
    rows[0]->failure_text = error.what();
    return;
  }
  bool is_found = false;
  const size_t half = rows.size() / 2;
  for (const Rows some : {rows.first(half), rows.subspan(half)}) {
    bind(statement, some);
    try {
      execute(statement, some);
    } catch (const MysqlError& again) {
      if (!again.is_bad_value()) throw;
      find_bad(statement, some, again);
      is_found = true;
    }
  }
  if (!is_found) throw error;
}

}  // namespace millrace::feature_store
