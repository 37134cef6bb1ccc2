#pragma once
// What the conformance suite must know of a connector. A connector derives one class per kind and
// instantiates the suite with it (connector_suite.h).

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "millrace/connector.h"

namespace millrace::conformance {

class ConnectorUnderTest {
 public:
  virtual ~ConnectorUnderTest() = default;
  /// The shared object, loaded as the worker loads it.
  virtual std::filesystem::path plugin() const = 0;
  virtual std::string class_name() const = 0;
  /// A complete, valid configuration with the connector's own keys.
  virtual Properties config() const = 0;
  /// Keys without a default.
  virtual std::vector<std::string> required_keys() const = 0;
  virtual bool alters_offsets() const { return true; }
};

class SourceUnderTest : public ConnectorUnderTest {
 public:
  /// Makes the system give these texts, after what it has given already.
  virtual void feed(const std::vector<std::string>& texts) = 0;
  /// The text of a record that came of one.
  virtual std::string text_of(const Record& record) const {
    return std::string(record.value.value.as_string());
  }
};

class SinkUnderTest : public ConnectorUnderTest {
 public:
  /// Gives a record the text.
  virtual void fill(RecordBatch& batch, Record& record, const std::string& text) const {
    record.value = {batch.keep(primitive_schema(Type::String)),
                    Value::string(batch.arena().copy(text))};
  }
  /// Texts the system would still have if the worker were killed now, in their order.
  virtual std::vector<std::string> durable() = 0;
  /// While it is full, the system takes nothing, or only a part of what it is given.
  virtual void set_full(bool full) = 0;
};

/// Makes what a test runs on; printed by the name of the connector.
template <class System>
struct Maker {
  std::string name;
  std::function<std::unique_ptr<System>()> make;

  friend std::ostream& operator<<(std::ostream& out, const Maker& maker) {
    return out << maker.name;
  }
};
template <class T, class System>
Maker<System> maker_of() {
  const auto make = [] { return std::unique_ptr<System>(std::make_unique<T>()); };
  const std::string name = make()->class_name();
  return {name.substr(name.rfind('.') + 1), make};
}

}  // namespace millrace::conformance
