#include "connectors/lakehouse/sink/partition_writers.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "connectors/lakehouse/columns/cell_read.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/support/crash_point.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// Path to a field through structs; empty when there is none.
std::vector<size_t> path_to(const std::vector<NestedField>& fields, int32_t id) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].id == id) return {i};
    if (fields[i].type->id != TypeId::Struct) continue;
    std::vector<size_t> rest = path_to(fields[i].type->fields, id);
    if (rest.empty()) continue;
    rest.insert(rest.begin(), i);
    return rest;
  }
  return {};
}

Literal literal_at(const Column& column, int64_t row) {
  if (is_null_at(column, row)) return {};
  switch (column.field().type->id) {
    case TypeId::Boolean:
      return fixed_at<uint8_t>(column, row) != 0;
    case TypeId::Int:
    case TypeId::Date:
      return fixed_at<int32_t>(column, row);
    case TypeId::Float:
      return fixed_at<float>(column, row);
    case TypeId::Double:
      return fixed_at<double>(column, row);
    case TypeId::Long:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return fixed_at<int64_t>(column, row);
    case TypeId::Decimal:
      return decimal_bytes(fixed_at<Int128>(column, row));  // this machine is little-endian, as Arrow
    default:
      return std::string(bytes_at(column, row));
  }
}

std::string key_of(const PartitionValues& values) {
  std::string key;
  for (const Literal& value : values) {
    if (is_null(value)) {
      key += '-';
      continue;
    }
    const std::string bytes = to_bytes(value);
    const auto size = static_cast<uint32_t>(bytes.size());
    key += '+';
    key.append(reinterpret_cast<const char*>(&size), sizeof size);
    key += bytes;
  }
  return key;
}

}  // namespace

struct PartitionWriters::Partition {
  Partition(PartitionValues of, const TableSchemaPtr& schema) : values(std::move(of)), buffer(schema) {}

  PartitionValues values;
  ColumnBatch buffer;
  std::unique_ptr<DataFileWriter> writer;
  std::string path;    // of the writer's file
  int64_t memory = 0;  // held by buffer and encoder, as counted last
  int64_t varying_memory = 0;  // that of columns of varying width
  uint64_t used = 0;
};

PartitionWriters::PartitionWriters(FileTarget target, RowOptions rows)
    : target_(std::move(target)), rows_(target_.schema, std::move(rows)),
      same_(*target_.schema, *target_.schema) {
  for (const PartitionField& field : target_.spec->fields) {
    source_paths_.push_back(path_to(target_.schema->fields, field.source_id));
    sources_.push_back(target_.schema->field(field.source_id));
    if (source_paths_.back().empty() || sources_.back() == nullptr) {
      throw ConnectException("writing " + target_.data_folder + ": the source column of partition field " +
                             field.name + " is gone, or inside a list or map");
    }
  }
  for (size_t at = 0; at < target_.schema->fields.size(); ++at) {
    const Type& type = *target_.schema->fields[at].type;
    if (!type.fields.empty() || type.id == TypeId::String || type.id == TypeId::Binary ||
        type.id == TypeId::Fixed) {
      varying_.push_back(at);
    }
  }
}

PartitionWriters::~PartitionWriters() = default;

bool PartitionWriters::write(const Record& record, Reject& reject) {
  // Mostly the partition of the row before; a row of another one moves there.
  if (last_ == nullptr) {
    last_ = partitions_.try_emplace("?", std::make_unique<Partition>(PartitionValues(), target_.schema))
                .first->second.get();
  }
  ColumnBatch& guess = last_->buffer;
  if (!rows_.write(record, guess, reject)) return false;
  const int64_t row = guess.rows() - 1;
  if (!is_of(*last_, guess, row)) {
    Partition& right = partition_of(guess, row);
    same_.append(guess, row, right.buffer);
    guess.truncate(row);
    last_ = &right;
  }
  added();
  return true;
}

void PartitionWriters::copy(const RowCopy& copy, const ColumnBatch& from, int64_t row) {
  if (last_ == nullptr || !is_of(*last_, from, row)) last_ = &partition_of(from, row);
  copy.append(from, row, last_->buffer);
  added();
}

// One more row in `last_`.
void PartitionWriters::added() {
  ++row_count_;
  last_->used = ++clock_;
  count_row(*last_);
  if (is_full(*last_)) drain(*last_);
  if (memory_ > static_cast<int64_t>(target_.memory_bytes)) keep_within_memory();
}

bool PartitionWriters::is_full(const Partition& partition) const {
  if (partition.buffer.rows() >= kBufferRows) return true;
  return partition.memory >= kBufferBytes &&
         static_cast<int64_t>(partition.buffer.bytes()) >= kBufferBytes;
}

