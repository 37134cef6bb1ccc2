#pragma once
// Connect schemas as JSON (connect-data.md §3.1 "Envelope").

#include <string>
#include <string_view>

#include "connectors/converters/codec_converter.h"
#include "connectors/converters/json_options.h"
#include "millrace/schema.h"

namespace millrace::converters {

/// Member of a JSON object; null when absent or not an object.
const Value* member(const Value& object, std::string_view name) noexcept;

/// Reads a schema node; JSON null gives a null schema. False with the message of Java's
/// DataException.
bool read_schema(const Value& json, const JsonOptions& options, SchemaPtr& out, CodecError& error);

/// Appends the JSON of a schema; inside a struct `field` is the name it ends with. False when a
/// default cannot be written, e.g. a time outside the day.
bool append_schema(std::string& out, const Schema& schema, std::string_view field,
                   bool numeric_decimals, CodecError& error);

}  // namespace millrace::converters
