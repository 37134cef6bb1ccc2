#pragma once
// Configuration rows (architecture: "one row, five uses"). A row names a key once; from it come the
// typed field, validation with all errors, the answers of /connector-plugins/*/config and
// /validate, the generated documentation and suggestions for unknown keys. Types, messages and
// orders are those of Kafka's ConfigDef (connect-configs.md §1).

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/errors.h"
#include "millrace/properties.h"

namespace millrace {

enum class ConfigType : uint8_t {
  Boolean,
  String,
  Int,
  Short,
  Long,
  Double,
  List,
  Class,
  Password
};
enum class Importance : uint8_t { High, Medium, Low };
enum class Width : uint8_t { None, Short, Medium, Long };
std::string_view config_type_name(ConfigType type) noexcept;  // BOOLEAN, STRING, ...
std::string_view importance_name(Importance importance) noexcept;
std::string_view width_name(Width width) noexcept;

/// A secret: never printed, logged or returned. `value()` is the only way to the text.
class Password {
 public:
  static constexpr std::string_view kHidden = "[hidden]";
  Password() = default;
  explicit Password(std::string value) : value_(std::move(value)) {}
  const std::string& value() const noexcept { return value_; }
  bool operator==(const Password&) const = default;

 private:
  std::string value_;
};

/// A parsed value; monostate is Java's null.
using ConfigValue = std::variant<std::monostate, bool, std::string, int32_t, int16_t, int64_t,
                                 double, std::vector<std::string>, Password>;

/// Text as REST shows it: LIST joined with `,`, PASSWORD hidden; nullopt for null.
std::optional<std::string> config_value_text(const ConfigValue& value);

/// Check of one parsed value.
struct ConfigValidator {
  /// Empty when valid, else the detail of `Invalid value V for configuration K: DETAIL`. Called
  /// with null for a value that is missing or failed to parse, as Kafka does.
  std::function<std::string(const ConfigValue&)> check;
  /// As Kafka prints it in documentation, e.g. `[1,...]`.
  std::string description;
  /// `check` gives the whole message: a few of Kafka's validators do not name value and key.
  bool whole_message = false;
};
ConfigValidator at_least(int64_t minimum);
ConfigValidator between(int64_t minimum, int64_t maximum);
ConfigValidator between_real(double minimum, double maximum);
ConfigValidator one_of(std::vector<std::string> allowed);  // case-sensitive
ConfigValidator one_of_ignoring_case(std::vector<std::string> allowed);
ConfigValidator non_null();
ConfigValidator non_empty_string();
ConfigValidator non_empty_string_without_control_chars();
ConfigValidator non_empty_list();
ConfigValidator unique_aliases();
ConfigValidator valid_regex();  // java.util.regex syntax

/// One key.
struct ConfigKey {
  std::string name;
  ConfigType type = ConfigType::String;
  bool required = false;                    // no default at all
  std::optional<std::string> default_text;  // unset and not required: the default is null
  Importance importance = Importance::Medium;
  std::string doc;
  std::optional<std::string> group;
  int32_t order = -1;
  Width width = Width::None;
  std::optional<std::string> display_name;  // unset: the name
  std::vector<std::string> dependents;      // keys whose values depend on this one; must be defined
  std::optional<ConfigValidator> validator;
  /// Values REST recommends; may be empty. A ConfigException becomes an error of the key.
  std::function<std::vector<std::string>()> recommender;
  bool internal = false;  // left out of REST answers and documentation
};

/// Result for one key, as REST shows it.
struct ConfigKeyResult {
  std::string name;
  ConfigValue value;
  std::vector<std::string> recommended;
  std::vector<std::string> errors;
  bool visible = true;
};

/// Messages by key, in the order they were found.
class ConfigErrors {
 public:
  void add(std::string key, std::string message) {
    entries_.emplace_back(std::move(key), std::move(message));
  }
  const std::vector<std::pair<std::string, std::string>>& entries() const noexcept {
    return entries_;
  }
  bool empty() const noexcept { return entries_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// An ordered set of keys. Immutable after construction; any thread may read.
class ConfigDefinition {
 public:
  ConfigDefinition& add(ConfigKey key);
  /// Adds the keys of `other` that are not defined yet.
  ConfigDefinition& add_missing(const ConfigDefinition& other);
  const std::vector<ConfigKey>& keys() const noexcept { return keys_; }
  const ConfigKey* find(std::string_view name) const noexcept;
  /// Distinct group names in definition order.
  std::vector<std::string> groups() const;
  /// All keys with all their errors; never throws for bad values.
  std::vector<ConfigKeyResult> validate(const Properties& properties) const;
  /// Values of all keys, in definition order. Throws ConfigException on the first bad one.
  std::vector<ConfigValue> parse(const Properties& properties) const;
  /// Defined key most like `unknown` (small edit distance), if any.
  std::optional<std::string> suggest(std::string_view unknown) const;

 private:
  std::vector<ConfigKey> keys_;
};

/// Parses one value; returns the error message of Kafka, or empty. `text` null: not set.
std::string parse_config_value(const ConfigKey& key, const std::string* text, ConfigValue& out);

/// Markdown table of the keys, for docs/connectors and the worker-config page.
std::string config_markdown(const ConfigDefinition& definition);

/// What a row says beside its field.
struct KeySpec {
  std::string name;
  Importance importance = Importance::Medium;
  std::string doc = {};
  std::optional<ConfigValidator> validator = {};
  std::optional<std::string> group = {};
  int32_t order = -1;
  Width width = Width::None;
  std::optional<std::string> display_name = {};
  std::optional<ConfigType> type = {};  // only to say Class for a std::string field
  std::function<std::vector<std::string>()> recommender = {};
  std::vector<std::string> dependents = {};
};

namespace detail {
template <class T>
struct Unwrap {
  using type = T;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
};
template <class T>
inline constexpr bool is_optional = !std::is_same_v<T, typename Unwrap<T>::type>;

template <class T>
constexpr ConfigType config_type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return ConfigType::Boolean;
  else if constexpr (std::is_same_v<T, int32_t>)
    return ConfigType::Int;
  else if constexpr (std::is_same_v<T, int16_t>)
    return ConfigType::Short;
  else if constexpr (std::is_same_v<T, int64_t>)
    return ConfigType::Long;
  else if constexpr (std::is_same_v<T, double>)
    return ConfigType::Double;
  else if constexpr (std::is_same_v<T, std::vector<std::string>>)
    return ConfigType::List;
  else if constexpr (std::is_same_v<T, Password>)
    return ConfigType::Password;
  else {
    static_assert(std::is_same_v<T, std::string>, "not a type a configuration key can have");
    return ConfigType::String;
  }
}
/// Plain text of a default, parseable again (unlike config_value_text it shows secrets).
std::string default_text(const ConfigValue& value);
}  // namespace detail

/// Typed rows: each binds a key to a member of `Options`.
template <class Options>
class ConfigDef {
 public:
  /// A key without default.
  template <class T>
  ConfigDef& required(T Options::*field, KeySpec spec) {
    ConfigKey key = to_key<T>(std::move(spec));
    key.required = true;
    return bind(field, std::move(key));
  }
  /// A key whose default is the member's initial value; std::optional members default to null.
  template <class T>
  ConfigDef& optional(T Options::*field, KeySpec spec) {
    ConfigKey key = to_key<T>(std::move(spec));
    const Options defaults{};
    if constexpr (detail::is_optional<T>) {
      if (defaults.*field) key.default_text = detail::default_text(ConfigValue{*(defaults.*field)});
    } else {
      key.default_text = detail::default_text(ConfigValue{defaults.*field});
    }
    return bind(field, std::move(key));
  }
  const ConfigDefinition& definition() const noexcept { return definition_; }
  /// Throws ConfigException on the first bad key, in definition order.
  Options parse(const Properties& properties) const {
    Options options{};
    const auto values = definition_.parse(properties);
    for (size_t i = 0; i < setters_.size(); ++i) setters_[i](options, values[i]);
    return options;
  }

 private:
  template <class T>
  static ConfigKey to_key(KeySpec spec) {
    ConfigKey key;
    key.type = spec.type.value_or(detail::config_type_of<typename detail::Unwrap<T>::type>());
    key.name = std::move(spec.name);
    key.importance = spec.importance;
    key.doc = std::move(spec.doc);
    key.validator = std::move(spec.validator);
    key.group = std::move(spec.group);
    key.order = spec.order;
    key.width = spec.width;
    key.display_name = std::move(spec.display_name);
    key.recommender = std::move(spec.recommender);
    key.dependents = std::move(spec.dependents);
    return key;
  }
  template <class T>
  ConfigDef& bind(T Options::*field, ConfigKey key) {
    definition_.add(std::move(key));
    setters_.push_back([field](Options& options, const ConfigValue& value) {
      using Plain = typename detail::Unwrap<T>::type;
      if (const auto* plain = std::get_if<Plain>(&value)) {
        options.*field = *plain;
      } else if constexpr (detail::is_optional<T>) {
        options.*field = std::nullopt;
      }
    });
    return *this;
  }

  ConfigDefinition definition_;
  std::vector<std::function<void(Options&, const ConfigValue&)>> setters_;
};

}  // namespace millrace
