#include "connectors/feature_store/metadata/catalog_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/metadata/catalog_state.h"
#include "connectors/feature_store/metadata/record_group.h"
#include "connectors/feature_store/model/catalog_checks.h"
#include "millrace/errors.h"

namespace millrace::feature_store {

CatalogSource::CatalogSource(CatalogOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

CatalogSource::~CatalogSource() = default;

CatalogPtr CatalogSource::current() const {
  return state_->current();
}

uint64_t CatalogSource::generation() const noexcept {
  return state_->generation();
}

FeatureGroupPtr CatalogSource::find(const GroupHints& hints) {
  return state_->find(hints);
}

bool CatalogSource::refresh_if_due() {
  return state_->refresh_if_due();
}

std::string CatalogSource::last_error() const {
  return state_->last_error();
}

FeatureGroupPtr CatalogSource::State::find(const GroupHints& hints) {
  if (FeatureGroupPtr known = current()->group_ptr(hints.group_id)) return known;
  const std::lock_guard lock(slow_);
  if (FeatureGroupPtr known = current()->group_ptr(hints.group_id)) return known;
  const bool may_ask = !is_missing(hints.group_id);
  FeatureGroupPtr found;
  try {
    found = ask(hints, may_ask);
  } catch (const ConfigException& error) {
    note(fmt::format("group {}", hints.group_id), error.what());
  }
  if (!found && may_ask) remember_missing(hints.group_id);
  return found;
}

FeatureGroupPtr CatalogSource::State::ask(const GroupHints& hints, bool may_ask) {
  if (may_ask) {
    refresh_file();
    if (FeatureGroupPtr known = current()->group_ptr(hints.group_id)) return known;
  }
  if (auto group = group_of_attributes(hints)) return learn(*std::move(group), std::nullopt);
  if (may_ask && hopsworks_ && hints.project_id > 0) {
    if (auto found = hopsworks_->group(hints.project_id, hints.group_id)) {
      note_project(hints.project_id);
      return learn(std::move(found->group), found->answer);
    }
  }
  if (options_.unknown != UnknownGroups::Schema) return nullptr;
  auto group = group_of_schema(hints, options_.default_primary_key);
  return group ? learn(*std::move(group), std::nullopt) : nullptr;
}

FeatureGroupPtr CatalogSource::State::learn(FeatureGroup group, std::optional<size_t> answer) {
  LearntGroups before = learnt_;
  const FeatureGroupPtr added = add(std::move(group), answer);
  try {
    publish();
  } catch (...) {
    learnt_ = std::move(before);  // or nothing else could be published, either
    throw;
  }
  if (FeatureGroupPtr known = current()->group_ptr(added->id)) {
    missing_.erase(added->id);
    note(fmt::format("group {}", added->id), "");
    return known;
  }
  throw ConfigException(fmt::format("{}: a document has this name and version under another id",
                                    describe_group(*added)));
}

FeatureGroupPtr CatalogSource::State::add(FeatureGroup group, std::optional<size_t> answer) {
  const size_t room = kMaxGroups - std::min(kMaxGroups, documents_.groups.size());
  return learnt_.add(std::move(group), answer, std::min(kMaxFound, room));
}

bool CatalogSource::State::is_missing(int64_t id) {
  const auto found = missing_.find(id);
  return found != missing_.end() && Clock::now() < found->second;
}

void CatalogSource::State::remember_missing(int64_t id) {
  const auto now = Clock::now();
  if (missing_.size() >= kMaxMissing) {
    std::erase_if(missing_, [&](const auto& entry) { return entry.second <= now; });
  }
  if (missing_.size() >= kMaxMissing) missing_.clear();
  missing_[id] = now + options_.not_found_for;
}

void CatalogSource::State::note_project(int64_t project_id) {
  if (hopsworks_ && project_id > 0 && projects_.size() < HopsworksClient::kMaxProjects) {
    projects_.insert(project_id);
  }
}

}  // namespace millrace::feature_store
