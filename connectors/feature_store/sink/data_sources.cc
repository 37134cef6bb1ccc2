#include "connectors/feature_store/sink/data_sources.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

using Json = nlohmann::json;

constexpr int64_t kBuiltIn = -1;  // id of the source that stands for the platform's own cluster
constexpr std::string_view kFile = "file";

// Of the endpoint `storageconnectors/{name}/byok`.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kFields = {{
    {"bootstrapServers", "bootstrap.servers"},
    {"securityProtocol", "security.protocol"},
    {"sslTruststoreLocation", "ssl.truststore.location"},
    {"sslTruststorePassword", "ssl.truststore.password"},
    {"sslKeystoreLocation", "ssl.keystore.location"},
    {"sslKeystorePassword", "ssl.keystore.password"},
    {"sslKeyPassword", "ssl.key.password"},
    {"sslEndpointIdentificationAlgorithm", "ssl.endpoint.identification.algorithm"},
}};
// That tell a client nothing.
constexpr std::array<std::string_view, 8> kPassedOver = {
    "name", "description", "featurestoreId", "featurestoreName", "href", "created", "creator", "items"};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Fields of one source, however it is written.
class Reader {
 public:
  Reader(std::string name, DataSource& source) : name_(std::move(name)), source_(source) {}

  void field(const std::string& key, const std::string& value) {
    if (key == "type" || key == "storageConnectorType") return check_type(value);
    if (key == "externalKafka" || key == "external.kafka") {
      const std::string flag = upper(value);
      if (flag != "TRUE" && flag != "FALSE") fail(key + " is true or false");
      source_.external = source_.external && flag == "TRUE";
      return;
    }
    if (key == "id") {
      if (value == std::to_string(kBuiltIn)) source_.external = false;
      return;
    }
    if (std::find(kPassedOver.begin(), kPassedOver.end(), key) != kPassedOver.end()) return;
    const auto known = std::find_if(kFields.begin(), kFields.end(),
                                    [&key](const auto& pair) { return pair.first == key; });
    if (known != kFields.end()) {
      source_.client.insert_or_assign(std::string(known->second), value);
    } else if (key.find('.') != std::string::npos || key.empty()) {
      option(key, value);
    } else {
      source_.unknown.push_back(key);
    }
  }

  void option(const std::string& key, const std::string& value) { options_.insert_or_assign(key, value); }

  void json(const std::string& text, const std::string& origin) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object()) fail(origin + " is not a JSON object");
    for (const auto& [key, value] : document.items()) {
      if (value.is_null()) continue;
      if (key == "options") {
        options(value);
      } else if (const auto plain = text_of(value)) {
        field(key, *plain);
      } else if (std::find(kPassedOver.begin(), kPassedOver.end(), key) == kPassedOver.end()) {
        source_.unknown.push_back(key);
      }
    }
  }

  /// Fields count before options.
  void finish() {
    source_.client.merge(options_);
    std::sort(source_.unknown.begin(), source_.unknown.end());
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw ConfigException("data source " + name_ + ": " + why);
  }

 private:
  static std::optional<std::string> text_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    if (value.is_number()) return value.dump();
    return std::nullopt;
  }

  void options(const Json& list) {
    if (!list.is_array()) fail("options is not a list of objects with name and value");
    for (const Json& one : list) {
      if (!one.is_object() || !one.contains("name") || !one["name"].is_string()) {
        fail("options is not a list of objects with name and value");
      }
      const auto value = one.contains("value") ? text_of(one["value"]) : std::nullopt;
      if (value) option(one["name"].get<std::string>(), *value);
    }
  }

  // `featurestoreKafkaConnectorDTO` is what the endpoint calls its own type.
  void check_type(const std::string& type) const {
    const std::string shown = upper(type);
    if (shown == "KAFKA" || shown == "FEATURESTOREKAFKACONNECTORDTO") return;
    fail("its type is " + type + ", but only KAFKA has topics; name another one with kafka.data.source.name");
  }

  const std::string name_;
  DataSource& source_;
  Properties options_;
};

std::string read_text(const std::string& path, const Reader& reader) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.good() && !in.eof()) reader.fail("reading " + path + " failed; check the path and its rights");
  return text;
}

}  // namespace

std::optional<DataSource> find_data_source(const Properties& config, const std::string& name) {
  const std::string key = kDataSourcePrefix + name;
  const std::string* document = find(config, key);
  const Properties fields = with_prefix(config, key + ".");
  if (document == nullptr && fields.empty()) return std::nullopt;
  DataSource source;
  Reader reader(name, source);
  if (document != nullptr) reader.json(*document, key);
  for (const auto& [field, value] : fields) {
    if (field == kFile) {
      reader.json(read_text(value, reader), value);
    } else {
      reader.field(field, value);
    }
  }
  reader.finish();
  if (source.external && !source.client.contains("bootstrap.servers")) {
    reader.fail("it names no bootstrap.servers");
  }
  return source;
}

}  // namespace millrace::feature_store
