#pragma once
// One-row batches through classes of the plugin, made by name as the worker makes them.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/transforms/registrations.h"
#include "millrace/text.h"

namespace millrace::transforms {

inline const PluginClass& plugin_class(const std::string& name) {
  static const PluginTable table = [] {
    PluginTable made;
    register_all(made);
    return made;
  }();
  const bool is_full = name.find("transforms.") != std::string::npos;
  const std::string full = is_full ? name : "org.apache.kafka.connect.transforms." + name;
  for (const PluginClass& known : table.classes()) {
    if (known.class_name == full) return known;
  }
  throw NotFoundException("no class " + full);
}

class TransformsFixture : public testing::Test {
 protected:
  TransformsFixture() { fresh(); }

  void configure(const std::string& name, const Properties& config = {}) {
    transformation_ = plugin_class(name).transformation();
    transformation_->configure(config);
  }
  std::string config_error(const std::string& name, const Properties& config) {
    try {
      configure(name, config);
    } catch (const ConfigException& error) {
      return error.what();
    }
    return "";
  }

  /// Empties the arena: what is put into the record must be made afterwards, in a statement of its
  /// own.
  Record& fresh() {
    batch_.reset();
    rows_.clear();
    rows_.push_back(0);
    Record& record = batch_.add();
    record.topic = "t";
    return record;
  }
  Record& record() { return batch_[0]; }
  /// Empty when the record passed, else why it was rejected.
  std::string apply() {
    transformation_->apply(batch_, rows_);
    return record().state == RowState::Rejected ? batch_.error(0).message : "";
  }
  ErrorKind error_kind() const { return batch_.error(0).kind; }

  Value structure(const SchemaPtr& schema, const std::vector<Value>& values) {
    const auto copy = batch_.arena().make_array<Value>(values.size());
    std::copy(values.begin(), values.end(), copy.begin());
    auto* data = batch_.arena().make<StructData>();
    *data = {batch_.keep(schema), copy.data()};
    return Value::structure(data);
  }
  Value map(const std::vector<std::pair<std::string_view, Value>>& entries) {
    const auto copy = batch_.arena().make_array<MapEntry>(entries.size());
    for (size_t i = 0; i < copy.size(); ++i) {
      copy[i] = {Value::string(entries[i].first), entries[i].second};
    }
    return Value::map(copy);
  }
  void set_struct(Side side, const SchemaPtr& schema, const std::vector<Value>& values) {
    const Value value = structure(schema, values);
    record().side(side) = {value.as_struct().schema, value};
  }
  void add_header(std::string_view key, const Value& value, const Schema* schema = nullptr) {
    const auto old = record().header_span();
    const auto all = batch_.arena().make_array<Header>(old.size() + 1);
    std::copy(old.begin(), old.end(), all.begin());
    all[old.size()] = Header{key, {schema, value}, {}};
    record().headers = all.data();
    record().header_count = static_cast<uint32_t>(all.size());
  }
  /// `name=value` of each header.
  std::vector<std::string> headers() {
    std::vector<std::string> texts;
    for (const Header& header : record().header_span()) {
      texts.push_back(std::string(header.key) + "=" + text(header.data.value));
    }
    return texts;
  }
  static std::string text(const Value& value) {
    std::string out;
    append_java_string(out, value);
    return out;
  }

  RecordBatch batch_;
  RowSet rows_;
  std::unique_ptr<Transformation> transformation_;
};

}  // namespace millrace::transforms
