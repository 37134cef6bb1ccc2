// Writes and reads manifests and manifest lists for manifests_compare.py. One JSON request a line on
// standard input, one answer a line on standard output. Bytes, and single values in Iceberg's binary
// form, are hexadecimal.

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/manifest_partition.h"

namespace millrace::lakehouse {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

template <typename T>
Json json_of(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, std::string>) return hex(*value);
  else return *value;
}

template <typename T>
std::optional<T> optional_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) return unhex(json.get<std::string>());
  else return json.get<T>();
}

template <typename T>
Json map_json(const std::map<int32_t, T>& map) {
  Json json = Json::object();
  for (const auto& [id, value] : map) {
    if constexpr (std::is_same_v<T, std::string>) json[std::to_string(id)] = hex(value);
    else json[std::to_string(id)] = value;
  }
  return json;
}

template <typename T>
std::map<int32_t, T> map_of(const Json& json) {
  std::map<int32_t, T> map;
  for (const auto& [id, value] : json.items()) map[std::stoi(id)] = *optional_of<T>(value);
  return map;
}

Json json_of(const ManifestEntry& entry) {
  const DataFile& file = entry.file;
  const FileMetrics& m = file.metrics;
  Json partition = Json::array();
  for (const Literal& value : file.partition) {
    partition.push_back(is_null(value) ? Json() : Json(hex(to_bytes(value))));
  }
  return {{"status", static_cast<int>(entry.status)},
          {"snapshot_id", json_of(entry.snapshot_id)},
          {"sequence_number", json_of(entry.sequence_number)},
          {"file_sequence_number", json_of(entry.file_sequence_number)},
          {"content", static_cast<int>(file.content)},
          {"path", file.path},
          {"format", file.format},
          {"spec_id", file.spec_id},
          {"partition", partition},
          {"file_size", file.file_size},
          {"record_count", m.record_count},
          {"column_sizes", map_json(m.column_sizes)},
          {"value_counts", map_json(m.value_counts)},
          {"null_counts", map_json(m.null_counts)},
          {"nan_counts", map_json(m.nan_counts)},
          {"lower_bounds", map_json(m.lower_bounds)},
          {"upper_bounds", map_json(m.upper_bounds)},
          {"split_offsets", m.split_offsets},
          {"equality_ids", file.equality_ids},
          {"sort_order_id", json_of(file.sort_order_id)},
          {"key_metadata", json_of(file.key_metadata)}};
}

ManifestEntry entry_of(const Json& json, const std::vector<TypePtr>& types) {
  ManifestEntry entry;
  entry.status = static_cast<EntryStatus>(json["status"].get<int>());
  entry.snapshot_id = optional_of<int64_t>(json["snapshot_id"]);
  entry.sequence_number = optional_of<int64_t>(json["sequence_number"]);
  entry.file_sequence_number = optional_of<int64_t>(json["file_sequence_number"]);
  DataFile& file = entry.file;
  file.content = static_cast<FileContent>(json["content"].get<int>());
  file.path = json["path"];
  file.format = json["format"];
  file.spec_id = json["spec_id"];
  for (size_t i = 0; i < types.size(); ++i) {
    const auto bytes = optional_of<std::string>(json["partition"][i]);
    file.partition.push_back(bytes ? from_bytes(*bytes, *types[i]) : Literal());
  }
  file.file_size = json["file_size"];
  FileMetrics& m = file.metrics;
  m.record_count = json["record_count"];
  m.column_sizes = map_of<int64_t>(json["column_sizes"]);
  m.value_counts = map_of<int64_t>(json["value_counts"]);
  m.null_counts = map_of<int64_t>(json["null_counts"]);
  m.nan_counts = map_of<int64_t>(json["nan_counts"]);
  m.lower_bounds = map_of<std::string>(json["lower_bounds"]);
  m.upper_bounds = map_of<std::string>(json["upper_bounds"]);
  m.split_offsets = json["split_offsets"].get<std::vector<int64_t>>();
  file.equality_ids = json["equality_ids"].get<std::vector<int32_t>>();
  file.sort_order_id = optional_of<int32_t>(json["sort_order_id"]);
  file.key_metadata = optional_of<std::string>(json["key_metadata"]);
  return entry;
}

