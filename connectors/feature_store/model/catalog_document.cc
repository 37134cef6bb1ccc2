#include <set>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/model/group_document.h"
#include "connectors/feature_store/model/view_document.h"

namespace millrace::feature_store {
namespace {

/// One document on its way into the parts.
struct Document {
  Json json;
  DocumentContext context;
};

/// What earlier documents have.
struct Taken {
  std::set<int64_t> ids = {};
  std::set<std::pair<std::string, std::string>> tables = {};
  std::set<std::tuple<std::string, std::string, int32_t>> views = {};
  std::set<std::string> feast_views = {};
  std::set<std::string> feast_services = {};
  std::set<std::string> push_sources = {};
};

Taken taken_by(const Catalog::Parts& parts) {
  Taken taken;
  for (const FeatureGroupPtr& group : parts.groups) {
    taken.ids.insert(group->id);
    if (!group->deleted) taken.tables.emplace(group->database(), group->table());
  }
  for (const FeatureView& view : parts.views) {
    taken.views.emplace(view.database(), view.name, view.version);
  }
  for (const FeastView& view : parts.feast_views) taken.feast_views.insert(view.name);
  for (const FeastService& service : parts.feast_services)
    taken.feast_services.insert(service.name);
  for (const FeastPushSource& source : parts.push_sources) taken.push_sources.insert(source.name);
  return taken;
}

void read_groups(const Document& document, Catalog::Parts& parts) {
  const Taken taken = taken_by(parts);
  JsonObject root(document.json, "", document.context);
  root.list("featureGroups", [&](const Json& item, const std::string& place) {
    auto group = std::make_shared<FeatureGroup>(parse_feature_group(item, place, document.context));
    if (taken.ids.contains(group->id)) return;
    if (!group->deleted && taken.tables.contains({group->database(), group->table()})) return;
    parts.groups.push_back(std::move(group));
  });
}

void read_feast(JsonObject feast, const GroupNames& groups, const Taken& taken,
                Catalog::Parts& parts) {
  const DocumentContext& context = feast.context();
  feast.list("views", [&](const Json& item, const std::string& place) {
    FeastView view = parse_feast_view(item, place, groups, context);
    if (!taken.feast_views.contains(view.name)) parts.feast_views.push_back(std::move(view));
  });
  feast.list("services", [&](const Json& item, const std::string& place) {
    FeastService service = parse_feast_service(item, place, context);
    if (!taken.feast_services.contains(service.name)) {
      parts.feast_services.push_back(std::move(service));
    }
  });
  feast.list("pushSources", [&](const Json& item, const std::string& place) {
    FeastPushSource source = parse_feast_push_source(item, place, context);
    if (!taken.push_sources.contains(source.name)) parts.push_sources.push_back(std::move(source));
  });
  feast.warn_of_others();
}

void read_views(const Document& document, const GroupNames& groups, Catalog::Parts& parts) {
  const Taken taken = taken_by(parts);
  JsonObject root(document.json, "", document.context);
  root.find("featureGroups");
  root.list("featureViews", [&](const Json& item, const std::string& place) {
    FeatureView view = parse_feature_view(item, place, groups, document.context);
    if (taken.views.contains({view.database(), view.name, view.version})) return;
    parts.views.push_back(std::move(view));
  });
  if (auto feast = root.object("feast")) read_feast(*feast, groups, taken, parts);
  root.warn_of_others();
}

}  // namespace

Catalog::Parts parse_catalog(const std::vector<CatalogText>& documents,
                             std::vector<std::string>* warnings) {
  Catalog::Parts parts;
  std::vector<Document> read;
  read.reserve(documents.size());
  for (const CatalogText& document : documents) {
    read.push_back({parse_document(document.text, document.origin), {document.origin, warnings}});
    read_groups(read.back(), parts);
  }
  const GroupNames groups(parts.groups);
  for (const Document& document : read) read_views(document, groups, parts);
  return parts;
}

Catalog::Parts parse_catalog(std::string_view json, const std::string& origin,
                             std::vector<std::string>* warnings) {
  return parse_catalog({{std::string(json), origin}}, warnings);
}

}  // namespace millrace::feature_store
