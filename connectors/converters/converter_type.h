#pragma once
// `converter.type`, which the worker sets for every converter (org.apache.kafka.connect.storage.
// ConverterConfig).

#include "millrace/config_def.h"

namespace millrace::converters {

/// The definition of a converter: `converter.type` and then its own keys.
inline ConfigDefinition with_converter_type(const ConfigDefinition& own) {
  ConfigKey type;
  type.name = "converter.type";
  type.required = true;
  type.importance = Importance::Low;
  type.doc = "What the converter is used for: key, value or header. Set by the worker.";
  type.validator = one_of({"key", "value", "header"});
  ConfigDefinition definition;
  definition.add(std::move(type));
  definition.add_missing(own);
  return definition;
}

}  // namespace millrace::converters