// Columns of fixed width grow with the rows, so a look at them now and then will do.
void PartitionWriters::count_row(Partition& partition) {
  constexpr int64_t kLookEvery = 64;  // rows, and the first
  if (partition.buffer.rows() % kLookEvery == 1) return count_memory(partition);
  int64_t more = 0;
  for (const size_t at : varying_) {
    more += static_cast<int64_t>(partition.buffer.columns()[at].capacity());
  }
  more -= std::exchange(partition.varying_memory, more);
  partition.memory += more;
  memory_ += more;
}

void PartitionWriters::count_memory(Partition& partition) {
  partition.varying_memory = 0;
  for (const size_t at : varying_) {
    partition.varying_memory += static_cast<int64_t>(partition.buffer.columns()[at].capacity());
  }
  int64_t now = static_cast<int64_t>(partition.buffer.capacity());
  if (partition.writer) now += partition.writer->memory_bytes();
  memory_ += now - std::exchange(partition.memory, now);
}

bool PartitionWriters::is_of(const Partition& partition, const ColumnBatch& batch, int64_t row) const {
  return partition.values.size() == sources_.size() &&
         (sources_.empty() || values_of(batch, row) == partition.values);
}

PartitionValues PartitionWriters::values_of(const ColumnBatch& batch, int64_t row) const {
  PartitionValues values;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const std::vector<size_t>& path = source_paths_[i];
    const Column* column = &batch.columns()[path[0]];
    for (size_t step = 1; step < path.size(); ++step) column = &column->children()[path[step]];
    values.push_back(
        apply(target_.spec->fields[i].transform, literal_at(*column, row), *sources_[i]->type));
  }
  return values;
}

PartitionWriters::Partition& PartitionWriters::partition_of(const ColumnBatch& batch, int64_t row) {
  PartitionValues values = values_of(batch, row);
  std::unique_ptr<Partition>& partition = partitions_[key_of(values)];
  if (!partition) partition = std::make_unique<Partition>(std::move(values), target_.schema);
  return *partition;
}

void PartitionWriters::drain(Partition& partition) {
  if (partition.buffer.rows() == 0) return;
  if (!partition.writer) {
    const std::string folder = partition_path(*target_.spec, *target_.schema, partition.values);
    char number[16];
    std::snprintf(number, sizeof number, "%05d", files_++);
    partition.path = target_.data_folder + "/" + folder + (folder.empty() ? "" : "/") +
                     target_.name_stem + "-" + number + ".parquet";
    partition.writer = make_parquet_writer(target_.files->create(partition.path), target_.schema,
                                           target_.options);
  }
  partition.writer->write(partition.buffer);
  crash_point("file.write");
  partition.buffer.clear();
  if (partition.writer->file_bytes() >= target_.file_bytes) end_file(partition);
  count_memory(partition);
}

void PartitionWriters::end_file(Partition& partition) {
  if (!partition.writer) return;
  DataFile file = partition.writer->finish();
  crash_point("file.finish");
  partition.writer.reset();
  file.path = partition.path;
  file.spec_id = target_.spec->id;
  file.partition = partition.values;
  done_.push_back(std::move(file));
}

// The least recently used files are ended first: their partitions are over, most likely.
void PartitionWriters::keep_within_memory() {
  const auto limit = static_cast<int64_t>(target_.memory_bytes);
  while (memory_ > limit) {
    auto oldest = partitions_.end();
    for (auto at = partitions_.begin(); at != partitions_.end(); ++at) {
      if (oldest == partitions_.end() || at->second->used < oldest->second->used) oldest = at;
    }
    if (oldest == partitions_.end()) return;
    Partition& partition = *oldest->second;
    drain(partition);
    if (&partition == last_ && partition.writer) {  // in use: its file may go on
      partition.writer->end_row_group();
      count_memory(partition);
      if (memory_ <= limit) return;
    }
    end_file(partition);
    memory_ -= partition.memory;
    if (last_ == &partition) last_ = nullptr;
    partitions_.erase(oldest);  // gives its memory back
  }
}

int64_t PartitionWriters::file_bytes() const {
  int64_t bytes = 0;
  for (const DataFile& file : done_) bytes += file.file_size;
  for (const auto& [key, partition] : partitions_) {
    if (partition->writer) bytes += partition->writer->file_bytes();
  }
  return bytes;
}

std::vector<DataFile> PartitionWriters::finish() {
  for (const auto& [key, partition] : partitions_) {
    drain(*partition);
    end_file(*partition);
  }
  partitions_.clear();
  memory_ = 0;
  last_ = nullptr;
  row_count_ = 0;
  return std::exchange(done_, {});
}

}  // namespace millrace::lakehouse
