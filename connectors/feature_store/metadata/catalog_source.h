#pragma once
// Where feature groups and views come from (feature-store-sink.md §7): inline configuration, a
// watched file, attributes of Avro records, a Hopsworks REST endpoint.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/http/http_client.h"
#include "millrace/config_def.h"

namespace millrace::feature_store {

/// What becomes of a record whose group no source knows.
enum class UnknownGroups : uint8_t {
  None,    // it fails (METADATA)
  Schema,  // a group is made of the record's schema and `default_primary_key`
};

struct HopsworksOptions {
  std::string url = {};  // `https://host/hopsworks-api/api`; empty: not asked
  std::optional<Password> api_key = {};
  std::string ca_file = {};
  std::chrono::milliseconds timeout{5'000};  // of one request
  /// Projects that are asked for groups that documents only refer to, and for views. Those of
  /// records and of groups in documents are added.
  std::vector<int64_t> projects = {};
  bool feature_views = false;  // take them from there, too
};

struct CatalogOptions {
  std::string inline_json = {};
  std::string file =
      {};  // reloaded when it changes; a file that cannot be read keeps the last good state
  HopsworksOptions hopsworks = {};
  std::chrono::milliseconds refresh{10'000};
  UnknownGroups unknown = UnknownGroups::None;
  std::vector<std::string> default_primary_key = {};
  /// A group that was not found is looked for again after this time at the earliest.
  std::chrono::milliseconds not_found_for{2'000};
};

/// What a record says of its group.
struct GroupHints {
  int64_t project_id = 0;
  int64_t group_id = 0;
  std::string topic = {};
  avro::SchemaPtr schema = {};  // registered; null: not known yet
  int64_t schema_id = 0;
};

/// Thread-safe. Catalogs are handed out whole; each is immutable.
///
/// Of two sources that know a group, the first counts: inline, file, attributes of records, REST. A
/// group that records or REST told is kept for as long as no document has its id or its name. One
/// that REST knows no more stays in the catalog as `deleted`, and so does the older of two groups
/// of REST with one name. Records alone make no group deleted.
class CatalogSource {
 public:
  static constexpr size_t kMaxFound = 10'000;    // groups learnt from records and REST
  static constexpr size_t kMaxAsked = 50;        // groups looked at again in one refresh, in turn
  static constexpr size_t kMaxMissing = 10'000;  // ids remembered as not found
  static constexpr size_t kMaxLogged = 1'000;    // troubles that are not logged a second time

  /// Reads all sources that need no record. Throws ConfigException for documents that are wrong,
  /// and RetriableException for an endpoint that does not answer when documents refer to its
  /// groups.
  explicit CatalogSource(CatalogOptions options);
  ~CatalogSource();

  CatalogPtr current() const;
  /// Grows with every change of current().
  uint64_t generation() const noexcept;
  /// The group of a record, `deleted` or not: from the catalog, else refreshed once, from the
  /// schema's attributes (`primaryKey`, `eventTime`, `ttlSeconds`), from REST, by the policy. Null:
  /// there is none; why, if there is more to say, is in last_error(). Without `hints.schema` only
  /// what needs no schema is asked. Throws RetriableException when a source that may know it does
  /// not answer, and ConnectException when it refuses us. Blocks.
  FeatureGroupPtr find(const GroupHints& hints);
  /// Looks whether the file or the endpoint has something new; at most every `refresh`, and not
  /// while another thread does. True: the catalog is another one. Never throws for a source: errors
  /// are logged once and kept for last_error().
  bool refresh_if_due();
  /// What is wrong with sources now; empty: nothing.
  std::string last_error() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::feature_store
