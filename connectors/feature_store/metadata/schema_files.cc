#include "connectors/feature_store/metadata/schema_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "connectors/feature_store/model/json_object.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::feature_store {

SchemaFiles::SchemaFiles(const std::string& path) {
  if (path.empty()) return;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    folder_ = path;
    return;
  }
  file_.emplace(path);
  read_again();
}

avro::SchemaPtr SchemaFiles::find(int64_t id) {
  if (!folder_.empty()) return in_folder(id);
  if (!file_) return nullptr;
  read_again();
  const auto found = schemas_.find(id);
  return found == schemas_.end() ? nullptr : found->second;
}

avro::SchemaPtr SchemaFiles::in_folder(int64_t id) const {
  const std::string path = fmt::format("{}/{}.avsc", folder_, id);
  const std::optional<std::string> text = read_small_file(path);
  if (!text) return nullptr;
  try {
    return avro::Schema::parse(*text);
  } catch (const DataException& error) {
    throw DataException(fmt::format("reading {}: {}", path, error.what()));
  }
}

void SchemaFiles::read_again() {
  const std::optional<std::string> text = file_->changed();
  if (!text) return;
  const DocumentContext context{file_->path()};
  const Json json = parse_document(*text, context.origin);
  if (!json.is_object()) fail_at(context, "", "an object of schema ids is wanted");
  std::map<int64_t, avro::SchemaPtr> schemas;
  for (const auto& [key, value] : json.items()) {
    const std::optional<int64_t> id = whole_number<int64_t>(key);
    if (!id || *id < 0)
      fail_at(context, key, "a schema's name is its id in the registry, a number");
    try {
      schemas[*id] = value.is_string() ? avro::Schema::parse(value.get<std::string>())
                                       : avro::Schema::from_json(value);
    } catch (const DataException& error) {
      fail_at(context, key, error.what());
    }
  }
  schemas_ = std::move(schemas);
}

}  // namespace millrace::feature_store
