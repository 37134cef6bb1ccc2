#pragma once
// Registered schemas in files, by id.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/metadata/watched_file.h"

namespace millrace::feature_store {

/// A folder of `<id>.avsc`, or one file with an object of id -> schema, which is read again when it
/// has changed. Used by one thread at a time.
class SchemaFiles {
 public:
  /// `path` may be empty. Throws ConfigException for a path that is not there.
  explicit SchemaFiles(const std::string& path);

  /// Null: there is none. Throws DataException for a schema that is no Avro, ConfigException for a
  /// file that cannot be read or is no such object.
  avro::SchemaPtr find(int64_t id);

 private:
  avro::SchemaPtr in_folder(int64_t id) const;
  void read_again();

  std::string folder_;
  std::optional<WatchedFile> file_;
  std::map<int64_t, avro::SchemaPtr> schemas_;  // of the file
};

}  // namespace millrace::feature_store
