#include "tests/unit/lakehouse/table/manifest_fixture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace millrace::lakehouse {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

template <typename T>
std::string optional_text(const std::optional<T>& value) {
  if (!value) return "none";
  if constexpr (std::is_same_v<T, std::string>) return hex(*value);
  else return fmt::format("{}", *value);
}

std::string literal_text(const Literal& value) {
  return is_null(value) ? "null" : fmt::format("{}:{}", value.index(), hex(to_bytes(value)));
}

std::string bounds_text(const std::map<int32_t, std::string>& bounds) {
  std::string text;
  for (const auto& [id, bytes] : bounds) text += fmt::format(" {}={}", id, hex(bytes));
  return text;
}

}  // namespace

std::string text_of(const ManifestEntry& entry) {
  const DataFile& file = entry.file;
  const FileMetrics& m = file.metrics;
  std::string text = fmt::format(
      "{} {} {} {}\n{} {} {} {} {}\n", static_cast<int>(entry.status),
      optional_text(entry.snapshot_id), optional_text(entry.sequence_number),
      optional_text(entry.file_sequence_number), static_cast<int>(file.content), file.path,
      file.format, file.spec_id, file.file_size);
  for (const Literal& value : file.partition) text += literal_text(value) + " ";
  text += fmt::format("\n{} {} {} {} {} {}\n", m.record_count, m.column_sizes, m.value_counts,
                      m.null_counts, m.nan_counts, m.split_offsets);
  text += bounds_text(m.lower_bounds) + "\n" + bounds_text(m.upper_bounds) + "\n";
  return text + fmt::format("{} {} {} {}", file.equality_ids, optional_text(file.sort_order_id),
                            optional_text(file.key_metadata),
                            optional_text(file.referenced_data_file));
}

std::string text_of(const ManifestFile& file) {
  std::string text = fmt::format(
      "{} {} {} {} {} {} {} {} {} {} {} {} {} {}", file.path, file.length, file.spec_id,
      static_cast<int>(file.content), file.sequence_number, file.min_sequence_number,
      file.added_snapshot_id, file.added_files, file.existing_files, file.deleted_files,
      file.added_rows, file.existing_rows, file.deleted_rows, optional_text(file.key_metadata));
  for (const PartitionSummary& summary : file.partitions) {
    text += fmt::format("\n{} {} {} {}", summary.contains_null, optional_text(summary.contains_nan),
                        optional_text(summary.lower_bound), optional_text(summary.upper_bound));
  }
  return text;
}

RandomManifest::RandomManifest(uint64_t seed) : random_(seed) {
  std::vector<TypePtr> types;
  for (int id = 0; id <= static_cast<int>(TypeId::Uuid); ++id) {
    types.push_back(primitive(static_cast<TypeId>(id)));
  }
  types.insert(types.end(), {fixed_type(3), primitive(TypeId::Binary), decimal_type(5, 1),
                             decimal_type(38, 10), decimal_type(38, 10)});
  spec_.id = 6;
  for (size_t i = 0; i < types.size(); ++i) {
    const auto at = static_cast<int32_t>(i);
    const std::string name = fmt::format("column {}", i);
    schema_.fields.push_back({at + 1, name, false, types[i], ""});
    spec_.fields.push_back({at + 1, 1000 + at, name, parse_transform("identity")});
  }
}

std::vector<ManifestEntry> RandomManifest::entries(ManifestContent content, size_t at_least) {
  std::vector<ManifestEntry> entries;
  for (size_t i = at_least + below(30); i > 0; --i) {
    ManifestEntry entry;
    entry.status = static_cast<EntryStatus>(below(3));
    if (entry.status != EntryStatus::Added || below(2) == 0) entry.snapshot_id = number();
    if (entry.status != EntryStatus::Added) {
      entry.sequence_number = number();
      entry.file_sequence_number = number();
    }
    entry.file = data_file(content);
    entries.push_back(std::move(entry));
  }
  return entries;
}

DataFile RandomManifest::data_file(ManifestContent content) {
  DataFile file;
  file.content = content == ManifestContent::Data ? FileContent::Data
                                                  : static_cast<FileContent>(1 + below(2));
  file.path = fmt::format("s3://bucket/data/{}.parquet", number());
  file.spec_id = spec_.id;
  for (const NestedField& field : schema_.fields) {
    file.partition.push_back(below(4) == 0 ? Literal() : literal(*field.type));
  }
  file.file_size = number();
  file.metrics = metrics();
  if (file.content == FileContent::EqualityDeletes) file.equality_ids = {1, 5};
  if (file.content == FileContent::PositionDeletes) file.referenced_data_file = "s3://b/x";
  if (file.content != FileContent::PositionDeletes && below(2) == 0) file.sort_order_id = 3;
  if (below(5) == 0) file.key_metadata = bytes(4);
  return file;
}

