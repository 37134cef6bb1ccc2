#include "runtime/worker/connector_offsets.h"

#include <future>

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/storage/connector_offset_store.h"
#include "runtime/storage/internal_topics.h"
#include "runtime/storage/topic_offset_store.h"

namespace millrace {
namespace {

constexpr Millis kStopCheck{100};

/// Runs `call` on the control thread, and waits for it; false: it has not come to it in time.
bool run_on(Executor& control, std::function<void()> call, Millis limit) {
  const auto ran = std::make_shared<std::promise<void>>();
  auto done = ran->get_future();
  control.post([ran, call = std::move(call)] {
    call();
    ran->set_value();
  });
  return done.wait_for(limit) == std::future_status::ready;
}

}  // namespace

struct ConnectorOffsets::Own {
  Own(WorkerServices& services, const ConnectorTaskId& id, const Properties& connector)
      : log(make_connector_offsets_log(services.control, services.broker, services.worker_config,
                                       id, connector)),
        store(services.control, *log),
        both(store, services.offsets) {}

  std::unique_ptr<BrokerTopicLog> log;
  TopicOffsetStore store;
  ConnectorOffsetStore both;
};

ConnectorOffsets::ConnectorOffsets(WorkerServices& services, const ConnectorTaskId& id,
                                   const Properties& connector, const std::stop_token& stop)
    : services_(services), connector_(id.connector) {
  if (!services.connector_offset_topics ||
      connector_offsets_topic(services.worker_config, id, connector).empty()) {
    return;
  }
  own_ = std::make_shared<Own>(services, id, connector);
  try {
    open(stop);
  } catch (...) {
    close();
    std::throw_with_nested(ConnectException("reading the offsets of connector " + connector_ +
                                            " from its own topic (offsets.storage.topic)"));
  }
}

ConnectorOffsets::~ConnectorOffsets() {
  if (own_) close();
}

OffsetStore& ConnectorOffsets::store() const noexcept {
  return own_ ? static_cast<OffsetStore&>(own_->both) : services_.offsets;
}

void ConnectorOffsets::abandon_writes() noexcept {
  if (own_) own_->store.abandon_writes();
}

void ConnectorOffsets::open(const std::stop_token& stop) {
  const auto read = std::make_shared<std::promise<void>>();
  auto done = read->get_future();
  services_.control.post([own = own_, read] {
    own->store.open([read](const Outcome<Done>& outcome) {
      outcome.ok() ? read->set_value() : read->set_exception(outcome.error());
    });
  });
  const auto deadline = std::chrono::steady_clock::now() + kOpenLimit;
  while (done.wait_for(kStopCheck) != std::future_status::ready) {
    if (stop.stop_requested()) throw ConnectException("the task is stopping");
    if (std::chrono::steady_clock::now() >= deadline) {
      throw TimeoutException("no answer within " + std::to_string(kOpenLimit.count()) + " minutes");
    }
  }
  done.get();
}

// What is open is answered by the control thread after stop(), in the order of posting; then nobody
// but callbacks of the worker's store may refer to these parts, and those keep them.
void ConnectorOffsets::close() noexcept {
  const auto stop = [own = own_] {
    own->store.stop();
    own->log->stop();
  };
  if (!run_on(services_.control, stop, kCloseLimit) ||
      !run_on(services_.control, [] {}, kCloseLimit)) {
    logging::get("org.apache.kafka.connect.runtime.Worker")
        .error("The offset topic of connector {} could not be closed in time", connector_);
  }
  own_.reset();
}

}  // namespace millrace
