#include "connectors/feature_store/model/feature_group.h"

#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kSuffix = "_featurestore";

std::string database_of(const std::string& project) {
  std::string name = to_lower(project);
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

}  // namespace

std::string FeatureGroup::database() const { return database_of(project); }

ColumnType FeatureGroup::column_type(const std::string& feature, const FeatureType& type) const {
  const auto declared = online_types.find(feature);
  return declared != online_types.end() ? declared->second : default_column_type(type);
}

std::string FeatureView::database() const { return database_of(project); }

}  // namespace millrace::feature_store