FileMetrics RandomManifest::metrics() {
  FileMetrics metrics;
  metrics.record_count = static_cast<int64_t>(below(size_t{1} << 50U));
  for (int32_t id = 1; id < 20; ++id) {
    if (below(2) == 0) metrics.column_sizes[id] = number();
    if (below(2) == 0) metrics.value_counts[id] = number();
    if (below(2) == 0) metrics.null_counts[id] = number();
    if (below(8) == 0) metrics.nan_counts[id] = number();
    if (below(2) == 0) metrics.lower_bounds[id] = bytes(below(17));
    if (below(2) == 0) metrics.upper_bounds[id] = bytes(below(17));
  }
  for (size_t i = below(3); i > 0; --i) metrics.split_offsets.push_back(number());
  return metrics;
}

Literal RandomManifest::literal(const Type& type) {
  switch (type.id) {
    case TypeId::Boolean: return below(2) == 0;
    case TypeId::Int:
    case TypeId::Date: return static_cast<int32_t>(number());
    case TypeId::Float: return static_cast<float>(number()) / 16;
    case TypeId::Double: return static_cast<double>(number()) / 16;
    case TypeId::String: return fmt::format("t {}", number());
    case TypeId::Uuid: return bytes(16);
    case TypeId::Fixed: return bytes(static_cast<size_t>(type.length));
    case TypeId::Binary: return bytes(below(40));
    case TypeId::Decimal: return from_bytes(bytes(1 + below(type.precision > 9 ? 16 : 2)), type);
    default: return number();
  }
}

std::string RandomManifest::bytes(size_t size) {
  std::string result;
  for (; size > 0; --size) result.push_back(static_cast<char>(random_()));
  return result;
}

ManifestFile RandomManifest::manifest_file() {
  ManifestFile file;
  file.path = fmt::format("s3://bucket/metadata/{}.avro", number());
  file.length = number();
  file.spec_id = static_cast<int32_t>(below(9));
  file.content = static_cast<ManifestContent>(below(2));
  for (int64_t* field : {&file.sequence_number, &file.min_sequence_number, &file.added_snapshot_id,
                         &file.added_rows, &file.existing_rows, &file.deleted_rows}) {
    *field = number();
  }
  for (int32_t* field : {&file.added_files, &file.existing_files, &file.deleted_files}) {
    *field = static_cast<int32_t>(number());
  }
  for (size_t i = below(4); i > 0; --i) {
    PartitionSummary summary;
    summary.contains_null = below(2) == 0;
    if (below(3) > 0) summary.contains_nan = below(2) == 0;
    if (below(3) > 0) summary.lower_bound = bytes(below(9));
    if (below(3) > 0) summary.upper_bound = bytes(below(9));
    file.partitions.push_back(std::move(summary));
  }
  if (below(4) == 0) file.key_metadata = bytes(below(9));
  return file;
}

// clang-format off
const char* const kGoldenManifestSchema =
    R"({"type":"record","name":"manifest_entry","fields":[)"
    R"({"name":"status","type":"int","field-id":0},)"
    R"({"name":"snapshot_id","type":["null","long"],"default":null,"field-id":1},)"
    R"({"name":"sequence_number","type":["null","long"],"default":null,"field-id":3},)"
    R"({"name":"file_sequence_number","type":["null","long"],"default":null,"field-id":4},)"
    R"({"name":"data_file","type":{"type":"record","name":"r2","fields":[)"
    R"({"name":"content","type":"int","field-id":134},)"
    R"({"name":"file_path","type":"string","field-id":100},)"
    R"({"name":"file_format","type":"string","field-id":101},)"
    R"({"name":"partition","type":{"type":"record","name":"r102","fields":[)"
    R"({"name":"dt","type":["null",{"type":"int","logicalType":"date"}],"default":null,"field-id":1000}]},"field-id":102},)"
    R"({"name":"record_count","type":"long","field-id":103},)"
    R"({"name":"file_size_in_bytes","type":"long","field-id":104},)"
    R"({"name":"column_sizes","type":["null",{"type":"array","items":{"type":"record","name":"k117_v118","fields":[{"name":"key","type":"int","field-id":117},{"name":"value","type":"long","field-id":118}]},"logicalType":"map"}],"default":null,"field-id":108},)"
    R"({"name":"value_counts","type":["null",{"type":"array","items":{"type":"record","name":"k119_v120","fields":[{"name":"key","type":"int","field-id":119},{"name":"value","type":"long","field-id":120}]},"logicalType":"map"}],"default":null,"field-id":109},)"
    R"({"name":"null_value_counts","type":["null",{"type":"array","items":{"type":"record","name":"k121_v122","fields":[{"name":"key","type":"int","field-id":121},{"name":"value","type":"long","field-id":122}]},"logicalType":"map"}],"default":null,"field-id":110},)"
    R"({"name":"nan_value_counts","type":["null",{"type":"array","items":{"type":"record","name":"k138_v139","fields":[{"name":"key","type":"int","field-id":138},{"name":"value","type":"long","field-id":139}]},"logicalType":"map"}],"default":null,"field-id":137},)"
    R"({"name":"lower_bounds","type":["null",{"type":"array","items":{"type":"record","name":"k126_v127","fields":[{"name":"key","type":"int","field-id":126},{"name":"value","type":"bytes","field-id":127}]},"logicalType":"map"}],"default":null,"field-id":125},)"
    R"({"name":"upper_bounds","type":["null",{"type":"array","items":{"type":"record","name":"k129_v130","fields":[{"name":"key","type":"int","field-id":129},{"name":"value","type":"bytes","field-id":130}]},"logicalType":"map"}],"default":null,"field-id":128},)"
    R"({"name":"key_metadata","type":["null","bytes"],"default":null,"field-id":131},)"
    R"({"name":"split_offsets","type":["null",{"type":"array","items":"long","element-id":133}],"default":null,"field-id":132},)"
    R"({"name":"equality_ids","type":["null",{"type":"array","items":"int","element-id":136}],"default":null,"field-id":135},)"
    R"({"name":"sort_order_id","type":["null","int"],"default":null,"field-id":140},)"
    R"({"name":"referenced_data_file","type":["null","string"],"default":null,"field-id":143}]},"field-id":2}]})";

