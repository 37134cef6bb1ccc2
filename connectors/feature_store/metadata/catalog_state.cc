#include "connectors/feature_store/metadata/catalog_state.h"

#include <fmt/format.h>

#include <tuple>

#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.metadata";
constexpr const char* kInline = "the inline metadata";
constexpr const char* kFile = "file";
constexpr const char* kRest = "hopsworks";
constexpr const char* kViews = "feature views";

}  // namespace

CatalogSource::State::State(CatalogOptions options) : options_(std::move(options)) {
  if (!options_.file.empty()) file_.emplace(options_.file);
  if (!options_.hopsworks.url.empty()) hopsworks_.emplace(options_.hopsworks);
  for (const int64_t project : options_.hopsworks.projects) note_project(project);
  due_ = Clock::now() + options_.refresh;
  const std::lock_guard lock(slow_);
  current_ = std::make_shared<const Catalog>();
  if (file_) file_text_ = file_->changed().value_or("");
  read_documents();
  refresh_rest();
}

CatalogPtr CatalogSource::State::current() const {
  const std::lock_guard lock(fast_);
  return current_;
}

std::string CatalogSource::State::last_error() const {
  const std::lock_guard lock(fast_);
  std::string text;
  for (const auto& [source, message] : errors_) text += (text.empty() ? "" : "; ") + message;
  return text;
}

void CatalogSource::State::note(const std::string& source, const std::string& message) noexcept {
  try {
    const std::lock_guard lock(fast_);
    if (message.empty()) {
      const auto over = errors_.find(source);
      if (over == errors_.end()) return;
      logged_.erase(over->second);
      errors_.erase(over);
      return;
    }
    if (errors_.size() >= kMaxLogged) errors_.clear();
    errors_[source] = message;
    if (logged_.size() >= kMaxLogged) logged_.clear();
    if (logged_.insert(message).second) log(LogLevel::Warn, kLogger, message);
  } catch (...) {  // out of memory: it is noted the next time
  }
}

void CatalogSource::State::read_documents() {
  std::vector<CatalogText> texts;
  if (!options_.inline_json.empty()) texts.push_back({options_.inline_json, kInline});
  if (file_) texts.push_back({file_text_, file_->path()});
  std::vector<std::string> warnings;
  Catalog::Parts parts = parse_catalog(texts, &warnings);
  for (const std::string& warning : warnings) log(LogLevel::Warn, kLogger, warning);
  for (const FeatureGroupPtr& group : parts.groups) note_project(group->project_id);
  LearntGroups learnt = learnt_;
  learn_groups_of_views(parts);
  std::swap(documents_, parts);
  try {
    publish();
  } catch (...) {
    std::swap(documents_, parts);  // the last good ones
    std::swap(learnt_, learnt);
    throw;
  }
  is_stale_ = false;
}

void CatalogSource::State::learn_groups_of_views(const Catalog::Parts& parts) {
  if (!hopsworks_) return;
  std::set<int64_t> wanted;
  for (const FeatureView& view : parts.views) {
    for (const ViewFeature& feature : view.features) wanted.insert(feature.group_id);
  }
  for (const FeastView& view : parts.feast_views) wanted.insert(view.group_id);
  for (const FeatureGroupPtr& group : parts.groups) wanted.erase(group->id);
  for (const int64_t id : wanted) {
    if (!current()->group_ptr(id)) learn_from_rest(id);
  }
}

void CatalogSource::State::learn_from_rest(int64_t group_id) {
  for (const int64_t project : projects_) {
    if (auto found = hopsworks_->group(project, group_id)) {
      add(std::move(found->group), found->answer);
      return;
    }
  }
}

void CatalogSource::State::publish() {
  Catalog::Parts parts = documents_;
  learnt_.add_to(parts.groups);
  const CatalogPtr before = current();
  auto made = std::make_shared<const Catalog>(parts, before.get());
  // Views of REST come in one by one: one that is wrong does not keep the others out.
  std::string problem;
  std::set<std::tuple<std::string, std::string, int32_t>> added;
  for (const auto& [project, views] : views_) {
    for (const FeatureView& view : views) {
      if (made->view(view.database(), view.name, view.version) != nullptr) continue;
      if (parts.views.size() >= kMaxViews) break;
      try {
        check_view(*made, view);
        if (!added.emplace(view.database(), view.name, view.version).second) continue;
        parts.views.push_back(view);
      } catch (const ConfigException& error) {
        problem = error.what();
      }
    }
  }
  if (!added.empty()) made = std::make_shared<const Catalog>(std::move(parts), before.get());
  note("a feature view", problem);
  const std::lock_guard lock(fast_);
  current_ = std::move(made);
  ++generation_;
}

