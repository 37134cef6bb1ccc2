#pragma once
// One run of the translation: reads Java settings, remembers which it looked at, collects the
// result. The parts are functions over it, one file per kind of setting.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/text.h"
#include "runtime/broker/kafka/java_client_config.h"
#include "runtime/security/settings_reader.h"

namespace millrace::kafka {

using security::to_upper;

class Translator {
 public:
  /// Values are trimmed: librdkafka trims numbers only.
  Translator(const Properties& java, ClientKind kind);

  ClientKind kind() const noexcept { return kind_; }
  const Properties& java() const noexcept { return java_; }
  ClientConfig& out() noexcept { return out_; }

  /// The value, null when it is not set. Marks the key as known.
  const std::string* get(const std::string& key);
  /// The value; `fallback` when it is not set or empty.
  std::string text_or(const std::string& key, const std::string& fallback);
  bool is_true(const std::string& key, bool fallback);
  /// Throws ConfigException, worded as Java does, when the value is no integer.
  std::optional<int64_t> number(const std::string& key);
  /// As number(), into [minimum, maximum]; warns, once per key, when that changes the value.
  std::optional<int64_t> number_in(const std::string& key, int64_t minimum, int64_t maximum);

  void set(const std::string& key, std::string value) {
    out_.rdkafka.insert_or_assign(key, std::move(value));
  }
  void set(const std::string& key, int64_t value) { set(key, std::to_string(value)); }
  void set_topic(const std::string& key, std::string value) {
    out_.topic.insert_or_assign(key, std::move(value));
  }
  void warn(std::string text) { out_.warnings.push_back(std::move(text)); }
  /// One warning for each key nobody looked at, with the nearest known name; none for those in
  /// `worker`.
  void warn_unknown(const Properties& worker);

 private:
  ClientKind kind_;
  Properties java_;
  ClientConfig out_;
  std::vector<std::string> used_;
};

void translate_common(Translator& t);    // kafka-clients.md §3.1, whitelist rows, pass-through
void translate_producer(Translator& t);  // §3.2
void translate_consumer(Translator& t);  // §3.3
void translate_security(Translator& t);  // §3.5 - §3.7, §4

}  // namespace millrace::kafka