const char* const kGoldenListSchema =
    R"({"type":"record","name":"manifest_file","fields":[)"
    R"({"name":"manifest_path","type":"string","field-id":500},)"
    R"({"name":"manifest_length","type":"long","field-id":501},)"
    R"({"name":"partition_spec_id","type":"int","field-id":502},)"
    R"({"name":"content","type":"int","field-id":517},)"
    R"({"name":"sequence_number","type":"long","field-id":515},)"
    R"({"name":"min_sequence_number","type":"long","field-id":516},)"
    R"({"name":"added_snapshot_id","type":"long","field-id":503},)"
    R"({"name":"added_files_count","type":"int","field-id":504},)"
    R"({"name":"existing_files_count","type":"int","field-id":505},)"
    R"({"name":"deleted_files_count","type":"int","field-id":506},)"
    R"({"name":"added_rows_count","type":"long","field-id":512},)"
    R"({"name":"existing_rows_count","type":"long","field-id":513},)"
    R"({"name":"deleted_rows_count","type":"long","field-id":514},)"
    R"({"name":"partitions","type":["null",{"type":"array","items":{"type":"record","name":"r508","fields":[)"
    R"({"name":"contains_null","type":"boolean","field-id":509},)"
    R"({"name":"contains_nan","type":["null","boolean"],"default":null,"field-id":518},)"
    R"({"name":"lower_bound","type":["null","bytes"],"default":null,"field-id":510},)"
    R"({"name":"upper_bound","type":["null","bytes"],"default":null,"field-id":511}]},"element-id":508}],"default":null,"field-id":507},)"
    R"({"name":"key_metadata","type":["null","bytes"],"default":null,"field-id":519}]})";

const char* const kManifestSchemaV1 = R"({"type":"record","name":"manifest_entry","fields":[
  {"name":"status","type":"int","field-id":0},
  {"name":"data_file","field-id":2,"type":{"type":"record","name":"r2","fields":[
    {"name":"partition","field-id":102,"type":{"type":"record","name":"r102","fields":[
      {"name":"dt","type":["null","int"],"default":null,"field-id":1000}]}},
    {"name":"file_path","type":"string","field-id":100},
    {"name":"record_count","type":"long","field-id":103},
    {"name":"file_format","type":"string","field-id":101},
    {"name":"block_size_in_bytes","type":"long","field-id":105},
    {"name":"file_size_in_bytes","type":"long","field-id":104},
    {"name":"column_sizes","field-id":108,"type":["null",{"type":"array","logicalType":"map",
      "items":{"type":"record","name":"k117_v118","fields":[
        {"name":"value","type":"int","field-id":118},
        {"name":"key","type":"int","field-id":117}]}}]}]}},
  {"name":"snapshot_id","type":"long","field-id":1}]})";

const char* const kListSchemaV1 = R"({"type":"record","name":"manifest_file","fields":[
  {"name":"manifest_path","type":"string","field-id":500},
  {"name":"manifest_length","type":"long","field-id":501},
  {"name":"partition_spec_id","type":"int","field-id":502},
  {"name":"added_snapshot_id","type":["null","long"],"field-id":503},
  {"name":"added_data_files_count","type":["null","int"],"field-id":504},
  {"name":"existing_data_files_count","type":["null","int"],"field-id":505},
  {"name":"deleted_data_files_count","type":["null","int"],"field-id":506},
  {"name":"partitions","field-id":507,"type":["null",{"type":"array","element-id":508,
    "items":{"type":"record","name":"r508","fields":[
      {"name":"contains_null","type":"boolean","field-id":509},
      {"name":"lower_bound","type":["null","bytes"],"field-id":510}]}}]}]})";
// clang-format on

}  // namespace millrace::lakehouse
