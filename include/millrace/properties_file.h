#pragma once
// Java `Properties` text (connect-configs.md §2): ISO-8859-1 for worker and connector files, UTF-8
// for the file config provider.

#include <filesystem>
#include <string>
#include <string_view>

#include "millrace/properties.h"

namespace millrace {

enum class PropertiesEncoding { Latin1, Utf8 };

/// Parses properties text into UTF-8 strings; duplicates: last wins. Throws ConfigException, e.g.
/// `Malformed \uxxxx encoding.`
Properties parse_properties(std::string_view bytes,
                            PropertiesEncoding encoding = PropertiesEncoding::Latin1);

/// Reads and parses a file. Throws ConfigException that names the file and the reason.
Properties read_properties_file(const std::filesystem::path& path,
                                PropertiesEncoding encoding = PropertiesEncoding::Latin1);

}  // namespace millrace
