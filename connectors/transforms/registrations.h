#pragma once
// Every file of this folder that has classes of the plugin, one function each.

#include "millrace/plugin.h"

namespace millrace::transforms {

void register_cast(PluginTable& table);
void register_drop_headers(PluginTable& table);
void register_extract_field(PluginTable& table);
void register_filter(PluginTable& table);
void register_flatten(PluginTable& table);
void register_header_from(PluginTable& table);
void register_hoist_field(PluginTable& table);
void register_insert_field(PluginTable& table);
void register_insert_header(PluginTable& table);
void register_mask_field(PluginTable& table);
void register_predicates(PluginTable& table);
void register_read_json_record(PluginTable& table);
void register_regex_router(PluginTable& table);
void register_replace_field(PluginTable& table);
void register_set_schema_metadata(PluginTable& table);
void register_timestamp_converter(PluginTable& table);
void register_timestamp_router(PluginTable& table);
void register_value_to_key(PluginTable& table);

inline void register_all(PluginTable& table) {
  register_cast(table);
  register_drop_headers(table);
  register_extract_field(table);
  register_filter(table);
  register_flatten(table);
  register_header_from(table);
  register_hoist_field(table);
  register_insert_field(table);
  register_insert_header(table);
  register_mask_field(table);
  register_predicates(table);
  register_read_json_record(table);
  register_regex_router(table);
  register_replace_field(table);
  register_set_schema_metadata(table);
  register_timestamp_converter(table);
  register_timestamp_router(table);
  register_value_to_key(table);
}

}  // namespace millrace::transforms
