#include "connectors/feature_store/sink/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "connectors/feature_store/wire/cell_text.h"
#include "millrace/json.h"

namespace millrace::feature_store {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out.push_back(':');
  append_json_string(out, text);
}

void append_number(std::string& out, std::string_view name, std::optional<int64_t> number) {
  append_json_string(out, name);
  out += number ? ":" + std::to_string(*number) : ":null";
}

/// The views that have a feature of the group.
void append_views(std::string& out, const FeatureGroup& group, const Catalog& catalog) {
  out += "[";
  for (const FeatureView& view : catalog.parts().views) {
    const bool uses = std::any_of(view.features.begin(), view.features.end(),
                                  [&](const ViewFeature& feature) { return feature.group_id == group.id; });
    if (!uses) continue;
    out += out.back() == '[' ? "{" : ",{";
    append_member(out, "projectName", view.database());
    out.push_back(',');
    append_number(out, "id", view.id);
    out.push_back(',');
    append_member(out, "name", view.name);
    out.push_back(',');
    append_number(out, "version", view.version);
    out.push_back(',');
    append_number(out, "featurestoreId", group.feature_store_id);
    out += "}";
  }
  out += "]";
}

}  // namespace

void Notifier::append(std::string& out, const RowChange& change, const Catalog& catalog) {
  const RowPlan& plan = *change.plan;
  const FeatureGroup& group = plan.group();
  cells_.resize(plan.fields().size());
  plan.read(change.row, cells_);
  out += "{";
  append_member(out, "projectName", group.database());
  out.push_back(',');
  append_number(out, "projectId", group.project_id);
  out.push_back(',');
  append_number(out, "featureStoreId", group.feature_store_id);
  out.push_back(',');
  append_number(out, "featureGroupId", group.id);
  out.push_back(',');
  append_member(out, "featureGroupName", group.name);
  out.push_back(',');
  append_number(out, "featureGroupVersion", group.version);
  out += ",\"entry\":{";
  for (size_t i = 0; i < group.primary_key.size(); ++i) {
    const size_t field = *plan.field(group.primary_key[i]);
    text_.clear();
    append_cell_text(text_, plan.fields()[field], cells_[field]);
    if (i > 0) out.push_back(',');
    append_member(out, group.primary_key[i], text_);
  }
  out += "},\"featureViews\":";
  append_views(out, group, catalog);
  out += "}";
}

void Notifier::tell(const std::vector<RowChange>& changes, const Catalog& catalog) {
  std::vector<std::string> values;
  values.reserve(changes.size());
  for (const RowChange& change : changes) {
    if (change.status != RowStatus::Upserted && change.status != RowStatus::Deleted) continue;
    append(values.emplace_back(), change, catalog);
  }
  for (size_t next = 0; next < values.size();) {
    batch_.reset();
    for (; next < values.size() && !batch_.full(); ++next) {
      Record& record = batch_.add();
      record.topic = topic_;
      record.value_wire = WireBytes::of(values[next]);
    }
    context_.send(batch_);
  }
}

}  // namespace millrace::feature_store
