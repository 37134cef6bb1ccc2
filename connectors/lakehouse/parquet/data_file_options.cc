
#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

struct Codec {
  std::string_view name;
  int32_t level;  // unless the table says another
  int32_t least;
  int32_t most;
};
constexpr Codec kCodecs[] = {
    {"uncompressed", 0, 0, 0}, {"snappy", 0, 0, 0}, {"lz4", 0, 0, 0},
    {"gzip", 6, 1, 9},         {"zstd", 3, 1, 22},  {"brotli", 1, 0, 11},
};

constexpr std::string_view kPrefix = "write.parquet.";

class Settings {
 public:
  explicit Settings(const std::map<std::string, std::string>& properties)
      : properties_(properties) {}

  const std::string* find(std::string_view name) const {
    const auto at = properties_.find(std::string(kPrefix) + std::string(name));
    return at == properties_.end() ? nullptr : &at->second;
  }
  template <class T>
  void read(std::string_view name, T least, T most, T& out) const {
    const std::string* text = find(name);
    if (text == nullptr) return;
    const auto number = whole_number<T>(*text);
    out = number.value_or(out);
    if (!number || out < least || out > most) {
      refuse(name, *text,
             "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
  }
  [[noreturn]] static void refuse(std::string_view name, const std::string& value,
                                  const std::string& expected) {
    throw ConfigException("Invalid value " + value + " for the table's property " +
                          std::string(kPrefix) + std::string(name) + ": " + expected);
  }

 private:
  const std::map<std::string, std::string>& properties_;
};

const Codec& codec_of(const Settings& settings) {
  const std::string* text = settings.find("compression-codec");
  std::string name = text == nullptr ? "zstd" : *text;
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (name == "none") name = "uncompressed";
  for (const Codec& codec : kCodecs) {
    if (codec.name == name) return codec;
  }
  Settings::refuse("compression-codec", *text,
                   "uncompressed, snappy, gzip, lz4, zstd or brotli");
}

}  // namespace

DataFileOptions data_file_options(const TableSchema& schema,
                                  const std::map<std::string, std::string>& properties) {
  constexpr int64_t kMostBytes = int64_t{1} << 40;
  constexpr int64_t kMostPageBytes = int64_t{1} << 30;
  const Settings settings(properties);
  const Codec& codec = codec_of(settings);
  DataFileOptions options;
  options.compression = codec.name;
  options.compression_level = codec.level;
  // A level that is left from another codec would be refused for nothing where there are none.
  if (codec.most > 0) {
    settings.read("compression-level", codec.least, codec.most, options.compression_level);
  }
  settings.read("row-group-size-bytes", int64_t{1}, kMostBytes, options.row_group_bytes);
  settings.read("page-size-bytes", int64_t{1}, kMostPageBytes, options.page_bytes);
  settings.read("page-row-limit", int32_t{1}, INT32_MAX, options.page_rows);
  settings.read("dict-size-bytes", int64_t{1}, kMostPageBytes, options.dictionary_bytes);
  options.metrics = metrics_modes(schema, properties);
  return options;
}

}  // namespace millrace::lakehouse
