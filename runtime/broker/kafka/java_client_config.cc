#include "runtime/broker/kafka/java_client_config.h"

#include <algorithm>
#include <charconv>

#include "millrace/errors.h"
#include "millrace/nearest.h"
#include "millrace/text.h"
#include "runtime/broker/kafka/client_rules.h"
#include "runtime/broker/kafka/client_translator.h"

namespace millrace::kafka {

Translator::Translator(const Properties& java, ClientKind kind) : kind_(kind) {
  for (const auto& [key, value] : java) java_.emplace(key, java_trim(value));
}

const std::string* Translator::get(const std::string& key) {
  used_.push_back(key);
  return find(java_, key);
}

std::string Translator::text_or(const std::string& key, const std::string& fallback) {
  const std::string* value = get(key);
  return value != nullptr && !value->empty() ? *value : fallback;
}

bool Translator::is_true(const std::string& key, bool fallback) {
  const std::string* value = get(key);
  if (value == nullptr) return fallback;
  const std::string text = to_lower(*value);
  if (text == "true") return true;
  if (text == "false") return false;
  throw ConfigException("Invalid value " + *value + " for configuration " + key +
                        ": Expected value to be either true or false");
}

std::optional<int64_t> Translator::number(const std::string& key) {
  const std::string* text = get(key);
  if (text == nullptr) return std::nullopt;
  std::string_view digits = *text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    throw ConfigException("Invalid value " + *text + " for configuration " + key +
                          ": Not a number of type LONG");
  }
  return value;
}

std::optional<int64_t> Translator::number_in(const std::string& key, int64_t minimum,
                                             int64_t maximum) {
  const auto value = number(key);
  if (!value) return value;
  const int64_t fitted = std::clamp(*value, minimum, maximum);
  // -1 is Java's "use the default of the system"; its meaning is kept.
  if (fitted != *value && *value != -1) {
    std::string text = key + "=" + std::to_string(*value) +
                       " is out of the native client's range; using " + std::to_string(fitted);
    const auto& given = out_.warnings;
    if (std::find(given.begin(), given.end(), text) == given.end()) warn(std::move(text));
  }
  return fitted;
}

void Translator::warn_unknown(const Properties& worker) {
  // An admin client gets the whole worker file, where nearly every key is for something else.
  if (kind_ == ClientKind::Admin) return;
  const auto& ignored = ignored_client_keys();
  std::vector<std::string> known(used_);
  known.insert(known.end(), ignored.begin(), ignored.end());
  for (const auto& [key, value] : java_) {
    if (key.starts_with("metrics.context.") || worker.contains(key)) continue;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest_names(key, known, 1);
    warn("client setting " + key + " is not known and has no effect" +
         (near.empty() ? "" : "; did you mean " + near.front() + "?"));
  }
}

ClientConfig translate(const Properties& java, ClientKind kind, const Properties& worker) {
  Translator translator(java, kind);
  translate_common(translator);
  if (kind == ClientKind::Producer) translate_producer(translator);
  if (kind == ClientKind::Consumer) translate_consumer(translator);
  translate_security(translator);
  // Last, so that a native setting behind its marker wins over what was derived.
  for (const auto& [key, value] : translator.java()) {
    if (!key.starts_with(kNativeMarker)) continue;
    translator.get(key);
    const std::string native = key.substr(kNativeMarker.size());
    if (is_denied_native(native)) {
      throw ConfigException(key + " may not be set: it could load code, run a command or break "
                            "what the worker relies on");
    }
    translator.out().topic.erase(native);
    translator.set(native, value);
  }
  translator.warn_unknown(worker);
  return std::move(translator.out());
}

}  // namespace millrace::kafka
