// Tables for tables_compare.py: makes, prints and changes them through a catalog, and answers what
// single values are in Iceberg's binary form and under transforms.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <vector>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/commit/table_committer.h"
#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/evolution.h"
#include "connectors/lakehouse/table/manifest.h"
#include "millrace/clock.h"

namespace {

using namespace millrace::lakehouse;
using Arguments = std::vector<std::string>;

constexpr const char* kUsage =
    "usage: table_oracle values < cases\n"
    "       table_oracle documents < cases\n"
    "       table_oracle NAME=VALUE;... TABLE create SCHEMA PARTITION-BY\n"
    "       table_oracle NAME=VALUE;... TABLE document | location\n"
    "       table_oracle NAME=VALUE;... TABLE set NAME VALUE\n"
    "       table_oracle NAME=VALUE;... TABLE add-column NAME TYPE\n"
    "       table_oracle NAME=VALUE;... TABLE promote NAME TYPE\n"
    "       table_oracle NAME=VALUE;... TABLE hammer PREFIX COUNT\n"
    "       table_oracle NAME=VALUE;... TABLE append COUNT\n"
    "       table_oracle NAME=VALUE;... TABLE commit COUNT\n";

millrace::Properties settings_from(const std::string& text) {
  millrace::Properties settings;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(';', at), text.size());
    const std::string pair = text.substr(at, end - at);
    settings[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    at = end + 1;
  }
  return settings;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (size_t at = 0; at + 1 < text.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

/// The opposite of what a type's values are printed as: numbers in decimal, all others in hex.
Literal literal_from(const std::string& text, const Type& type) {
  switch (type.id) {
    case TypeId::Boolean:
      return text == "1";
    case TypeId::Int:
    case TypeId::Date:
      return std::stoi(text);
    case TypeId::Long:
    case TypeId::Time:
    case TypeId::Timestamp:
    case TypeId::Timestamptz:
      return int64_t{std::stoll(text)};
    case TypeId::Float:
      return std::stof(text);
    case TypeId::Double:
      return std::stod(text);
    case TypeId::Decimal:
      return std::string(millrace::minimal_decimal(unhex(text)));
    default:
      return unhex(text);
  }
}

/// Lines `TYPE <tab> VALUE <tab> TRANSFORM`; answers `BYTES <tab> BYTES OF THE RESULT`.
void answer_values() {
  for (std::string line; std::getline(std::cin, line);) {
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    const TypePtr type = type_from_json(line.substr(0, first));
    const Literal value = literal_from(line.substr(first + 1, second - first - 1), *type);
    const Transform transform = parse_transform(line.substr(second + 1));
    std::cout << hex(to_bytes(value)) << '\t' << hex(to_bytes(apply(transform, value, *type)))
              << '\n';
  }
}

Json created(const Json& request) {
  NewTable table;
  table.location = "file:/w/t";
  table.schema = schema_from_json(request.at("schema"));
  table.spec = spec_from_json(request.at("spec"));
  table.properties = request.at("properties").get<std::map<std::string, std::string>>();
  return TableMetadata::create(table, new_uuid(), millrace::wall_clock_ms()).document();
}

Json answer(const Json& request) {
  try {
    if (request.contains("schema")) return created(request);
    const TableMetadata table(request.at("metadata"));
    if (request.contains("requirement")) {
      const std::string why = table.unmet(request.at("requirement"));
      return why.empty() ? Json("met") : Json{{"error", why}};
    }
    const auto updates = request.at("updates").get<std::vector<Json>>();
    return table.apply(updates, millrace::wall_clock_ms()).document();
  } catch (const millrace::Error& error) {
    return {{"error", error.what()}};
  }
}

/// As TableOracle.java.
void answer_documents() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(Json::parse(line)).dump() << '\n';
  }
}

class Oracle {
 public:
  Oracle(const std::string& settings, const std::string& table)
      : catalog_(make_catalog("lake", settings_from(settings))), table_(parse_table_name(table)) {}

