#include "connectors/avro/container.h"

#include <fmt/format.h>

#include <random>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"

namespace millrace::avro {
namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr const char* kSchemaKey = "avro.schema";
constexpr const char* kCodecKey = "avro.codec";

[[noreturn]] void fail(const std::string& what) {
  throw DataException("reading an Avro file: " + what);
}

}  // namespace

Sync random_sync() {
  std::random_device random;
  Sync sync;
  for (char& byte : sync) byte = static_cast<char>(random());
  return sync;
}

FileWriter::FileWriter(SchemaPtr schema, Codec codec, const Metadata& metadata, const Sync& sync)
    : schema_(std::move(schema)), codec_(codec), sync_(sync) {
  Metadata all = metadata;
  all[kSchemaKey] = schema_->to_text();
  all[kCodecKey] = codec_name(codec);
  out_ = kMagic;
  Writer writer(out_);
  writer.open_block(all.size());
  for (const auto& [key, value] : all) {
    writer.write_bytes(key);
    writer.write_bytes(value);
  }
  writer.close_block();
  out_.append(sync_.data(), sync_.size());
}

void FileWriter::append(const Value& value) {
  const size_t before = block_.size();
  Writer writer(block_);
  try {
    encode(writer, schema_->root(), value);
  } catch (...) {
    block_.resize(before);
    throw;
  }
  ++count_;
  if (block_.size() >= kBlockBytes) end_block();
}

void FileWriter::end_block() {
  Writer writer(out_);
  writer.write_long(count_);
  writer.write_bytes(compress(codec_, block_));
  out_.append(sync_.data(), sync_.size());
  block_.clear();
  count_ = 0;
}

std::string FileWriter::finish() {
  if (count_ > 0) end_block();
  return std::move(out_);
}

FileReader::FileReader(std::string_view bytes, const FileReader* like) : file_(bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) fail("it does not begin with Obj and 1");
  file_.read_fixed(kMagic.size());
  read_header(like);
}

void FileReader::read_header(const FileReader* like) {
  for (int64_t count = file_.read_block(); count > 0; count = file_.read_block()) {
    for (; count > 0 && !file_.failed(); --count) {
      std::string key(file_.read_bytes());
      metadata_[std::move(key)] = file_.read_bytes();
    }
  }
  sync_ = file_.read_fixed(Sync().size());
  if (file_.failed()) fail(fmt::format("its header: {}", file_.error()));
  const std::string* schema = metadata(kSchemaKey);
  if (schema == nullptr) fail("its header has no avro.schema");
  const std::string* known_schema = like == nullptr ? nullptr : like->metadata(kSchemaKey);
  const bool is_same = known_schema != nullptr && *known_schema == *schema;
  schema_ = is_same ? like->schema_ : Schema::parse(*schema);
  const std::string* codec = metadata(kCodecKey);
  if (codec == nullptr || codec->empty()) return;
  const std::optional<Codec> known = codec_from_name(*codec);
  if (!known) fail(fmt::format("the codec \"{}\" is not known", *codec));
  codec_ = *known;
}

const std::string* FileReader::metadata(const std::string& key) const noexcept {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? nullptr : &found->second;
}

bool FileReader::next_block() {
  if (file_.remaining() == 0) return false;
  count_ = file_.read_long();
  const std::string_view bytes = file_.read_bytes();
  const std::string_view sync = file_.read_fixed(sync_.size());
  if (file_.failed()) fail(fmt::format("a block: {}", file_.error()));
  if (sync != sync_) fail("a block does not end with the file's marker");
  block_ = decompress(codec_, bytes);
  // Objects can be empty, but not without end.
  if (count_ < 0 || static_cast<uint64_t>(count_) > block_.size() + kFreeValues) {
    fail("the count of objects in a block is out of range");
  }
  objects_ = Reader(block_);
  return true;
}

bool FileReader::next(const Projection& projection, Value& value) {
  while (count_ == 0) {
    if (objects_.remaining() > 0) fail("a block is longer than its objects");
    if (!next_block()) return false;
  }
  value = projection.decode(objects_);
  --count_;
  return true;
}

}  // namespace millrace::avro
