#pragma once
// What a herder that shares its connectors with other workers offers besides: requests between
// workers (connect-rest-api.md §3.12) and what the whole cluster is told.
//
// An operation that another worker must do fails with ForwardException: REST asks that worker, and
// answers 409 when the request has been passed on twice or no URL is known.

#include <string>
#include <vector>

#include "runtime/herder/herder.h"
#include "runtime/storage/config_snapshot.h"

namespace millrace {

class ClusterHerder : public Herder {
 public:
  /// Whether requests between workers must be signed now: the group speaks `sessioned`.
  virtual bool requires_signatures() const = 0;
  /// Key of the cluster; null until one was read.
  virtual const SessionKey* session_key() const = 0;

  /// `POST /connectors/{name}/tasks`, its signature checked: task configurations made by the owner
  /// of the connector, stored by the leader. ForwardException, 404, 400 for a stopped connector.
  virtual void put_task_configs(const std::string& name, std::vector<Properties> configs,
                                Callback<Done> done) = 0;
  /// `PUT /connectors/{name}/fence`, its signature checked: older tasks of an exactly-once source
  /// can write no more. ForwardException, 404, 400, 409.
  virtual void fence_zombies(const std::string& name, Callback<Done> done) = 0;
  /// `PUT /admin/loggers/{logger}?scope=cluster`: every running worker sets the level.
  virtual void set_cluster_logger_level(const std::string& logger, const std::string& level,
                                        Callback<Done> done) = 0;
};

}  // namespace millrace
