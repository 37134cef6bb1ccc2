#include "connectors/feature_store/serving/server.h"

#include "connectors/feature_store/serving/acceptor.h"
#include "connectors/feature_store/serving/rocks_source.h"
#include "millrace/log.h"

namespace millrace::feature_store {

struct Server::Impl {
  ServingParts parts;
  std::atomic<size_t> pending_body_bytes{0};
  ServingThreads threads;
  std::shared_ptr<Acceptor> rondb = {};
  std::shared_ptr<Acceptor> feast = {};

  std::shared_ptr<Acceptor> listen(PortKind kind, const ServingOptions& options, int32_t port) {
    if (port == kPortOff) return nullptr;
    return std::make_shared<Acceptor>(threads, kind, options.bind, port,
                                      static_cast<size_t>(std::max(options.max_connections, 1)));
  }
};

Server::Server(ServingOptions options, std::shared_ptr<RocksDatabase> database, CatalogOf catalog)
    : Server(options, std::make_shared<RocksSource>(std::move(database)), std::move(catalog)) {}

Server::Server(ServingOptions options, std::shared_ptr<RowSource> rows, CatalogOf catalog)
    : impl_(std::make_unique<Impl>()) {
  ServingParts& parts = impl_->parts;
  parts.rows = std::move(rows);
  parts.catalog = std::move(catalog);
  parts.keys = std::make_shared<ApiKeys>(options.api_keys_file);
  if (!options.checkpoint_folder.empty()) {
    parts.checkpoints = std::make_shared<Checkpoints>(parts.rows, options.checkpoint_folder);
  }
  parts.limits.max_operations = options.max_operations;
  parts.limits.max_entries = options.max_entries;
  parts.limits.deadline = options.deadline;
  parts.limits.max_wait = options.max_wait;
  const SessionLimits limits{options.max_body_bytes, options.idle, options.transfer};
  for (int32_t i = 0; i < std::max(options.threads, 1); ++i) {
    impl_->threads.push_back(
        std::make_unique<ServingThread>(parts, limits, impl_->pending_body_bytes));
  }
  impl_->rondb = impl_->listen(PortKind::Rondb, options, options.rondb_port);
  impl_->feast = impl_->listen(PortKind::Feast, options, options.feast_port);
  for (const auto& port : {impl_->rondb, impl_->feast}) {
    if (!port || !port->is_public() || parts.keys->are_asked_for()) continue;
    log(LogLevel::Warn, "millrace.feature_store.Serving",
        "Lookups on " + options.bind +
            " are open to whoever can connect: set 'serving.api.keys.file'");
  }
  if (impl_->rondb) impl_->rondb->start();
  if (impl_->feast) impl_->feast->start();
}

Server::~Server() {
  if (impl_->rondb) impl_->rondb->stop();
  if (impl_->feast) impl_->feast->stop();
  // The first thread accepts, so it ends last.
  for (auto& thread : impl_->threads) thread->stop();
  while (impl_->threads.size() > 1) impl_->threads.pop_back();
}

uint16_t Server::rondb_port() const noexcept {
  return impl_->rondb ? impl_->rondb->port() : uint16_t{0};
}
uint16_t Server::feast_port() const noexcept {
  return impl_->feast ? impl_->feast->port() : uint16_t{0};
}

std::vector<TaskMetric> Server::metrics() const {
  std::vector<const LookupStats*> stats;
  for (const auto& thread : impl_->threads) stats.push_back(&thread->stats());
  return LookupStats::metrics(stats, impl_->parts.rows->ttl_filtered());
}

size_t Server::connections() const noexcept {
  size_t count = 0;
  for (const auto& thread : impl_->threads) count += thread->connections();
  return count;
}

}  // namespace millrace::feature_store
