#include "connectors/lakehouse/table/manifest_schema.h"

#include <fmt/format.h>

namespace millrace::lakehouse {
namespace {

Json record(const std::string& name, const Json& fields) {
  return {{"type", "record"}, {"name", name}, {"fields", fields}};
}

Json list_of(int32_t element_id, const Json& items) {
  return {{"type", "array"}, {"items", items}, {"element-id", element_id}};
}

/// Avro's maps have keys of text only, so a map by number is a list of pairs.
Json map_of(int32_t key_id, int32_t value_id, const Json& value) {
  const Json pair = record(fmt::format("k{}_v{}", key_id, value_id),
                           Json::array({avro_field(key_id, "key", "int"),
                                        avro_field(value_id, "value", value)}));
  return {{"type", "array"}, {"items", pair}, {"logicalType", "map"}};
}

Json with_default(Json field, const Json& value) {
  field["default"] = value;
  return field;
}

Json data_file_fields(const Json& partition) {
  return Json::array({
      avro_field(134, "content", "int"),
      avro_field(100, "file_path", "string"),
      avro_field(101, "file_format", "string"),
      avro_field(102, "partition", record("r102", partition)),
      avro_field(103, "record_count", "long"),
      avro_field(104, "file_size_in_bytes", "long"),
      optional_avro_field(108, "column_sizes", map_of(117, 118, "long")),
      optional_avro_field(109, "value_counts", map_of(119, 120, "long")),
      optional_avro_field(110, "null_value_counts", map_of(121, 122, "long")),
      optional_avro_field(137, "nan_value_counts", map_of(138, 139, "long")),
      optional_avro_field(125, "lower_bounds", map_of(126, 127, "bytes")),
      optional_avro_field(128, "upper_bounds", map_of(129, 130, "bytes")),
      optional_avro_field(131, "key_metadata", "bytes"),
      optional_avro_field(132, "split_offsets", list_of(133, "long")),
      optional_avro_field(135, "equality_ids", list_of(136, "int")),
      optional_avro_field(140, "sort_order_id", "int"),
      optional_avro_field(143, "referenced_data_file", "string"),
  });
}

Json entry_schema(const Json& data_file) {
  return record("manifest_entry", Json::array({
                                      avro_field(0, "status", "int"),
                                      optional_avro_field(1, "snapshot_id", "long"),
                                      optional_avro_field(3, "sequence_number", "long"),
                                      optional_avro_field(4, "file_sequence_number", "long"),
                                      avro_field(2, "data_file", record("r2", data_file)),
                                  }));
}

Json list_fields() {
  const Json summary = record("r508", Json::array({
                                          avro_field(509, "contains_null", "boolean"),
                                          optional_avro_field(518, "contains_nan", "boolean"),
                                          optional_avro_field(510, "lower_bound", "bytes"),
                                          optional_avro_field(511, "upper_bound", "bytes"),
                                      }));
  return Json::array({
      avro_field(500, "manifest_path", "string"),
      avro_field(501, "manifest_length", "long"),
      avro_field(502, "partition_spec_id", "int"),
      avro_field(517, "content", "int"),
      avro_field(515, "sequence_number", "long"),
      avro_field(516, "min_sequence_number", "long"),
      avro_field(503, "added_snapshot_id", "long"),
      avro_field(504, "added_files_count", "int"),
      avro_field(505, "existing_files_count", "int"),
      avro_field(506, "deleted_files_count", "int"),
      avro_field(512, "added_rows_count", "long"),
      avro_field(513, "existing_rows_count", "long"),
      avro_field(514, "deleted_rows_count", "long"),
      optional_avro_field(507, "partitions", list_of(508, summary)),
      optional_avro_field(519, "key_metadata", "bytes"),
  });
}

}  // namespace

Json avro_field(int32_t id, const std::string& name, const Json& type) {
  return {{"name", name}, {"type", type}, {kFieldIdKey, id}};
}

Json optional_avro_field(int32_t id, const std::string& name, const Json& type) {
  return {{"name", name},
          {"type", Json::array({"null", type})},
          {"default", nullptr},
          {kFieldIdKey, id}};
}

avro::SchemaPtr manifest_schema(const Json& partition) {
  return avro::Schema::from_json(entry_schema(data_file_fields(partition)));
}

avro::SchemaPtr manifest_list_schema() {
  static const avro::SchemaPtr schema =
      avro::Schema::from_json(record("manifest_file", list_fields()));
  return schema;
}

avro::SchemaPtr manifest_read_schema(const Json& partition) {
  Json fields = data_file_fields(partition);
  fields[FileField::Content] = with_default(fields[FileField::Content], 0);
  fields[FileField::EqualityIds] = optional_avro_field(135, "equality_ids", list_of(136, "long"));
  return avro::Schema::from_json(entry_schema(fields));
}

avro::SchemaPtr manifest_list_read_schema() {
  static const avro::SchemaPtr schema = [] {
    Json fields = list_fields();
    for (const size_t field :
         {ListField::Content, ListField::SequenceNumber, ListField::MinSequenceNumber}) {
      fields[field] = with_default(fields[field], 0);
    }
    // Version 1 need not know them.
    for (size_t field = ListField::AddedSnapshotId; field < ListField::Partitions; ++field) {
      const Json known = fields[field];
      fields[field] = optional_avro_field(known[kFieldIdKey], known["name"], known["type"]);
    }
    return avro::Schema::from_json(record("manifest_file", fields));
  }();
  return schema;
}

}  // namespace millrace::lakehouse
