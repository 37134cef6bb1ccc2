#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/file_catalog.h"
#include "connectors/lakehouse/catalog/rest_catalog.h"
#include "connectors/lakehouse/catalog/sql_catalog.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// The type, or what Java's class of that catalog says.
std::string type_of(const Properties& settings) {
  if (const std::string* type = find(settings, "type")) return *type;
  const std::string* java = find(settings, "catalog-impl");
  if (java == nullptr) {
    throw ConfigException("iceberg.catalog.type: missing; it must be hadoop, jdbc or rest");
  }
  if (*java == "org.apache.iceberg.hadoop.HadoopCatalog") return "hadoop";
  if (*java == "org.apache.iceberg.jdbc.JdbcCatalog") return "jdbc";
  if (*java == "org.apache.iceberg.rest.RESTCatalog") return "rest";
  throw ConfigException("iceberg.catalog.catalog-impl: `" + *java +
                        "` is not supported; set iceberg.catalog.type to hadoop, jdbc or rest");
}

}  // namespace

std::shared_ptr<Catalog> make_catalog(const std::string& name, const Properties& settings) {
  const std::string type = type_of(settings);
  if (type == "hadoop") {
    const std::string* warehouse = find(settings, "warehouse");
    if (warehouse == nullptr || warehouse->empty()) {
      throw ConfigException("iceberg.catalog.warehouse: missing; it must name the tables' folder");
    }
    return std::make_shared<FileCatalog>(*warehouse, make_file_io(*warehouse, settings));
  }
  // `sql` is PyIceberg's word.
  if (type == "jdbc" || type == "sql") {
    return std::make_shared<SqlCatalog>(name, settings, open_database(settings));
  }
  if (type == "rest") return std::make_shared<RestCatalog>(settings);
  throw ConfigException("iceberg.catalog.type: `" + type +
                        "` is not supported; it must be hadoop, jdbc or rest");
}

}  // namespace millrace::lakehouse
