#pragma once
// Types of features, as Hopsworks writes them (Hive text), and of their online columns
// (feature-store-sink.md §4, §8).

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/avro/schema.h"

namespace millrace::feature_store {

enum class FeatureKind : uint8_t {
  Boolean,
  TinyInt,
  SmallInt,
  Int,
  BigInt,
  Float,
  Double,
  Decimal,
  Date,
  Timestamp,
  String,
  Binary,
  Complex,  // array, map, struct, uniontype: Avro within bytes on the wire
};

struct FeatureType {
  FeatureKind kind = FeatureKind::String;
  int32_t precision = 0;  // of Decimal
  int32_t scale = 0;
  std::string text = {};  // Hive text in lower case without blanks: `array<double>`

  bool operator==(const FeatureType&) const = default;
};

/// Throws DataException for text that is no type. Whole tokens count: `integer_id` is no `int`.
FeatureType parse_feature_type(std::string_view hive);
/// What a field of a registered schema was made from. `field_type` may be a union with null in either
/// order. `timestamp-millis` is a Timestamp, too. Throws DataException for what no feature becomes.
FeatureType feature_type_of(const avro::Node& field_type);
/// The branch of a nullable union that is not null; any other type itself. Throws DataException for
/// other unions.
const avro::Node& without_null(const avro::Node& type);

enum class ColumnKind : uint8_t {
  Boolean,
  TinyInt,
  SmallInt,
  Int,
  BigInt,
  Float,
  Double,
  Decimal,
  Date,
  Timestamp,
  VarChar,
  Text,
  VarBinary,
  Blob,
};

/// Type of a column in the online store.
struct ColumnType {
  ColumnKind kind = ColumnKind::VarChar;
  uint32_t length = 0;  // VarChar: characters; VarBinary: bytes; Timestamp: digits of a fraction
  int32_t precision = 0;
  int32_t scale = 0;

  bool operator==(const ColumnType&) const = default;
  std::string text() const;  // `varchar(100)`
};

/// `varchar(500)`, `TIMESTAMP(6)`, ... Throws DataException.
ColumnType parse_column_type(std::string_view sql);
/// What a feature gets without a declaration (§8): `varchar(100)`, `varbinary(100)`, ...
ColumnType default_column_type(const FeatureType& type);
/// Bytes toward the row's limit of 30000 (§8).
uint32_t row_cost(const ColumnType& type) noexcept;

inline constexpr uint32_t kMaxRowBytes = 30'000;
inline constexpr size_t kMaxColumns = 500;
inline constexpr size_t kMaxKeyBytes = 4'096;

}  // namespace millrace::feature_store
