#pragma once
// Members of objects: maps with text keys, and structs.

#include <string_view>

#include "connectors/lakehouse/table/types.h"
#include "millrace/schema.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

inline bool is_object(const Value& value) noexcept {
  return value.type() == ::millrace::Type::Map || value.type() == ::millrace::Type::Struct;
}

/// A view of an object; lives no longer than the value.
class Members {
 public:
  explicit Members(const Value& object) noexcept {
    if (object.type() == ::millrace::Type::Map) {
      entries_ = object.as_map();
    } else {
      data_ = &object.as_struct();
      fields_ = data_->schema->fields();
    }
  }

  size_t size() const noexcept { return data_ != nullptr ? fields_.size() : entries_.size(); }
  /// Without data for a key that is no text.
  std::string_view name(size_t i) const noexcept {
    if (data_ != nullptr) return fields_[i].name;
    const Value& key = entries_[i].key;
    return key.type() == ::millrace::Type::String ? key.as_string() : std::string_view();
  }
  const Value& value(size_t i) const noexcept {
    return data_ != nullptr ? data_->values[fields_[i].index] : entries_[i].value;
  }
  /// Null when there is none.
  const Schema* schema(size_t i) const noexcept {
    return data_ != nullptr ? fields_[i].schema.get() : nullptr;
  }
  /// The first of that name from `next` on, around the end; null when there is none. `next` is behind it
  /// then: members mostly come in one order.
  const Value* find(std::string_view name, bool ignore_case, size_t& next) const noexcept {
    const size_t count = size();
    for (size_t step = 0; step < count; ++step) {
      const size_t at = next + step < count ? next + step : next + step - count;
      if (!same_name(this->name(at), name, ignore_case)) continue;
      next = at + 1;
      return &value(at);
    }
    return nullptr;
  }

 private:
  std::span<const MapEntry> entries_ = {};
  const StructData* data_ = nullptr;
  std::span<const Field> fields_ = {};
};

}  // namespace millrace::lakehouse