void CatalogSource::State::refresh_file() noexcept {
  if (!file_) return;
  try {
    if (auto text = file_->changed()) {
      file_text_ = *std::move(text);
      is_stale_ = true;
    }
    if (is_stale_) {
      is_refused_ = true;
      is_stale_ = hopsworks_.has_value();  // what views refer to may be there the next time
      read_documents();
      is_refused_ = false;
    }
    if (!is_refused_) note(kFile, "");
  } catch (const std::exception& error) {
    note(kFile, fmt::format("{}; what was read before stays", error.what()));
  }
}

void CatalogSource::State::refresh_rest() noexcept {
  if (!hopsworks_) return;
  try {
    LearntGroups before = learnt_;
    bool changed = false;
    std::string trouble;
    try {
      ask_learnt(changed);
      if (options_.hopsworks.feature_views) refresh_views(changed);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    try {
      if (changed) publish();
    } catch (const ConfigException& error) {
      learnt_ = std::move(before);
      trouble = error.what();
    }
    note(kRest, trouble);
  } catch (const std::exception& error) {
    note(kRest, error.what());
  }
}

void CatalogSource::State::ask_learnt(bool& changed) {
  for (const LearntGroups::Learnt& learnt : learnt_.next_of_rest(kMaxAsked)) {
    const std::string source = fmt::format("group {}", learnt.group->id);
    try {
      ask_again(learnt, changed);
      note(source, "");
    } catch (const ConfigException& error) {  // this one alone
      note(source, error.what());
    }
  }
}

void CatalogSource::State::ask_again(const LearntGroups::Learnt& learnt, bool& changed) {
  const FeatureGroup& group = *learnt.group;
  bool gone = false;
  auto found = hopsworks_->known_group(group.project_id, group.id, gone);
  if (!found) {
    if (!gone || group.deleted) return;
    learnt_.mark_deleted(group.id);
    changed = true;
    return;
  }
  const bool is_same = learnt.answer == found->answer;
  if (is_same && !group.deleted) return;
  const FeatureGroupPtr now = add(std::move(found->group), found->answer);
  changed = changed || !is_same || now->deleted != group.deleted;
}

void CatalogSource::State::refresh_views(bool& changed) {
  std::vector<std::string> problems;
  for (const int64_t project : projects_) {
    std::vector<FeatureView> views = hopsworks_->views(project, problems);
    learn_groups_of(project, views, changed);
    if (views_[project] == views) continue;
    views_[project] = std::move(views);
    changed = true;
  }
  note(kViews, problems.empty() ? "" : problems.front());
}

void CatalogSource::State::learn_groups_of(int64_t project_id,
                                           const std::vector<FeatureView>& views, bool& changed) {
  std::set<int64_t> wanted;
  for (const FeatureView& view : views) {
    for (const ViewFeature& feature : view.features) wanted.insert(feature.group_id);
  }
  const CatalogPtr known = current();
  size_t asked = 0;
  for (const int64_t id : wanted) {
    if (known->group(id) != nullptr || is_missing(id)) continue;
    if (asked++ == kMaxAsked) return;  // the others come with the next refresh
    if (auto found = hopsworks_->group(project_id, id)) {
      add(std::move(found->group), found->answer);
      changed = true;
    } else {
      remember_missing(id);
    }
  }
}

bool CatalogSource::State::refresh_if_due() {
  const std::unique_lock lock(slow_, std::try_to_lock);
  if (!lock || Clock::now() < due_) return false;
  due_ = Clock::now() + options_.refresh;
  const uint64_t before = generation();
  refresh_file();
  refresh_rest();
  return generation() != before;
}

}  // namespace millrace::feature_store
