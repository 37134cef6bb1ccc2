#pragma once
// Object container files (specification 1.11).

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "connectors/avro/codec.h"
#include "connectors/avro/projection.h"

namespace millrace::avro {

using Metadata = std::map<std::string, std::string>;
using Sync = std::array<char, 16>;

/// 16 random bytes.
Sync random_sync();

/// A file in memory.
class FileWriter {
 public:
  /// `metadata` goes into the header beside `avro.schema` and `avro.codec`.
  FileWriter(SchemaPtr schema, Codec codec, const Metadata& metadata,
             const Sync& sync = random_sync());

  /// Throws DataException for a value that is none of the schema; the file stays as it was.
  void append(const Value& value);
  /// The whole file. Nothing can be appended after it.
  std::string finish();

 private:
  void end_block();

  SchemaPtr schema_;
  Codec codec_;
  Sync sync_;
  std::string out_;
  std::string block_;
  int64_t count_ = 0;
};

/// Reads a file in memory that outlives it. All functions throw DataException for what is malformed.
class FileReader {
 public:
  /// `like`: a file that was probably written with the same schema, which is then shared, not parsed; its
  /// own bytes may be gone.
  explicit FileReader(std::string_view bytes, const FileReader* like = nullptr);
  FileReader(const FileReader&) = delete;  // it points into itself
  FileReader& operator=(const FileReader&) = delete;

  const Metadata& metadata() const noexcept { return metadata_; }
  /// Null when there is no such key.
  const std::string* metadata(const std::string& key) const noexcept;
  /// What it was written with.
  const SchemaPtr& schema() const noexcept { return schema_; }

  /// False at the end of the file. `projection` is from `schema`.
  bool next(const Projection& projection, Value& value);

 private:
  void read_header(const FileReader* like);
  bool next_block();

  Reader file_;
  Metadata metadata_;
  SchemaPtr schema_;
  Codec codec_ = Codec::Null;
  std::string_view sync_;
  std::string block_;
  Reader objects_;
  int64_t count_ = 0;  // left in the block
};

}  // namespace millrace::avro