  void create(const Arguments& rest) {
    NewTable table;
    table.schema = schema_from_json(Json::parse(rest.at(0)));
    table.spec = parse_partition_by(rest.at(1), table.schema);
    table.properties = {{"owner", "é"}};
    catalog_->create(table_, table);
  }
  void document(const Arguments&) { std::cout << load().metadata.to_text() << '\n'; }
  void location(const Arguments&) { std::cout << load().metadata_location << '\n'; }
  void set(const Arguments& rest) {
    commit([&](const LoadedTable&) {
      return TableChange{{}, {change::set_properties({{rest.at(0), rest.at(1)}})}};
    });
  }
  void add_column(const Arguments& rest) {
    evolve({.columns = {{0, {0, rest.at(0), false, type_from_json(rest.at(1))}}}});
  }
  void promote(const Arguments& rest) {
    const int32_t id = load().metadata.current_schema().column(rest.at(0))->id;
    evolve({.types = {{id, type_from_json(rest.at(1))}}});
  }
  void hammer(const Arguments& rest) {
    for (int i = 0; i < std::stoi(rest.at(1)); ++i) set({rest.at(0) + std::to_string(i), "done"});
  }
  /// Snapshots with the files of the one before, each legal on exactly that head.
  void append(const Arguments& rest) {
    for (int i = 0; i < std::stoi(rest.at(0)); ++i) commit(next_snapshot);
  }
  /// Batches of one file each, `data/<n>.parquet` of n + 1 rows, by a committer; the files are not made.
  void commit_batches(const Arguments& rest) {
    const LoadedTable base = load();
    TableCommitter committer(catalog_, table_, base.metadata.uuid(), {});
    for (int64_t i = 0; i < std::stoll(rest.at(0)); ++i) {
      WrittenBatch batch;
      batch.cluster = "cluster";
      batch.steps = {{{"topic", 0}, {i == 0 ? OffsetStep::kUnknown : i, i + 1}}};
      batch.schema = std::make_shared<TableSchema>(base.metadata.current_schema());
      DataFile file;
      file.path = base.metadata.data_folder() + "/" + std::to_string(i) + ".parquet";
      file.spec_id = base.metadata.default_spec().id;
      const auto value = static_cast<int32_t>(i);
      file.partition.assign(base.metadata.default_spec().fields.size(), value);
      file.file_size = 100;
      file.metrics.record_count = i + 1;
      batch.files = {std::move(file)};
      const auto outcome = committer.submit_and_wait(std::move(batch), std::chrono::minutes(1));
      if (!outcome || outcome->fate != BatchFate::Committed) throw std::runtime_error("not committed");
    }
  }

 private:
  static TableChange next_snapshot(const LoadedTable& base) {
    const TableMetadata& table = base.metadata;
    const auto head = table.ref("main");
    Snapshot snapshot{.id = new_snapshot_id(table),
                      .parent_id = head,
                      .sequence_number = table.last_sequence_number() + 1,
                      .timestamp_ms = std::max(millrace::wall_clock_ms(), table.last_updated_ms()),
                      .manifest_list = table.metadata_folder() + "/snap-" + new_uuid() + ".avro",
                      .summary = {{"operation", "append"}, {"by", "us"}},
                      .schema_id = table.current_schema().id};
    std::vector<ManifestFile> manifests;
    if (head) {
      const std::string list = table.snapshot(*head)->manifest_list;
      manifests = read_manifest_list(base.files->read(list), list);
    }
    const std::string bytes =
        write_manifest_list({snapshot.id, head, snapshot.sequence_number}, manifests);
    base.files->publish(snapshot.manifest_list, bytes);
    return {{change::assert_uuid(table.uuid()), change::assert_ref("main", head)},
            {change::add_snapshot(snapshot), change::set_branch(table, "main", snapshot.id)}};
  }

  LoadedTable load() { return catalog_->load(table_).value(); }

  void commit(const std::function<TableChange(const LoadedTable&)>& change_of) {
    while (true) {
      const LoadedTable base = load();
      try {
        catalog_->commit(table_, base, change_of(base));
        return;
      } catch (const CommitConflict&) {  // another was faster
      }
    }
  }
  void evolve(const SchemaChange& wanted) {
    commit([&](const LoadedTable& base) {
      const TableMetadata& table = base.metadata;
      const EvolvedSchema evolved =
          millrace::lakehouse::evolve(table.current_schema(), table.last_column_id(), wanted);
      return TableChange{{change::assert_last_field_id(table.last_column_id())},
                         {change::add_schema(evolved.schema, evolved.last_column_id),
                          change::set_current_schema(-1)}};
    });
  }

  std::shared_ptr<Catalog> catalog_;
  TableName table_;
};

int run(const Arguments& arguments) {
  if (arguments.size() == 1 && arguments[0] == "values") {
    answer_values();
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "documents") {
    answer_documents();
    return 0;
  }
  static const std::map<std::string, void (Oracle::*)(const Arguments&)> kCommands = {
      {"create", &Oracle::create},         {"document", &Oracle::document},
      {"location", &Oracle::location},     {"set", &Oracle::set},
      {"add-column", &Oracle::add_column}, {"promote", &Oracle::promote},
      {"hammer", &Oracle::hammer},         {"append", &Oracle::append},
      {"commit", &Oracle::commit_batches}};
  const auto command = arguments.size() < 3 ? kCommands.end() : kCommands.find(arguments[2]);
  if (command == kCommands.end()) {
    std::cerr << kUsage;
    return 2;
  }
  Oracle oracle(arguments[0], arguments[1]);
  (oracle.*command->second)({arguments.begin() + 3, arguments.end()});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
