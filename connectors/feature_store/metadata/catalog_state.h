#pragma once
// What CatalogSource keeps: documents, groups learnt from elsewhere, and the catalog they make.

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/metadata/hopsworks_client.h"
#include "connectors/feature_store/metadata/learnt_groups.h"
#include "connectors/feature_store/metadata/watched_file.h"

namespace millrace::feature_store {

class CatalogSource::State {
 public:
  explicit State(CatalogOptions options);

  CatalogPtr current() const;
  uint64_t generation() const noexcept { return generation_.load(); }
  FeatureGroupPtr find(const GroupHints& hints);
  bool refresh_if_due();
  std::string last_error() const;

 private:
  using Clock = std::chrono::steady_clock;

  // All of these with slow_.
  void read_documents();
  void learn_groups_of_views(const Catalog::Parts& parts);
  void learn_from_rest(int64_t group_id);
  void refresh_file() noexcept;
  void refresh_rest() noexcept;
  /// These set `changed` as soon as there is something to publish; what throws then takes nothing
  /// back.
  void ask_learnt(bool& changed);
  void ask_again(const LearntGroups::Learnt& learnt, bool& changed);
  void refresh_views(bool& changed);
  void learn_groups_of(int64_t project_id, const std::vector<FeatureView>& views, bool& changed);
  void publish();
  FeatureGroupPtr ask(const GroupHints& hints, bool may_ask);
  FeatureGroupPtr learn(FeatureGroup group, std::optional<size_t> answer);
  FeatureGroupPtr add(FeatureGroup group, std::optional<size_t> answer);
  bool is_missing(int64_t id);
  void remember_missing(int64_t id);
  void note_project(int64_t project_id);

  /// Keeps `message` for last_error() and logs it unless it was logged; empty: the trouble is over.
  void note(const std::string& source, const std::string& message) noexcept;

  const CatalogOptions options_;
  std::mutex slow_;  // held while sources are asked, which blocks
  std::optional<WatchedFile> file_;
  std::string file_text_;    // as read last; it may be wrong
  bool is_stale_ = true;     // documents_ are not made of file_text_, and may be
  bool is_refused_ = false;  // file_text_ is wrong
  std::optional<HopsworksClient> hopsworks_;
  std::set<int64_t> projects_;
  Catalog::Parts documents_;
  LearntGroups learnt_;
  std::map<int64_t, std::vector<FeatureView>> views_;       // of REST, by project
  std::unordered_map<int64_t, Clock::time_point> missing_;  // until when
  Clock::time_point due_;

  mutable std::mutex fast_;
  CatalogPtr current_;
  std::map<std::string, std::string> errors_;  // by source
  std::set<std::string> logged_;
  std::atomic<uint64_t> generation_ = 0;
};

}  // namespace millrace::feature_store
