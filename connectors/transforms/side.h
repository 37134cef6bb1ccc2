#pragma once
// A transformation is written once, as a body that works on one record; the adapters here give it
// the batch loop, its `$Key` and `$Value` classes and its place in the plugin's table.
//
// A body has
//   static const ConfigDefinition& definition();
//   void configure(const Properties& config);   // throws ConfigException
//   bool apply(RecordBatch& batch, Record& record, Failure& failure);                    OnRecord
//   bool apply(RecordBatch& batch, Record& record, SchemaAndValue& data, Failure& failure);  OnSide
// where `data` is the record's key or value. A body returns failure.fail(...) for a record it
// cannot change and leaves that one as it was: it may come again. Schemas that cannot be built
// throw SchemaBuilderException, which rejects the row too.

#include <string>
#include <utility>

#include "millrace/plugin.h"

namespace millrace::transforms {

inline constexpr const char* kVersion = "4.1.1";
inline constexpr const char* kPackage = "org.apache.kafka.connect.transforms.";

/// Why a row failed.
struct Failure {
  ErrorKind kind = ErrorKind::Data;
  std::string message = {};

  bool fail(std::string text, ErrorKind error_kind = ErrorKind::Data) {
    kind = error_kind;
    message = std::move(text);
    return false;
  }
};

/// Runs `body(record, failure)` on every row and rejects those it fails on.
template <class Body>
void each_row(RecordBatch& batch, const RowSet& rows, const Body& body) {
  Failure failure;
  for (const uint32_t row : rows) {
    try {
      if (body(batch[row], failure)) continue;
    } catch (const Error& error) {
      failure.fail(error.what(), error.kind());
    }
    batch.reject(row, RowError{failure.kind, Stage::Transformation, std::move(failure.message), {}});
  }
}

/// The transformation of a body that works on whole records.
template <class Body>
class OnRecord final : public Transformation {
 public:
  static const ConfigDefinition& definition() { return Body::definition(); }
  void configure(const Properties& config) override { body_.configure(config); }
  void apply(RecordBatch& batch, const RowSet& rows) override {
    each_row(batch, rows, [&](Record& record, Failure& failure) {
      return body_.apply(batch, record, failure);
    });
  }

 private:
  Body body_;
};

/// The `$Key` or `$Value` class of a body that works on one half of a record.
template <class Body, Side S>
class OnSide final : public Transformation {
 public:
  static const ConfigDefinition& definition() { return Body::definition(); }
  void configure(const Properties& config) override { body_.configure(config); }
  void apply(RecordBatch& batch, const RowSet& rows) override {
    each_row(batch, rows, [&](Record& record, Failure& failure) {
      return body_.apply(batch, record, record.side(S), failure);
    });
  }

 private:
  Body body_;
};

/// Adds the class `<package>.<name>`.
template <class Body>
void add_transformation(PluginTable& table, const std::string& name) {
  table.transformation<OnRecord<Body>>({kPackage + name, kVersion});
}

/// Adds the classes `<package>.<name>$Key` and `<package>.<name>$Value`.
template <class Body>
void add_sided(PluginTable& table, const std::string& name) {
  table.transformation<OnSide<Body, Side::Key>>({kPackage + name + "$Key", kVersion});
  table.transformation<OnSide<Body, Side::Value>>({kPackage + name + "$Value", kVersion});
}

}  // namespace millrace::transforms
