#pragma once
// The fields of generated records, as `fields` lists them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/record.h"

namespace millrace::datagen {

enum class FieldKind : uint8_t { Sequence, Int32, Int64, Float64, Boolean, Text, Choice, Timestamp };

struct FieldSpec {
  std::string name;
  FieldKind kind = FieldKind::Sequence;
  int64_t least = 0;      // Int32, Int64; Text: its length
  int64_t greatest = 999;
  double from = 0;        // Float64
  double below = 1;
  std::vector<std::string> choices;
};

/// Throws ConfigException that names the field.
FieldSpec parse_field(const std::string& text);

/// What every field of record `number` is derived from; the same for the same seed.
class RecordRandom {
 public:
  RecordRandom(uint64_t seed, uint64_t number) noexcept;
  uint64_t next() noexcept;

 private:
  uint64_t state_;
};

/// A value of `field`; texts live in `arena` or in `field`.
Value generate(const FieldSpec& field, int64_t number, int64_t now_ms, RecordRandom& random,
               Arena& arena);

SchemaPtr schema_of(const std::vector<FieldSpec>& fields);

}  // namespace millrace::datagen
