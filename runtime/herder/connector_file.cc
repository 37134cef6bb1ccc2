#include "runtime/herder/connector_file.h"

#include <nlohmann/json.hpp>

#include <map>
#include <variant>
#include <vector>

#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "runtime/core/atomic_file.h"

namespace millrace {
namespace {

/// Scalars of one JSON object with their literal spelling; nullopt is null.
using Scalars = std::map<std::string, std::optional<std::string>>;

/// What a document holds as far as connector files need it: the scalars of the top object and those
/// of its member `config`. Numbers keep their spelling, which a document tree would lose.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool is_object = false;
  bool is_flat = true;         // no nested values at the top
  bool has_config = false;     // `config` is an object
  bool config_is_flat = true;  // and has no nested values
  Scalars top;
  Scalars config;

  bool null() override { return scalar(std::nullopt); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool string(string_t& value) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (depth_ == 0) is_object = true;
    const bool opens_config = depth_ == 1 && is_object && key_ == "config";
    open_nested(opens_config);
    in_config_ = in_config_ || opens_config;
    has_config = has_config || opens_config;
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1) in_config_ = false;
    return true;
  }
  bool start_array(std::size_t) override {
    open_nested(false);
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ <= 2) key_ = name;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  /// Deeper JSON is no connector file; refused before it can exhaust anything.
  static constexpr int kMaxDepth = 1000;

  void open_nested(bool opens_config) {
    if (depth_ == 1) is_flat = false;
    if (depth_ == 2 && in_config_ && !opens_config) config_is_flat = false;
    ++depth_;
  }
  bool scalar(std::optional<std::string> value) {
    if (depth_ == 0 || depth_ > kMaxDepth) return false;
    if (depth_ == 1 && is_object) top.insert_or_assign(key_, std::move(value));
    if (depth_ == 2 && in_config_) config.insert_or_assign(key_, std::move(value));
    return true;
  }

  int depth_ = 0;
  bool in_config_ = false;
  std::string key_;
};

std::string where(const std::filesystem::path& path) {
  return "at '" + path.string() + "'";
}

Properties require_no_nulls(const Scalars& scalars, const std::filesystem::path& path) {
  Properties config;
  for (const auto& [key, value] : scalars) {
    if (!value) {
      throw ConnectException("Connector configuration " + where(path) + " sets '" + key +
                             "' to null. Null value can not be supplied as the configuration "
                             "value.");
    }
    config.emplace(key, *value);
  }
  return config;
}

ConnectorFile plain(Properties config, const std::filesystem::path& path) {
  const std::string* name = find(config, "name");
  if (name == nullptr) {
    throw ConnectException("Connector configuration " + where(path) +
                           " is missing the mandatory 'name' configuration");
  }
  return {*name, std::move(config), std::nullopt};
}

TargetState parse_initial_state(const std::string& text, const std::filesystem::path& path) {
  std::string upper = text;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (upper == "RUNNING") return TargetState::Started;
  if (upper == "PAUSED") return TargetState::Paused;
  if (upper == "STOPPED") return TargetState::Stopped;
  throw ConnectException("Connector configuration " + where(path) + " has the initial_state '" +
                         text + "'; it may be RUNNING, PAUSED or STOPPED");
}

ConnectorFile request(const Reader& json, const std::filesystem::path& path) {
  ConnectorFile file;
  file.config = require_no_nulls(json.config, path);
  const auto name = json.top.find("name");
  const std::string* own_name = find(file.config, "name");
  if (name != json.top.end() && name->second) file.name = *name->second;
  if (own_name != nullptr && *own_name != file.name) {
    throw ConnectException(
        "Connector name configuration in 'config' doesn't match the one specified in 'name' " +
        where(path));
  }
  file.config.try_emplace("name", file.name);
  const auto state = json.top.find("initial_state");
  if (state != json.top.end() && state->second) {
    file.initial_state = parse_initial_state(*state->second, path);
  }
  return file;
}

}  // namespace

ConnectorFile read_connector_file(const std::filesystem::path& path) {
  std::string text;
  if (!read_file(path, text)) {
    throw ConnectException("reading " + path.string() + ": No such file or directory");
  }
  Reader json;
  // What follows the first value is ignored, as by the Java worker.
  const bool is_json = nlohmann::json::sax_parse(text, &json, nlohmann::json::input_format_t::json,
                                                 /*strict=*/false);
  if (is_json && json.is_object) {
    if (json.is_flat) return plain(require_no_nulls(json.top, path), path);
    if (json.has_config && json.config_is_flat) return request(json, path);
  }
  try {
    return plain(parse_properties(text), path);
  } catch (const ConfigException& error) {
    throw ConfigException("reading " + path.string() + ": " + error.what());
  }
}

}  // namespace millrace
