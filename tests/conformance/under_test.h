#pragma once
// What the conformance suite must know of a connector. A connector derives one class per kind and
// instantiates the suite with it (connector_suite.h).

#include <filesystem>
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

}  // namespace millrace::conformance