Json json_of(const ManifestFile& file) {
  Json partitions = Json::array();
  for (const PartitionSummary& summary : file.partitions) {
    partitions.push_back({{"contains_null", summary.contains_null},
                          {"contains_nan", json_of(summary.contains_nan)},
                          {"lower_bound", json_of(summary.lower_bound)},
                          {"upper_bound", json_of(summary.upper_bound)}});
  }
  return {{"path", file.path},
          {"length", file.length},
          {"spec_id", file.spec_id},
          {"content", static_cast<int>(file.content)},
          {"sequence_number", file.sequence_number},
          {"min_sequence_number", file.min_sequence_number},
          {"added_snapshot_id", file.added_snapshot_id},
          {"added_files", file.added_files},
          {"existing_files", file.existing_files},
          {"deleted_files", file.deleted_files},
          {"added_rows", file.added_rows},
          {"existing_rows", file.existing_rows},
          {"deleted_rows", file.deleted_rows},
          {"partitions", partitions},
          {"key_metadata", json_of(file.key_metadata)}};
}

ManifestFile manifest_of(const Json& json) {
  ManifestFile file;
  file.path = json["path"];
  file.length = json["length"];
  file.spec_id = json["spec_id"];
  file.content = static_cast<ManifestContent>(json["content"].get<int>());
  file.sequence_number = json["sequence_number"];
  file.min_sequence_number = json["min_sequence_number"];
  file.added_snapshot_id = json["added_snapshot_id"];
  file.added_files = json["added_files"];
  file.existing_files = json["existing_files"];
  file.deleted_files = json["deleted_files"];
  file.added_rows = json["added_rows"];
  file.existing_rows = json["existing_rows"];
  file.deleted_rows = json["deleted_rows"];
  for (const Json& item : json["partitions"]) {
    file.partitions.push_back({item["contains_null"].get<bool>(),
                               optional_of<bool>(item["contains_nan"]),
                               optional_of<std::string>(item["lower_bound"]),
                               optional_of<std::string>(item["upper_bound"])});
  }
  file.key_metadata = optional_of<std::string>(json["key_metadata"]);
  return file;
}

std::string load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void save(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
}

Json answer(const Json& request) {
  const std::string op = request["op"];
  const std::string path = request["path"];
  if (op == "read-list") {
    Json list = Json::array();
    for (const ManifestFile& file : read_manifest_list(load(path), path)) {
      list.push_back(json_of(file));
    }
    return list;
  }
  if (op == "write-list") {
    std::vector<ManifestFile> manifests;
    for (const Json& json : request["manifests"]) manifests.push_back(manifest_of(json));
    save(path, write_manifest_list({request["snapshot_id"], optional_of<int64_t>(request["parent"]),
                                    request["sequence_number"]},
                                   manifests));
    return nullptr;
  }
  const TableSchema schema = schema_from_json(request["schema"]);
  const PartitionSpec spec = spec_from_json(request["spec"]);
  if (op == "read") {
    Json entries = Json::array();
    const ManifestFile file = manifest_of(request["file"]);
    for (const ManifestEntry& entry : read_manifest(load(path), file, schema, spec)) {
      entries.push_back(json_of(entry));
    }
    return entries;
  }
  const auto content = static_cast<ManifestContent>(request["content"].get<int>());
  if (op == "merge") {
    ManifestMerger merger(schema, spec, content);
    for (const Json& input : request["inputs"]) {
      const ManifestFile file = manifest_of(input["file"]);
      merger.add(load(file.path), file, input["is_new"].get<bool>());
    }
    WrittenManifest merged = merger.finish();
    save(path, merged.bytes);
    merged.file.path = path;
    return json_of(merged.file);
  }
  std::vector<ManifestEntry> entries;
  const std::vector<TypePtr> types = partition_types(schema, spec);
  for (const Json& json : request["entries"]) entries.push_back(entry_of(json, types));
  WrittenManifest written = write_manifest(schema, spec, content, entries);
  save(path, written.bytes);
  written.file.path = path;
  return json_of(written.file);
}

}  // namespace
}  // namespace millrace::lakehouse

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << millrace::lakehouse::answer(millrace::lakehouse::Json::parse(line)).dump()
                << std::endl;
    } catch (const std::exception& error) {
      std::cout << millrace::lakehouse::Json{{"error", error.what()}}.dump() << std::endl;
    }
  }
}
